#include "source/file_digests.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "os/file.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace nacre::source {
namespace {

/// To be changed with the form of the entries.
constexpr std::string_view kMagic = "nacre file digests 1\n";
constexpr std::string_view kPrefix = "sha256:";
constexpr std::size_t kHexDigits = 64;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::int64_t nanoseconds_of(const timespec& time) noexcept {
    return static_cast<std::int64_t>(time.tv_sec) * kNanoseconds + time.tv_nsec;
}

std::optional<std::uint8_t> digit_of(char c) noexcept {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    return std::nullopt;
}

}  // namespace

FileDigests::FileDigests(std::filesystem::path file, const Clock& clock)
    : file_{std::move(file)},
      clock_{clock} {
    read();
}

FileDigests::Key FileDigests::key_of(const struct stat& status) noexcept {
    return {
        status.st_dev,
        status.st_ino,
        static_cast<std::uint64_t>(status.st_size),
        nanoseconds_of(status.st_mtim),
        nanoseconds_of(status.st_ctim)};
}

void FileDigests::read() {
    constexpr std::size_t kBytesMax = kMagic.size() + kEntriesMax * sizeof(Entry);
    std::optional<std::string> text;
    try {
        text = os::find_file(file_, kBytesMax);
    } catch (const Error&) {
        return;  // what cannot be read is made again
    }
    if (!text || !text->starts_with(kMagic)) return;
    const std::string_view entries = std::string_view{*text}.substr(kMagic.size());
    if (entries.size() % sizeof(Entry) != 0) return;
    known_.resize(entries.size() / sizeof(Entry));
    if (!known_.empty()) std::memcpy(known_.data(), entries.data(), entries.size());
    if (!std::ranges::is_sorted(known_, {}, &Entry::key)) known_.clear();
}

const FileDigests::Entry* FileDigests::find_known(const Key& key) const noexcept {
    const auto found = std::ranges::lower_bound(known_, key, {}, &Entry::key);
    return found != known_.end() && found->key == key ? &*found : nullptr;
}

std::optional<std::string> FileDigests::find(const struct stat& status) const {
    const Entry* entry = find_known(key_of(status));
    if (entry == nullptr) return std::nullopt;
    return std::string{kPrefix} + to_hex(std::as_bytes(std::span{entry->sha256}));
}

void FileDigests::keep(const struct stat& status, std::string_view content_key) {
    const Key key = key_of(status);
    const WallTime changed{std::chrono::duration_cast<WallTime::duration>(
        std::chrono::nanoseconds{std::max(key.mtime, key.ctime)})};
    if (clock_.wall_now() - changed < kSettleTime) return;
    if (!content_key.starts_with(kPrefix) || content_key.size() != kPrefix.size() + kHexDigits)
        return;
    Sha256 sha256{};
    for (std::size_t i = 0; i < sha256.size(); ++i) {
        const auto high = digit_of(content_key[kPrefix.size() + 2 * i]);
        const auto low = digit_of(content_key[kPrefix.size() + 2 * i + 1]);
        if (!high || !low) return;
        sha256[i] = static_cast<std::uint8_t>(*high * 16 + *low);
    }
    auto added = new_.lock();
    if (added->size() < kEntriesMax) added->insert_or_assign(key, sha256);
}

void FileDigests::save() const {
    std::vector<Entry> all;
    {
        auto added = new_.lock();
        if (added->empty()) return;
        for (const auto& [key, sha256] : *added)
            all.push_back({key, sha256});
    }
    const std::size_t room = kEntriesMax - std::min(all.size(), kEntriesMax);
    all.insert(
        all.end(),
        known_.begin(),
        known_.begin() + static_cast<std::ptrdiff_t>(std::min(room, known_.size())));
    std::ranges::sort(all, {}, &Entry::key);
    std::string text{kMagic};
    text.append(as_text(std::as_bytes(std::span{all})));
    os::ensure_directory(file_.parent_path());
    os::write_file_atomically(file_, text, os::Durability::Buffered);
}

}  // namespace nacre::source
