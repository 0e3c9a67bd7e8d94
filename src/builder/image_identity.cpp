#include "builder/image_identity.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace nacre::builder {
namespace {

constexpr std::size_t kTagBytesMax = 128;

struct Aliases {
    std::string_view current;
    std::string_view old;
};

constexpr Aliases kComponent{"com.redhat.component", "BZComponent"};
constexpr Aliases kName{"name", "Name"};
constexpr Aliases kVersion{"version", "Version"};
constexpr Aliases kRelease{"release", "Release"};

std::string find_label(const Labels& labels, const Aliases& names) {
    std::string found;
    for (const auto& [name, value] : labels)
        if (name == names.current || (name == names.old && found.empty())) found = value;
    return found;
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// ^\d+([._]?[a-zA-Z0-9]+)*$
bool is_release(std::string_view text) {
    if (text.empty() || !is_digit(text.front()) || !is_alphanumeric(text.back())) return false;
    for (std::size_t i = 1; i < text.size(); ++i) {
        const bool separator = text[i] == '.' || text[i] == '_';
        if (!separator && !is_alphanumeric(text[i])) return false;
        if (separator && !is_alphanumeric(text[i - 1])) return false;
    }
    return true;
}

/// ^\d+\.\d+(\..+)?$
bool is_isolated_release(std::string_view text) {
    const auto pieces = split(text, '.');
    const auto is_number = [](const std::string& piece) {
        return !piece.empty() && std::ranges::all_of(piece, is_digit);
    };
    if (pieces.size() < 2 || !is_number(pieces[0]) || !is_number(pieces[1])) return false;
    return pieces.size() == 2 || !pieces[2].empty() || pieces.size() > 3;
}

bool is_component(std::string_view text) {
    return text.size() <= 255 && is_alphanumeric(text.front())
           && std::ranges::all_of(text, [](char c) {
                  return is_alphanumeric(c)
                         || std::string_view{"._+-"}.find(c) != std::string_view::npos;
              });
}

bool is_version(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return is_alphanumeric(c) || std::string_view{"._+~"}.find(c) != std::string_view::npos;
    });
}

void check_required(const ImageIdentity& identity, std::vector<std::string>& problems) {
    std::vector<std::string> missing;
    if (identity.component.empty()) missing.emplace_back("com.redhat.component (or BZComponent)");
    if (identity.repository.empty()) missing.emplace_back("name (or Name)");
    if (identity.version.empty()) missing.emplace_back("version (or Version)");
    if (!missing.empty())
        problems.push_back(
            "Required LABELs haven't been found in Dockerfile: " + join(missing, ", "));
}

void check_shapes(
    const ImageIdentity& identity, const IdentityRules& rules, std::vector<std::string>& problems) {
    if (!identity.component.empty() && !is_component(identity.component))
        problems.push_back(
            "label com.redhat.component is " + quoted(identity.component)
            + ", needed are letters, digits and . _ + - only");
    if (!identity.repository.empty() && !oci::is_repository(identity.repository))
        problems.push_back(
            "label name is " + quoted(identity.repository)
            + ", needed is a repository path of lower-case letters, digits and . _ - / only");
    if (!is_version(identity.version))
        problems.push_back(
            "label version is " + quoted(identity.version)
            + ", needed are letters, digits and . _ + ~ only: '-' and '/' would break the name-version-release");
    if (!identity.release) return;
    if (rules.isolated && !is_isolated_release(*identity.release))
        problems.push_back(
            "release of an isolated build is " + quoted(*identity.release)
            + ", needed is NUMBER.NUMBER, such as '1.2'");
    else if (!is_release(*identity.release))
        problems.push_back(
            "release is " + quoted(*identity.release)
            + ", needed is a number, then letters and digits separated by '.' or '_'");
}

void check_tag(const std::string& image_tag, std::vector<std::string>& problems) {
    if (image_tag.size() > kTagBytesMax)
        problems.push_back(
            "Docker cannot create image with a tag longer than 128, current version-release tag "
            "length is "
            + std::to_string(image_tag.size()));
    else if (!oci::is_image_tag(image_tag))
        problems.push_back(
            "image tag " + quoted(image_tag)
            + " is not one that a registry accepts: letters, digits and . _ -");
}

void check_floating(const std::string& image_tag, std::vector<std::string>& problems) {
    if (image_tag.find('-') != std::string::npos)
        problems.push_back("floating tag " + quoted(image_tag) + " must not have a '-'");
}

}  // namespace

ImageIdentity read_identity(
    const Labels& labels, const IdentityRules& rules, std::vector<std::string>& problems) {
    ImageIdentity identity;
    identity.component = find_label(labels, kComponent);
    identity.repository = find_label(labels, kName);
    identity.version = find_label(labels, kVersion);
    const std::string label_release = find_label(labels, kRelease);
    if (!rules.requested_release.empty())
        identity.release = rules.requested_release;
    else if (!label_release.empty())
        identity.release = label_release;
    check_required(identity, problems);
    check_shapes(identity, rules, problems);
    return identity;
}

ImageTags choose_tags(
    const ImageIdentity& identity,
    const std::string& release,
    const TagRules& rules,
    std::vector<std::string>& problems) {
    ImageTags tags;
    tags.unique = rules.target + "-" + rules.random + "-" + rules.timestamp;
    check_tag(tags.unique, problems);
    if (rules.scratch) return tags;
    tags.primary = {identity.version + "-" + release};
    check_tag(tags.primary.front(), problems);
    if (rules.isolated) return tags;
    if (rules.floating) {
        tags.floating = *rules.floating;
    } else {
        tags.floating = {identity.version, "latest"};
        tags.floating.insert(tags.floating.end(), rules.additional.begin(), rules.additional.end());
    }
    for (const std::string& image_tag : tags.floating) {
        check_tag(image_tag, problems);
        check_floating(image_tag, problems);
    }
    return tags;
}

Labels automatic_labels(
    const std::string& release, const std::string& koji_arch, const SourceFacts& source) {
    return {
        {"release", release},
        {"architecture", koji_arch},
        {"build-date", render_rfc3339(from_unix_seconds(source.commit_time))},
        {"vcs-type", "git"},
        {"vcs-url", source.url},
        {"vcs-ref", source.revision}};
}

std::string koji_arch_of(const oci::Platform& platform) {
    if (platform.architecture == "amd64") return "x86_64";
    if (platform.architecture == "arm64") return "aarch64";
    return platform.architecture;
}

oci::Platform platform_of(const std::string& koji_arch) {
    oci::Platform platform;
    platform.architecture = koji_arch;
    if (koji_arch == "x86_64") platform.architecture = "amd64";
    if (koji_arch == "aarch64") platform.architecture = "arm64";
    return platform;
}

}  // namespace nacre::builder
