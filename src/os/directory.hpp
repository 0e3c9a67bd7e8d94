#pragma once

#include "os/unique_fd.hpp"

#include <dirent.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace nacre::os {

/// Reads the names in a folder, without "." and "..", in the order of the file system. One thread.
class Directory {
public:
    struct Entry {
        std::string name;
        unsigned char type = DT_UNKNOWN;  ///< DT_REG, DT_DIR, ...; DT_UNKNOWN where it is not known
    };

    /// `path` is how messages name it. Throws SystemError when `fd` is no folder.
    Directory(UniqueFd fd, std::filesystem::path path);

    /// Throws SystemError when it cannot be opened; follows links.
    static Directory open(const std::filesystem::path& path);

    /// Nothing at the end. Throws SystemError.
    std::optional<Entry> next();
    void rewind() noexcept;

    int fd() const noexcept;

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    struct Closer {
        void operator()(DIR* stream) const noexcept { ::closedir(stream); }
    };

    std::filesystem::path path_;
    std::unique_ptr<DIR, Closer> stream_;
};

}  // namespace nacre::os
