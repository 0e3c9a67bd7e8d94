#pragma once

#include "base/clock.hpp"
#include "base/guarded.hpp"

#include <sys/stat.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::source {

/// Remembers what files hold ("sha256:…") by what the kernel says of them, so that a context that did not change is not
/// read again. Who writes to a file changes its ctime, which nobody can set; a file that was changed in the last moments is
/// not remembered, since it may change again within one tick of that clock. Kept in one file, which may be deleted at any
/// time; a damaged one counts as empty. Thread-safe; of several processes that save, the last one wins.
class FileDigests {
public:
    /// Reads `file`. `clock` outlives it.
    FileDigests(std::filesystem::path file, const Clock& clock);

    std::optional<std::string> find(const struct stat& status) const;

    /// `status` is that of before the content was read. Keys of another form than "sha256:" and 64 digits are not kept.
    void keep(const struct stat& status, std::string_view content_key);

    /// Writes what is known if something is new: what was asked for, and the rest up to kEntriesMax. Survives the end of
    /// the process, not a power cut.
    void save() const;

    static constexpr std::size_t kEntriesMax = 1'000'000;
    static constexpr std::chrono::seconds kSettleTime{2};

private:
    struct Key {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        std::int64_t mtime = 0;  ///< nanoseconds
        std::int64_t ctime = 0;

        auto operator<=>(const Key&) const = default;
    };

    using Sha256 = std::array<std::uint8_t, 32>;

    struct Entry {
        Key key;
        Sha256 sha256{};
    };

    static Key key_of(const struct stat& status) noexcept;
    void read();
    const Entry* find_known(const Key& key) const noexcept;

    const std::filesystem::path file_;
    const Clock& clock_;
    std::vector<Entry> known_;  ///< in order; not changed after construction
    mutable Guarded<std::map<Key, Sha256>> new_;
};

}  // namespace nacre::source
