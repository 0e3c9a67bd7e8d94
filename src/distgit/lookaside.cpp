#include "distgit/lookaside.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::distgit {
namespace {

constexpr std::size_t kFileNameBytesMax = 255;

bool is_file_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kFileNameBytesMax && text.front() != '.'
           && std::ranges::all_of(text, [](char c) {
                  const auto byte = static_cast<unsigned char>(c);
                  return byte > 0x20 && byte != 0x7f && c != '/' && c != '\\';
              });
}

std::size_t digits_of(LookasideHash hash) noexcept {
    return hash == LookasideHash::Md5 ? 32 : 128;
}

}  // namespace

std::string_view to_string(LookasideHash hash) noexcept {
    return hash == LookasideHash::Md5 ? "md5" : "sha512";
}

std::optional<LookasideHash> find_lookaside_hash(std::string_view name) noexcept {
    if (name == "md5") return LookasideHash::Md5;
    if (name == "sha512") return LookasideHash::Sha512;
    return std::nullopt;
}

LookasideFile::LookasideFile(
    RepositoryName repository,
    std::string_view file_name,
    LookasideHash hash,
    std::string_view checksum)
    : repository_{std::move(repository)},
      file_name_{file_name},
      hash_{hash},
      checksum_{checksum} {
    if (!is_file_name(file_name))
        throw Error{
            ErrorCode::InvalidArgument,
            "the file name is " + nacre::quoted(file_name)
                + ", needed is a plain name without blanks, '/' and a '.' in front"};
    const bool is_hex = std::ranges::all_of(
        checksum, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!is_hex || checksum.size() != digits_of(hash))
        throw Error{
            ErrorCode::InvalidArgument,
            "the " + std::string{to_string(hash)} + " checksum is " + nacre::quoted(checksum)
                + ", needed are " + std::to_string(digits_of(hash)) + " lower-case hex digits"};
}

std::string LookasideFile::path() const {
    return repository_.str() + "/" + file_name_ + "/" + std::string{to_string(hash_)} + "/"
           + checksum_ + "/" + file_name_;
}

void require_match(const LookasideFile& file, const std::string& checksum) {
    if (file.hash() != LookasideHash::Sha512)
        throw Error{ErrorCode::Unsupported, "files with an md5 checksum are not taken any more"};
    if (file.checksum() != checksum)
        throw Error{
            ErrorCode::DataCorrupt,
            "the sha512 checksum of " + nacre::quoted(file.file_name()) + " is " + checksum
                + ", needed is " + file.checksum()};
}

}  // namespace nacre::distgit
