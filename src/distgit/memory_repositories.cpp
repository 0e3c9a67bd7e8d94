#include "distgit/memory_repositories.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::distgit {
namespace {

constexpr std::size_t kAbbreviationMin = 4;

}  // namespace

void MemoryRepositories::set_branch(
    const RepositoryName& name, const std::string& branch, const std::string& commit) {
    entries_.lock()->at(name).branches[branch] = commit;
}

Repository MemoryRepositories::create(
    const RepositoryName& name, const NewRepository& order, std::stop_token) {
    require_order(namespaces_, name, order);
    const Repository repository{name, order.description, to_unix_seconds(clock_.wall_now())};
    const std::string commit =
        archive::hash_hex(archive::HashAlgorithm::Sha1, as_bytes(name.str()));
    const auto [place, is_new] = entries_.lock()->try_emplace(
        name, Entry{repository, {{std::string{kDefaultBranch}, commit}}});
    if (!is_new) throw Error{ErrorCode::Conflict, "repository '" + name.str() + "' exists already"};
    return repository;
}

MemoryRepositories::Entry MemoryRepositories::get(const RepositoryName& name) const {
    auto entries = entries_.lock();
    const auto found = entries->find(name);
    if (found == entries->end())
        throw Error{ErrorCode::NotFound, "no such repository: '" + name.str() + "'"};
    return found->second;
}

std::optional<Repository> MemoryRepositories::find(const RepositoryName& name) const {
    auto entries = entries_.lock();
    const auto found = entries->find(name);
    if (found == entries->end()) return std::nullopt;
    return found->second.repository;
}

std::vector<RepositoryName> MemoryRepositories::list() const {
    std::vector<RepositoryName> names;
    auto entries = entries_.lock();
    for (const auto& entry : *entries)
        names.push_back(entry.first);
    return names;
}

std::vector<Branch> MemoryRepositories::branches(
    const RepositoryName& name, std::stop_token) const {
    std::vector<Branch> result;
    for (const auto& [branch, commit] : get(name).branches)
        result.push_back({branch, commit});
    return result;
}

std::string MemoryRepositories::resolve(
    const RepositoryName& name, const std::string& ref, std::stop_token) const {
    require_ref(ref);
    const Entry entry = get(name);
    if (const auto found = entry.branches.find(ref); found != entry.branches.end())
        return found->second;
    for (const auto& [branch, commit] : entry.branches)
        if (ref.size() >= kAbbreviationMin && commit.starts_with(ref)) return commit;
    throw Error{
        ErrorCode::NotFound,
        "repository '" + name.str() + "' has no branch, tag or commit " + nacre::quoted(ref)};
}

}  // namespace nacre::distgit
