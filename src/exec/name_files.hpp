#pragma once

#include "exec/executor.hpp"

#include <filesystem>
#include <string>

namespace nacre::exec {

/// The content of /etc/hosts for a container with a network of its own, or, when it shares the machine's network,
/// `machine_hosts` with the extra entries behind it.
std::string hosts_text(const ContainerSpec& spec, const std::string& machine_hosts);

/// Mounts what names are looked up in: /etc/hosts, made in `folder`, and the machine's /etc/resolv.conf for a container that
/// shares its network. What the spec mounts there itself stays.
void add_name_files(ContainerSpec& spec, const std::filesystem::path& folder);

}  // namespace nacre::exec
