#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::distgit {

inline constexpr std::size_t kNameBytesMax = 100;

/// "container/httpd": namespace and name of a repository. Holds a well-formed value always, so that its parts are safe
/// as file names and in URLs: letters, digits and "._+-", beginning with a letter or digit, without "..", not ending in
/// ".git", ".lock" or ".".
class RepositoryName {
public:
    /// Throws Error{InvalidArgument} that says which part is wrong.
    static RepositoryName make(std::string_view space, std::string_view name);
    /// "NAMESPACE/NAME"; throws like make().
    static RepositoryName parse(std::string_view text);
    static std::optional<RepositoryName> try_parse(std::string_view text) noexcept;

    /// The namespace.
    const std::string& space() const noexcept { return space_; }

    const std::string& name() const noexcept { return name_; }

    std::string str() const { return space_ + "/" + name_; }

    auto operator<=>(const RepositoryName&) const = default;

private:
    RepositoryName(std::string_view space, std::string_view name) : space_{space}, name_{name} {}

    std::string space_;
    std::string name_;
};

/// The grammar of one part.
bool is_name_part(std::string_view text) noexcept;

/// "container", "flatpaks", "modules", "rpms", "tests"
std::vector<std::string> default_namespaces();

}  // namespace nacre::distgit
