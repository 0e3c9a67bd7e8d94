#include "engine/foreign_platforms.hpp"

#include "base/text.hpp"
#include "os/file.hpp"

#include <sys/utsname.h>

#include <array>
#include <utility>

namespace nacre::engine {
namespace {

constexpr std::size_t kEntryBytesMax = 4096;

using Names = std::pair<std::string_view, std::string_view>;

/// Image's name, then the one of the kernel and of emulators.
constexpr std::array<Names, 12> kArchitectures{{
    {"amd64", "x86_64"},
    {"arm64", "aarch64"},
    {"386", "i386"},
    {"386", "i686"},
    {"arm", "arm"},
    {"arm", "armv7l"},
    {"ppc64le", "ppc64le"},
    {"s390x", "s390x"},
    {"riscv64", "riscv64"},
    {"loong64", "loongarch64"},
    {"mips64le", "mips64el"},
    {"mips64", "mips64"},
}};

bool is_working_emulator(const std::filesystem::path& entry) {
    const auto text = os::find_file(entry, kEntryBytesMax);
    if (!text || !text->starts_with("enabled")) return false;
    for (const std::string& line : split(*text, '\n'))
        if (line.starts_with("flags:")) return line.find('F') != std::string::npos;
    return false;
}

}  // namespace

std::string machine_architecture() {
    utsname name{};
    ::uname(&name);
    const std::string_view machine{static_cast<const char*>(name.machine)};
    for (const auto& [image, kernel] : kArchitectures)
        if (kernel == machine) return std::string{image};
    return std::string{machine};
}

bool can_run(
    const oci::Platform& platform,
    std::string_view machine,
    const std::filesystem::path& emulators) {
    if (platform.architecture == machine || platform.architecture.empty()) return true;
    if (machine == "amd64" && platform.architecture == "386") return true;
    for (const auto& [image, kernel] : kArchitectures)
        if (image == platform.architecture
            && is_working_emulator(emulators / ("qemu-" + std::string{kernel})))
            return true;
    return false;
}

}  // namespace nacre::engine
