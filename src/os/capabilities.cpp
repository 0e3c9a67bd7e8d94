#include "os/capabilities.hpp"

#include "base/text.hpp"
#include "os/file.hpp"

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace nacre::os {
namespace {

constexpr std::size_t kProcFileBytesMax = 4U << 20U;
/// Those with which a container is limited.
constexpr std::array<std::string_view, 5> kControllers = {"cpu", "cpuset", "io", "memory", "pids"};

int octal_digit(char c) noexcept {
    return c >= '0' && c <= '7' ? c - '0' : -1;
}

/// Blanks, tabs, line feeds and backslashes are written as three octal digits.
std::string unescape(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool escaped = text[at] == '\\' && at + 3 < text.size()
                             && octal_digit(text[at + 1]) >= 0 && octal_digit(text[at + 2]) >= 0
                             && octal_digit(text[at + 3]) >= 0;
        if (!escaped) {
            result += text[at];
            continue;
        }
        result += static_cast<char>(
            octal_digit(text[at + 1]) * 64 + octal_digit(text[at + 2]) * 8
            + octal_digit(text[at + 3]));
        at += 3;
    }
    return result;
}

bool is_set(std::uint64_t capabilities, unsigned capability) noexcept {
    return ((capabilities >> capability) & 1U) != 0;
}

std::string read_text(const std::filesystem::path& path) {
    try {
        return find_file(path, kProcFileBytesMax).value_or("");
    } catch (const std::exception&) {
        return "";
    }
}

const MountEntry* find_unified(const std::vector<MountEntry>& mounts) noexcept {
    const auto found = std::ranges::find(mounts, "cgroup2", &MountEntry::type);
    return found == mounts.end() ? nullptr : &*found;
}

/// This process's folder in the version 2 tree.
std::filesystem::path own_unified_folder(const MountEntry& mount) {
    for (const std::string& line : split(read_text("/proc/self/cgroup"), '\n'))
        if (line.starts_with("0::/")) return mount.mount_point + line.substr(3);
    return mount.mount_point;
}

}  // namespace

std::string_view to_string(CgroupMode mode) noexcept {
    switch (mode) {
        case CgroupMode::None:
            return "none";
        case CgroupMode::Legacy:
            return "version 1";
        case CgroupMode::Hybrid:
            return "hybrid";
        case CgroupMode::Unified:
            return "version 2";
    }
    return "unknown";
}

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
    constexpr std::size_t kMountPointField = 4;
    constexpr std::size_t kFirstOptionalField = 6;
    std::vector<MountEntry> mounts;
    for (const std::string& line : split(text, '\n')) {
        const std::vector<std::string> fields = split(line, ' ');
        if (fields.size() <= kFirstOptionalField) continue;
        const auto dash = std::find(fields.begin() + kFirstOptionalField, fields.end(), "-");
        if (fields.end() - dash < 4) continue;
        mounts.push_back(
            {.mount_point = unescape(fields[kMountPointField]),
             .type = dash[1],
             .super_options = split(dash[3], ',')});
    }
    return mounts;
}

std::optional<std::uint64_t> parse_effective_capabilities(std::string_view status) {
    constexpr std::string_view kName = "CapEff:";
    for (const std::string& line : split(status, '\n')) {
        if (!line.starts_with(kName)) continue;
        const std::string_view digits = trim(std::string_view{line}.substr(kName.size()));
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        return value;
    }
    return std::nullopt;
}

CgroupMode cgroup_mode(const std::vector<MountEntry>& mounts) {
    const bool unified = find_unified(mounts) != nullptr;
    const bool legacy = !legacy_controllers(mounts).empty();
    if (unified) return legacy ? CgroupMode::Hybrid : CgroupMode::Unified;
    return legacy ? CgroupMode::Legacy : CgroupMode::None;
}

std::vector<std::string> legacy_controllers(const std::vector<MountEntry>& mounts) {
    std::vector<std::string> found;
    for (const std::string_view controller : kControllers)
        for (const MountEntry& mount : mounts)
            if (mount.type == "cgroup"
                && std::ranges::find(mount.super_options, controller)
                       != mount.super_options.end()) {
                found.emplace_back(controller);
                break;
            }
    return found;
}

bool Capabilities::has_controller(std::string_view name) const noexcept {
    return std::ranges::find(cgroup_controllers, name) != cgroup_controllers.end();
}

Capabilities read_capabilities() {
    const std::uint64_t effective =
        parse_effective_capabilities(read_text("/proc/self/status")).value_or(0);
    const std::vector<MountEntry> mounts = parse_mountinfo(read_text("/proc/self/mountinfo"));
    Capabilities result{
        .sys_admin = is_set(effective, CAP_SYS_ADMIN),
        .sys_resource = is_set(effective, CAP_SYS_RESOURCE),
        .cgroup_mode = cgroup_mode(mounts)};
    if (result.cgroup_mode == CgroupMode::Unified) {
        const std::filesystem::path folder = own_unified_folder(*find_unified(mounts));
        if (::access(folder.c_str(), W_OK) == 0)
            result.cgroup_controllers = split_words(read_text(folder / "cgroup.controllers"));
        return result;
    }
    for (const std::string& controller : legacy_controllers(mounts))
        for (const MountEntry& mount : mounts)
            if (mount.type == "cgroup"
                && std::ranges::find(mount.super_options, controller) != mount.super_options.end()
                && ::access(mount.mount_point.c_str(), W_OK) == 0) {
                result.cgroup_controllers.push_back(controller);
                break;
            }
    return result;
}

std::string describe(const Capabilities& capabilities) {
    const auto has = [](bool present) { return present ? "has " : "no "; };
    std::string text = std::string{has(capabilities.sys_admin)} + "CAP_SYS_ADMIN, "
                       + has(capabilities.sys_resource) + "CAP_SYS_RESOURCE; cgroups: "
                       + std::string{to_string(capabilities.cgroup_mode)};
    if (capabilities.cgroup_mode == CgroupMode::None) return text;
    const std::string controllers = join(capabilities.cgroup_controllers, ", ");
    return text + " (" + (controllers.empty() ? "no controller usable" : controllers) + ")";
}

}  // namespace nacre::os
