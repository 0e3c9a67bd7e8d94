#include "exec/name_files.hpp"

#include "os/file.hpp"

#include <unistd.h>

#include <algorithm>

namespace nacre::exec {
namespace {

constexpr std::size_t kHostsBytesMax = 16U << 20U;

bool is_mounted(const ContainerSpec& spec, const std::string& target) {
    return std::ranges::count(spec.mounts, target, &BindMount::target) > 0;
}

}  // namespace

std::string hosts_text(const ContainerSpec& spec, const std::string& machine_hosts) {
    std::string text = spec.network == NetworkMode::Host
                           ? machine_hosts
                           : "127.0.0.1\tlocalhost " + spec.hostname
                                 + "\n::1\tlocalhost ip6-localhost ip6-loopback\n";
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    for (const HostEntry& entry : spec.extra_hosts)
        text += entry.address + "\t" + entry.name + "\n";
    return text;
}

void add_name_files(ContainerSpec& spec, const std::filesystem::path& folder) {
    if (!is_mounted(spec, "/etc/hosts")) {
        const std::filesystem::path file = folder / "hosts";
        const std::string ours = spec.network == NetworkMode::Host
                                     ? os::find_file("/etc/hosts", kHostsBytesMax).value_or("")
                                     : "";
        os::write_file_atomically(file, hosts_text(spec, ours), os::Durability::Buffered);
        spec.mounts.push_back({.source = file, .target = "/etc/hosts"});
    }
    const char* const resolver = "/etc/resolv.conf";
    if (spec.network == NetworkMode::Host && !is_mounted(spec, resolver)
        && ::access(resolver, R_OK) == 0)
        spec.mounts.push_back({.source = resolver, .target = resolver});
}

}  // namespace nacre::exec
