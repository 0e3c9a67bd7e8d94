#pragma once

#include "dockerfile/parser.hpp"

#include <string>

namespace nacre::dockerfile {

/// The whole tree and its findings as text, one node a line, for golden files.
std::string dump(const ParseResult& result);

}  // namespace nacre::dockerfile
