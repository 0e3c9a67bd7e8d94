#include "cli/checkout.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace nacre::cli {
namespace {

std::string run_git(
    os::ProcessRunner& runner,
    const std::filesystem::path& folder,
    std::vector<std::string> arguments,
    std::stop_token stop) {
    os::Command command;
    command.argv = {"git"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = os::minimal_environment();
    command.environment.emplace_back("GIT_OPTIONAL_LOCKS=0");
    command.directory = folder;
    const os::ProcessResult result = runner.run(command, {}, std::move(stop));
    if (!result.status.success())
        throw Error{
            ErrorCode::NotFound,
            "'" + folder.string() + "' is no dist-git checkout: " + std::string{trim(result.err)}}
            .with_hint("clone one with 'nacre clone container/NAME' and run the command inside it");
    return result.out;
}

std::string origin_of(const CheckoutStatus& status) {
    const std::size_t slash = status.upstream.find('/');
    return slash == std::string::npos ? "origin" : status.upstream.substr(0, slash);
}

}  // namespace

CheckoutStatus parse_status(std::string_view text) {
    CheckoutStatus status;
    for (const std::string& line : split(text, '\n')) {
        const std::vector<std::string> words = split_words(line);
        if (words.empty()) continue;
        if (words[0] != "#") {
            ++status.changes;
            continue;
        }
        if (words.size() < 3) continue;
        if (words[1] == "branch.oid") status.commit = words[2];
        if (words[1] == "branch.head" && words[2] != "(detached)") status.branch = words[2];
        if (words[1] == "branch.upstream") status.upstream = words[2];
        if (words[1] == "branch.ab")
            status.ahead = static_cast<int>(parse_integer(words[2].substr(1)).value_or(0));
    }
    if (status.commit.empty())
        throw Error{ErrorCode::DataCorrupt, "'git status' did not name the commit"};
    return status;
}

Checkout parse_remote(std::string_view url) {
    Checkout checkout;
    std::string plain{url};
    const std::size_t scheme_end = plain.find("://");
    const std::size_t authority = scheme_end == std::string::npos ? 0 : scheme_end + 3;
    const std::size_t path = std::min(plain.find('/', authority), plain.size());
    const std::size_t at = plain.rfind('@', path);
    if (at != std::string::npos && at >= authority) plain.erase(authority, at + 1 - authority);
    checkout.clone_url = plain;
    std::string_view rest = plain;
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.ends_with(".git")) rest.remove_suffix(4);
    const std::vector<std::string> pieces = split(rest, '/');
    if (pieces.size() < 5 || pieces.back().empty() || pieces[pieces.size() - 2].empty())
        throw Error{
            ErrorCode::InvalidArgument,
            "remote address " + quoted(url)
                + " names no repository, needed is URL/NAMESPACE/NAME.git"};
    checkout.name = pieces.back();
    checkout.name_space = pieces[pieces.size() - 2];
    return checkout;
}

Checkout read_checkout(
    os::ProcessRunner& runner, const std::filesystem::path& folder, std::stop_token stop) {
    const CheckoutStatus status =
        parse_status(run_git(runner, folder, {"status", "--porcelain=v2", "--branch"}, stop));
    const std::string url =
        run_git(runner, folder, {"config", "--get", "remote." + origin_of(status) + ".url"}, stop);
    Checkout checkout = parse_remote(trim(url));
    checkout.status = status;
    return checkout;
}

void require_pushed(const Checkout& checkout) {
    const CheckoutStatus& status = checkout.status;
    if (status.commit == "(initial)")
        throw Error{ErrorCode::Conflict, "the checkout has no commit yet"}.with_hint(
            "commit and push first");
    if (status.changes > 0)
        throw Error{
            ErrorCode::Conflict,
            "the checkout has " + std::to_string(status.changes) + " uncommitted or unknown files"}
            .with_hint(
                "commit them and push, or list them in .gitignore: the build is made from what is "
                "pushed");
    if (status.upstream.empty())
        throw Error{
            ErrorCode::Conflict, "branch '" + status.branch + "' follows no branch of the service"}
            .with_hint("run 'git push -u origin " + status.branch + "'");
    if (status.ahead > 0)
        throw Error{
            ErrorCode::Conflict,
            "branch '" + status.branch + "' has " + std::to_string(status.ahead)
                + " unpushed commits"}
            .with_hint("run 'git push'");
}

std::string default_target(const Checkout& checkout) {
    std::string branch = checkout.status.branch;
    if (branch == "main" || branch == "master") branch = "rawhide";
    return branch + "-" + checkout.name_space + "-candidate";
}

}  // namespace nacre::cli
