#include "store/xattrs.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

namespace nacre::store {
namespace {

constexpr std::string_view kTrustedOverlay = "trusted.overlay.";
constexpr std::string_view kUserOverlay = "user.overlay.";

/// Calls `get(buffer, size)` until the buffer is large enough; nothing when it says there is none.
template <class Get>
std::optional<std::string> read_growing(const std::string& path, const Get& get) {
    // What fits on the stack of the kernel needs one call.
    constexpr std::size_t kFirst = 256;
    constexpr std::size_t kLargest = 64U << 10U;  // XATTR_SIZE_MAX, XATTR_LIST_MAX
    std::string buffer(kFirst, '\0');
    while (true) {
        const ssize_t size = get(buffer.data(), buffer.size());
        if (size >= 0) {
            buffer.resize(static_cast<std::size_t>(size));
            return buffer;
        }
        if (errno == ENODATA || errno == ENOTSUP) return std::nullopt;
        if (errno != ERANGE || buffer.size() >= kLargest)
            throw SystemError{
                errno, "cannot read the extended attributes of " + nacre::quoted(path)};
        buffer.resize(kLargest);
    }
}

}  // namespace

std::optional<std::string> find_xattr(const std::string& path, const std::string& name) {
    return read_growing(path, [&](char* buffer, std::size_t size) {
        return ::lgetxattr(path.c_str(), name.c_str(), buffer, size);
    });
}

Xattrs read_xattrs(const std::string& path) {
    Xattrs result;
    const auto names = read_growing(path, [&](char* buffer, std::size_t size) {
        return ::llistxattr(path.c_str(), buffer, size);
    });
    if (!names || names->empty()) return result;
    for (const std::string& name : split(*names, '\0')) {
        if (name.empty()) continue;
        if (auto value = find_xattr(path, name)) result.emplace_back(name, std::move(*value));
    }
    std::ranges::sort(result);
    return result;
}

void write_xattr(const std::string& path, const std::string& name, std::string_view value) {
    if (::lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) != 0)
        throw SystemError{
            errno,
            "cannot set the extended attribute " + nacre::quoted(name) + " of "
                + nacre::quoted(path)};
}

bool is_overlay_xattr(std::string_view name) noexcept {
    return name.starts_with(kTrustedOverlay) || name.starts_with(kUserOverlay);
}

bool is_layer_xattr(std::string_view name) noexcept {
    return !is_overlay_xattr(name)
           && (name == "security.capability" || name.starts_with("user.")
               || name.starts_with("trusted.") || name.starts_with("system.posix_acl_"));
}

bool is_opaque(const std::string& path) {
    return find_xattr(path, "trusted.overlay.opaque") == "y"
           || find_xattr(path, "user.overlay.opaque") == "y";
}

void make_opaque(const std::string& path, Privilege privilege) {
    const std::string_view prefix = privilege == Privilege::Root ? kTrustedOverlay : kUserOverlay;
    write_xattr(path, std::string{prefix} + "opaque", "y");
}

}  // namespace nacre::store
