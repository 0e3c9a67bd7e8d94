#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace nacre::archive {

/// The keywords of a pax header; a later record replaces an earlier one, an empty value removes it.
using PaxRecords = std::map<std::string, std::string, std::less<>>;

/// Adds the records of the bytes of one pax header. Throws Error{DataCorrupt}. GNU's sparse 0.0 format repeats
/// keywords: "GNU.sparse.offset" and "GNU.sparse.numbytes" are collected, joined by commas, in "GNU.sparse.map".
void parse_pax_records(std::string_view text, PaxRecords& records);

}  // namespace nacre::archive
