#pragma once

#include "exec/executor.hpp"
#include "exec/machine_facts.hpp"
#include "json/value.hpp"

namespace nacre::exec {

/// The config.json of runtime-spec 1.0 for a container whose limits the machine can keep. Pure. A container always gets a /dev of its own (an image's /dev could
/// be a link to the machine's: CVE-2026-47766), a read-only /sys, masked and read-only paths and the 14 capabilities of
/// Docker's default, which a user other than root has in the bounding set only.
json::Value runtime_config(const ContainerSpec& spec, const MachineFacts& machine = {});

}  // namespace nacre::exec
