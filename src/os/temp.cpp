#include "os/temp.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>

namespace nacre::os {
namespace {

constexpr std::string_view kNamePrefix = "tmp-";
constexpr int kNamesMax = 100000;

void remove_quietly(const std::filesystem::path& path) noexcept {
    if (path.empty()) return;
    try {
        remove_tree(path);
    } catch (const std::exception&) {  // sweep_temporaries() of the next start finds it
        return;
    }
}

/// The process in "tmp-<prefix>-<pid>-<number>".
std::optional<pid_t> owner_of(std::string_view name) {
    if (!name.starts_with(kNamePrefix)) return std::nullopt;
    const auto pieces = split(name, '-');
    if (pieces.size() < 3) return std::nullopt;
    const auto pid = parse_integer(pieces[pieces.size() - 2]);
    if (!pid || *pid <= 0 || *pid > std::numeric_limits<pid_t>::max()) return std::nullopt;
    return static_cast<pid_t>(*pid);
}

bool is_alive(pid_t pid) noexcept {
    return ::kill(pid, 0) == 0 || errno == EPERM;
}

}  // namespace

TempDir::TempDir(const std::filesystem::path& parent, std::string_view prefix) {
    const std::string start =
        std::string{kNamePrefix} + std::string{prefix} + "-" + std::to_string(::getpid()) + "-";
    for (int number = 0; number < kNamesMax; ++number) {
        std::filesystem::path path = parent / (start + std::to_string(number));
        if (::mkdir(path.c_str(), S_IRWXU) == 0) {
            path_ = std::move(path);
            return;
        }
        if (errno != EEXIST)
            throw SystemError{errno, "cannot create folder " + quoted(path.string())};
    }
    throw Error{
        ErrorCode::ResourceExhausted,
        "cannot create a temporary folder in " + quoted(parent.string()) + ": "
            + std::to_string(kNamesMax) + " are there already"};
}

TempDir::TempDir(TempDir&& other) noexcept : path_{other.keep()} {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
    if (this != &other) {
        remove_quietly(path_);
        path_ = other.keep();
    }
    return *this;
}

TempDir::~TempDir() {
    remove_quietly(path_);
}

std::filesystem::path TempDir::keep() noexcept {
    return std::exchange(path_, {});
}

int sweep_temporaries(const std::filesystem::path& parent) {
    std::vector<std::string> names;
    Directory folder = Directory::open(parent);
    while (auto entry = folder.next()) {
        const auto owner = owner_of(entry->name);
        if (owner && !is_alive(*owner)) names.push_back(std::move(entry->name));
    }
    for (const std::string& name : names)
        remove_tree(parent / name);
    return static_cast<int>(names.size());
}

}  // namespace nacre::os
