// Preloaded into a program, it gives the entries of every folder in another order: each seed of SHUFFLE_SEED has its own. With
// SHUFFLE_LOG, each folder that was shuffled adds a byte to that file, so that a test can tell that it was in effect.
#include <dlfcn.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <vector>

namespace {

struct Folder {
    std::vector<dirent> entries;
    std::size_t next = 0;
};

std::mutex& mutex() {
    static auto* const one = new std::mutex;  // outlives what runs at exit
    return *one;
}

std::map<DIR*, Folder>& folders() {
    static auto* const all = new std::map<DIR*, Folder>;
    return *all;
}

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

Folder read_shuffled(DIR* stream) {
    static auto* const read = real<dirent*(DIR*)>("readdir");
    Folder folder;
    while (const dirent* entry = read(stream))
        folder.entries.push_back(*entry);
    const char* seed = ::getenv("SHUFFLE_SEED");
    std::mt19937 random{static_cast<std::uint32_t>(seed == nullptr ? 0 : std::atoi(seed))};
    std::ranges::shuffle(folder.entries, random);
    if (const char* log = ::getenv("SHUFFLE_LOG"); log != nullptr && folder.entries.size() > 3) {
        const int fd = ::open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (fd >= 0 && ::write(fd, ".", 1) == 1) ::close(fd);
    }
    return folder;
}

}  // namespace

extern "C" dirent* readdir(DIR* stream) {
    const std::lock_guard lock{mutex()};
    auto found = folders().find(stream);
    if (found == folders().end()) found = folders().emplace(stream, read_shuffled(stream)).first;
    Folder& folder = found->second;
    return folder.next < folder.entries.size() ? &folder.entries[folder.next++] : nullptr;
}

extern "C" dirent64* readdir64(DIR* stream) {
    return reinterpret_cast<dirent64*>(readdir(stream));
}

extern "C" int closedir(DIR* stream) {
    static auto* const close = real<int(DIR*)>("closedir");
    {
        const std::lock_guard lock{mutex()};
        folders().erase(stream);
    }
    return close(stream);
}

extern "C" void rewinddir(DIR* stream) {
    static auto* const rewind = real<void(DIR*)>("rewinddir");
    {
        const std::lock_guard lock{mutex()};
        folders().erase(stream);
    }
    rewind(stream);
}
