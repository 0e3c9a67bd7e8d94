#pragma once

#include "oci/descriptor.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace nacre::engine {

/// The folder where the kernel lists the interpreters of foreign programs.
inline constexpr std::string_view kEmulatorsFolder = "/proc/sys/fs/binfmt_misc";

/// The architecture of this machine, as images name it: "amd64".
std::string machine_architecture();

/// Whether programs of the platform run here: its architecture is `machine`'s or one that it runs too, or an emulator
/// for it is registered in `emulators` that works inside containers (binfmt_misc, flag F).
bool can_run(
    const oci::Platform& platform,
    std::string_view machine,
    const std::filesystem::path& emulators);

}  // namespace nacre::engine
