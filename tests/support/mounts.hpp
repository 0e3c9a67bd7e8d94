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

/// The folders below all cgroup file systems whose name starts with `prefix`.
inline std::vector<std::string> cgroups_with(const std::string& prefix) {
    std::vector<std::string> found;
    std::ifstream mounts{"/proc/self/mounts"};
    for (std::string device, folder, type, rest; mounts >> device >> folder >> type;) {
        std::getline(mounts, rest);
        if (type != "cgroup" && type != "cgroup2") continue;
        std::error_code ignored;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{
                 folder, std::filesystem::directory_options::skip_permission_denied, ignored})
            if (entry.path().filename().string().starts_with(prefix) && entry.is_directory())
                found.push_back(entry.path().string());
    }
    return found;
}

}  // namespace nacre::test
