#include "distgit/repositories.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::distgit {
namespace {

constexpr std::size_t kRefBytesMax = 255;
constexpr std::size_t kDescriptionBytesMax = 1000;

bool is_ref_character(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f
           && std::string_view{"~^:?*[\\"}.find(c) == std::string_view::npos;
}

}  // namespace

Repository ensure_repository(
    Repositories& repositories,
    const RepositoryName& name,
    const NewRepository& order,
    std::stop_token stop) {
    if (auto found = repositories.find(name)) return *found;
    try {
        return repositories.create(name, order, std::move(stop));
    } catch (const Error& error) {
        // Somebody else made it meanwhile.
        auto found = repositories.find(name);
        if (error.code() != ErrorCode::Conflict || !found) throw;
        return *found;
    }
}

void require_order(
    const std::vector<std::string>& namespaces,
    const RepositoryName& name,
    const NewRepository& order) {
    if (!std::ranges::binary_search(namespaces, name.space()))
        throw Error{
            ErrorCode::InvalidArgument,
            "namespace " + nacre::quoted(name.space()) + " is not allowed, allowed are "
                + join(namespaces, ", ")};
    if (order.owner.empty())
        throw Error{ErrorCode::InvalidArgument, "a repository needs an owner, none is given"};
    if (order.description.size() > kDescriptionBytesMax
        || order.description.find_first_of(std::string_view{"\n\r\0", 3}) != std::string::npos)
        throw Error{
            ErrorCode::InvalidArgument,
            "the description of a repository is one line of at most "
                + std::to_string(kDescriptionBytesMax) + " bytes"};
}

void require_ref(std::string_view text) {
    if (!is_ref(text))
        throw Error{
            ErrorCode::InvalidArgument,
            nacre::quoted(text) + " cannot be a branch, a tag or a commit"};
}

bool is_ref(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kRefBytesMax && text.front() != '-'
           && text.front() != '/' && text.back() != '/' && text.back() != '.'
           && text.find("..") == std::string_view::npos && text.find("@{") == std::string_view::npos
           && text.find("//") == std::string_view::npos
           && std::ranges::all_of(text, is_ref_character);
}

}  // namespace nacre::distgit
