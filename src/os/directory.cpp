#include "os/directory.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

#include <fcntl.h>

#include <cerrno>
#include <string_view>

namespace nacre::os {

Directory::Directory(UniqueFd fd, std::filesystem::path path)
    : path_{std::move(path)},
      stream_{::fdopendir(fd.get())} {
    if (!stream_) throw SystemError{errno, "cannot read folder " + quoted(path_.string())};
    static_cast<void>(fd.release());
}

Directory Directory::open(const std::filesystem::path& path) {
    return Directory{open_file(path, O_RDONLY | O_DIRECTORY), path};
}

std::optional<Directory::Entry> Directory::next() {
    for (;;) {
        errno = 0;
        // One thread uses the stream, and glibc's readdir() is safe for different streams.
        const dirent* entry = ::readdir(stream_.get());  // NOLINT(concurrency-mt-unsafe)
        if (entry == nullptr) {
            if (errno == 0) return std::nullopt;
            throw SystemError{errno, "cannot read folder " + quoted(path_.string())};
        }
        const std::string_view name{entry->d_name};
        if (name != "." && name != "..") return Entry{std::string{name}, entry->d_type};
    }
}

void Directory::rewind() noexcept {
    ::rewinddir(stream_.get());
}

int Directory::fd() const noexcept {
    return ::dirfd(stream_.get());
}

}  // namespace nacre::os
