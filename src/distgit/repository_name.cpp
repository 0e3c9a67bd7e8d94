#include "distgit/repository_name.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::distgit {
namespace {

constexpr std::string_view kGrammar =
    "letters, digits and '._+-', beginning with a letter or digit, without '..', at most 100 bytes";

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void require_part(std::string_view what, std::string_view text) {
    if (!is_name_part(text))
        throw Error{
            ErrorCode::InvalidArgument,
            "the " + std::string{what} + " of the repository is " + nacre::quoted(text)
                + ", needed are " + std::string{kGrammar}};
}

}  // namespace

bool is_name_part(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kNameBytesMax && is_letter_or_digit(text.front())
           && text.find("..") == std::string_view::npos && !text.ends_with(".git")
           && !text.ends_with(".lock") && !text.ends_with('.')
           && std::ranges::all_of(text, [](char c) {
                  return is_letter_or_digit(c)
                         || std::string_view{"._+-"}.find(c) != std::string_view::npos;
              });
}

RepositoryName RepositoryName::make(std::string_view space, std::string_view name) {
    require_part("namespace", space);
    require_part("name", name);
    return {space, name};
}

RepositoryName RepositoryName::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos)
        throw Error{
            ErrorCode::InvalidArgument,
            "the repository is " + nacre::quoted(text)
                + ", needed is NAMESPACE/NAME, such as 'container/httpd'"};
    return make(text.substr(0, slash), text.substr(slash + 1));
}

std::optional<RepositoryName> RepositoryName::try_parse(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || !is_name_part(text.substr(0, slash))
        || !is_name_part(text.substr(slash + 1)))
        return std::nullopt;
    return RepositoryName{text.substr(0, slash), text.substr(slash + 1)};
}

std::vector<std::string> default_namespaces() {
    return {"container", "flatpaks", "modules", "rpms", "tests"};
}

}  // namespace nacre::distgit
