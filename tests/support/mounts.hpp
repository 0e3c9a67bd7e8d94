#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace nacre::test {

/// The mounts of this process at or below `folder`, as the kernel shows them.
inline std::vector<std::string> mounts_below(const std::filesystem::path& folder) {
    std::vector<std::string> found;
    std::ifstream mounts{"/proc/self/mountinfo"};
    for (std::string line; std::getline(mounts, line);)
        if (line.find(folder.string()) != std::string::npos) found.push_back(line);
    return found;
}

/// The processes that have `text` in their command line.
inline std::vector<std::string> processes_with(const std::string& text) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", ignored}) {
        std::ifstream file{entry.path() / "cmdline"};
        std::string command;
        std::getline(file, command, '\n');
        if (command.find(text) != std::string::npos) found.push_back(command);
    }
    return found;
}

/// Where the first cgroup file system is mounted; empty: nowhere.
inline std::string first_cgroup_root() {
    std::ifstream mounts{"/proc/self/mounts"};
    for (std::string device, folder, type, rest; mounts >> device >> folder >> type;) {
        std::getline(mounts, rest);
        if (type == "cgroup" || type == "cgroup2") return folder;
    }
    return {};
}

/// The folders at any depth of a cgroup file system whose name starts with `prefix`. Others come and go meanwhile: when one
/// does so under the walk, it begins anew.
inline std::vector<std::string> cgroups_below(
    const std::filesystem::path& root, const std::string& prefix) {
    constexpr int kWalksMax = 100;
    using Walk = std::filesystem::recursive_directory_iterator;
    std::error_code failure;
    for (int walk = 0; walk < kWalksMax; ++walk) {
        std::vector<std::string> found;
        failure.clear();
        for (Walk at{root, std::filesystem::directory_options::skip_permission_denied, failure};
             !failure && at != Walk{};
             at.increment(failure))
            if (at->path().filename().string().starts_with(prefix)
                && std::filesystem::is_directory(at->path(), failure))
                found.push_back(at->path().string());
        if (!failure) return found;
    }
    throw std::filesystem::filesystem_error{"cannot walk through cgroups", root, failure};
}

/// Those of all cgroup file systems.
inline std::vector<std::string> cgroups_with(const std::string& prefix) {
    std::vector<std::string> found;
    std::ifstream mounts{"/proc/self/mounts"};
    for (std::string device, folder, type, rest; mounts >> device >> folder >> type;) {
        std::getline(mounts, rest);
        if (type != "cgroup" && type != "cgroup2") continue;
        for (std::string& one : cgroups_below(folder, prefix))
            found.push_back(std::move(one));
    }
    return found;
}

}  // namespace nacre::test
