#pragma once

#include "store/layers.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::store {

using Xattrs = std::vector<std::pair<std::string, std::string>>;

/// None of these follows a link at the end of `path`. They throw SystemError.
Xattrs read_xattrs(const std::string& path);
std::optional<std::string> find_xattr(const std::string& path, const std::string& name);
void write_xattr(const std::string& path, const std::string& name, std::string_view value);

/// "trusted.overlay.*" and "user.overlay.*": overlayfs obeys them, so they never come from a layer.
bool is_overlay_xattr(std::string_view name) noexcept;
/// What a layer may say and an image may keep: capabilities, access lists, user.* and trusted.*, no overlay's.
bool is_layer_xattr(std::string_view name) noexcept;

bool is_opaque(const std::string& path);
void make_opaque(const std::string& path, Privilege privilege);

}  // namespace nacre::store
