#include "oci/reference.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <vector>

namespace nacre::oci {
namespace {

constexpr std::size_t kRepositoryBytesMax = 255;
constexpr std::size_t kTagBytesMax = 128;

bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_tag_character(char c) noexcept {
    return is_word(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
}

/// '.', '_', '__' or any number of '-'.
bool is_separator(std::string_view text) noexcept {
    return text == "." || text == "_" || text == "__"
           || (!text.empty() && std::ranges::all_of(text, [](char c) { return c == '-'; }));
}

bool is_component(std::string_view text) noexcept {
    if (text.empty() || !is_word(text.front()) || !is_word(text.back())) return false;
    while (!text.empty()) {
        const auto word = std::ranges::find_if_not(text, is_word);
        text.remove_prefix(static_cast<std::size_t>(word - text.begin()));
        const auto next = std::ranges::find_if(text, is_word);
        const auto length = static_cast<std::size_t>(next - text.begin());
        if (length > 0 && !is_separator(text.substr(0, length))) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_registry(std::string_view component) noexcept {
    return component.find_first_of(".:") != std::string_view::npos || component == "localhost";
}

bool is_registry_name(std::string_view text) noexcept {
    // Part of URLs: "..", or a name that begins with '-', never reaches them.
    return !text.empty() && text.front() != '.' && text.front() != '-'
           && text.find("..") == std::string_view::npos && std::ranges::all_of(text, [](char c) {
                  return is_word(c) || (c >= 'A' && c <= 'Z')
                         || std::string_view{".-:[]_"}.find(c) != std::string_view::npos;
              });
}

Error invalid(std::string_view text, const std::string& why) {
    return Error{
        ErrorCode::InvalidArgument, "invalid image reference " + quoted(text) + ": " + why};
}

}  // namespace

Reference Reference::parse(std::string_view text) {
    Reference reference;
    std::string_view rest = text;
    const std::size_t at = rest.find('@');
    if (at != std::string_view::npos) {
        reference.digest = Digest::try_parse(rest.substr(at + 1));
        if (!reference.digest) throw invalid(text, "the part after '@' is no digest");
        rest = rest.substr(0, at);
    }
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos && is_registry(rest.substr(0, slash))) {
        reference.registry = rest.substr(0, slash);
        if (!is_registry_name(reference.registry)) throw invalid(text, "the registry is malformed");
        rest.remove_prefix(slash + 1);
    }
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos) {
        reference.image_tag = rest.substr(colon + 1);
        if (!is_image_tag(reference.image_tag))
            throw invalid(
                text,
                "tag " + quoted(reference.image_tag) + " needs 1 to 128 letters, digits and . _ -");
        rest = rest.substr(0, colon);
    }
    reference.repository = rest;
    if (!is_repository(rest))
        throw invalid(
            text,
            "repository " + quoted(rest)
                + " needs lower-case letters, digits, and single . _ - between them");
    return reference;
}

std::string Reference::effective_tag() const {
    if (!image_tag.empty() || digest) return image_tag;
    return "latest";
}

std::string Reference::str() const {
    std::string text = registry.empty() ? repository : registry + "/" + repository;
    if (!image_tag.empty()) text += ":" + image_tag;
    if (digest) text += "@" + digest->str();
    return text;
}

bool is_repository(std::string_view text) noexcept {
    if (text.empty() || text.size() > kRepositoryBytesMax) return false;
    while (true) {
        const std::size_t slash = text.find('/');
        if (!is_component(text.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        text.remove_prefix(slash + 1);
    }
}

bool is_image_tag(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kTagBytesMax && text.front() != '.'
           && text.front() != '-' && std::ranges::all_of(text, is_tag_character);
}

}  // namespace nacre::oci
