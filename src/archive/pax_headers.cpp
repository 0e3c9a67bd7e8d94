#include "archive/pax_headers.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::archive {
namespace {

constexpr std::string_view kSparseOffset = "GNU.sparse.offset";
constexpr std::string_view kSparseBytes = "GNU.sparse.numbytes";
constexpr std::string_view kSparseMap = "GNU.sparse.map";

[[noreturn]] void throw_damaged(std::string_view reason) {
    throw Error{ErrorCode::DataCorrupt, "damaged pax header: " + std::string{reason}};
}

/// Takes "LENGTH KEYWORD=VALUE\n" off the front of `text`; returns "KEYWORD=VALUE".
std::string_view take_record(std::string_view& text) {
    constexpr std::size_t kDigitsMax = 10;
    const std::size_t blank = text.substr(0, kDigitsMax + 1).find(' ');
    if (blank == std::string_view::npos) throw_damaged("a record has no length");
    const auto length = parse_integer(text.substr(0, blank));
    if (!length || *length < 0 || static_cast<std::size_t>(*length) > text.size()
        || static_cast<std::size_t>(*length) < blank + 3)
        throw_damaged("a record has the length " + quoted(text.substr(0, blank)));
    const std::string_view record = text.substr(0, static_cast<std::size_t>(*length));
    if (!record.ends_with('\n')) throw_damaged("a record does not end in a line feed");
    text.remove_prefix(record.size());
    return record.substr(blank + 1, record.size() - blank - 2);
}

bool may_have_nul(std::string_view keyword) noexcept {
    return keyword.starts_with("SCHILY.xattr.");
}

}  // namespace

void parse_pax_records(std::string_view text, PaxRecords& records) {
    while (!text.empty()) {
        const std::string_view record = take_record(text);
        const std::size_t equals = record.find('=');
        if (equals == std::string_view::npos || equals == 0) throw_damaged("a record has no name");
        const std::string keyword{record.substr(0, equals)};
        const std::string_view value = record.substr(equals + 1);
        if (keyword.find('\0') != std::string::npos
            || (value.find('\0') != std::string_view::npos && !may_have_nul(keyword)))
            throw_damaged("the value of " + quoted(keyword) + " has a NUL character");
        if (keyword == kSparseOffset || keyword == kSparseBytes) {
            std::string& map = records[std::string{kSparseMap}];
            if (!map.empty()) map += ',';
            map += value;
        } else if (value.empty() && !may_have_nul(keyword)) {
            records.erase(keyword);
        } else {
            records.insert_or_assign(keyword, std::string{value});
        }
    }
}

}  // namespace nacre::archive
