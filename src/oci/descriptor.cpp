#include "oci/descriptor.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <sys/utsname.h>

#include <algorithm>

namespace nacre::oci {
namespace {

constexpr std::size_t kPlatformPartBytesMax = 64;

bool is_platform_part(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kPlatformPartBytesMax && text.front() != '.'
           && text.front() != '-' && std::ranges::all_of(text, [](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'
                         || c == '-';
              });
}

/// What people and kernels call an architecture, in Go's words.
std::string normalised_architecture(const std::string& name) {
    if (name == "x86_64" || name == "x86-64") return "amd64";
    if (name == "aarch64") return "arm64";
    if (name == "i386" || name == "i486" || name == "i586" || name == "i686") return "386";
    if (name == "armhf" || name == "armv7l") return "arm";
    return name;
}

Platform parse_platform(const json::Value& value, const std::string& path) {
    const json::Reader fields{value, path};
    Platform platform;
    platform.os = fields.get_string_or("os", "");
    platform.architecture = fields.get_string_or("architecture", "");
    platform.variant = fields.get_string_or("variant", "");
    return platform;
}

json::Value render(const Platform& platform) {
    json::Object fields;
    fields.set("architecture", platform.architecture);
    fields.set("os", platform.os);
    if (!platform.variant.empty()) fields.set("variant", platform.variant);
    return fields;
}

}  // namespace

Platform Platform::parse(std::string_view text) {
    std::vector<std::string> parts = split(to_lower(text), '/');
    if (parts.size() == 1) parts.insert(parts.begin(), "linux");
    if (parts.size() > 3 || !std::ranges::all_of(parts, is_platform_part))
        throw Error{
            ErrorCode::InvalidArgument,
            "invalid platform " + quoted(text)
                + ", needed is OS/ARCHITECTURE[/VARIANT], such as 'linux/arm64'"};
    Platform platform;
    platform.os = parts[0];
    platform.architecture = normalised_architecture(parts[1]);
    if (parts.size() == 3) platform.variant = parts[2];
    if (platform.architecture == "arm64" && platform.variant == "v8") platform.variant.clear();
    return platform;
}

Platform Platform::host() {
    utsname names{};
    ::uname(&names);
    Platform platform;
    platform.architecture = normalised_architecture(&names.machine[0]);
    return platform;
}

std::string Platform::str() const {
    return os + "/" + architecture + (variant.empty() ? "" : "/" + variant);
}

Descriptor parse_descriptor(const json::Value& value, const std::string& path) {
    const json::Reader fields{value, path};
    const std::int64_t size = fields.get_integer("size");
    if (size < 0)
        throw Error{
            ErrorCode::InvalidArgument,
            path + ".size: expected a size, found " + std::to_string(size)};
    Descriptor descriptor{
        .media_type = fields.get_string("mediaType"),
        .digest = Digest::parse(fields.get_string("digest")),
        .size = static_cast<std::uint64_t>(size),
        .annotations = fields.get_string_map("annotations"),
        .platform = std::nullopt};
    const json::Value* platform = value.if_object()->find("platform");
    if (platform != nullptr && !platform->is_null())
        descriptor.platform = parse_platform(*platform, path + ".platform");
    return descriptor;
}

json::Value render(const Descriptor& descriptor) {
    json::Object fields;
    fields.set("mediaType", descriptor.media_type);
    fields.set("digest", descriptor.digest.str());
    fields.set("size", static_cast<std::int64_t>(descriptor.size));
    if (!descriptor.annotations.empty()) {
        Annotations sorted = descriptor.annotations;
        std::ranges::sort(sorted);
        json::Object annotations;
        for (auto& [name, text] : sorted)
            annotations.set(name, std::move(text));
        fields.set("annotations", std::move(annotations));
    }
    if (descriptor.platform) fields.set("platform", render(*descriptor.platform));
    return fields;
}

}  // namespace nacre::oci
