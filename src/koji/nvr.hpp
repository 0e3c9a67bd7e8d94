#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::koji {

constexpr std::size_t kNvrFieldMax = 128;

/// name-version-release: how a build is called. The name may have hyphens, the others not. Always valid.
class Nvr {
public:
    /// Throws Error{InvalidArgument} that names the field: each has 1 to kNvrFieldMax characters of
    /// [A-Za-z0-9._+~^], the name also '-' after its first character.
    Nvr(std::string name, std::string version, std::string release);

    /// Throws Error{InvalidArgument}.
    static Nvr parse(std::string_view text);
    static std::optional<Nvr> find(std::string_view text);

    const std::string& name() const noexcept { return name_; }

    const std::string& version() const noexcept { return version_; }

    const std::string& release() const noexcept { return release_; }

    /// "name-version-release".
    std::string str() const;

    auto operator<=>(const Nvr&) const = default;

private:
    std::string name_;
    std::string version_;
    std::string release_;
};

}  // namespace nacre::koji
