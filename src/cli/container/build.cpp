#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/checkout.hpp"
#include "cli/container/commands.hpp"
#include "cli/task/commands.hpp"
#include "koji/enums.hpp"
#include "koji/fields.hpp"

#include <algorithm>

namespace nacre::cli::container {
namespace {

constexpr std::int64_t kBackgroundPenalty = koji::kBackgroundPriority - koji::kDefaultPriority;

koji::Array strings(const std::vector<std::string>& values) {
    return {values.begin(), values.end()};
}

void check(const BuildOptions& options) {
    if (options.scratch && options.isolated)
        throw Error{ErrorCode::InvalidArgument, "--scratch and --isolated exclude each other"};
    if (options.isolated && options.build_release.empty())
        throw Error{ErrorCode::InvalidArgument, "--isolated needs --build-release, such as '1.2'"};
    if (!options.arches.empty() && !options.scratch && !options.isolated)
        throw Error{
            ErrorCode::InvalidArgument, "--arches is for --scratch and --isolated builds only"};
}

koji::Struct task_options(const BuildOptions& options, const std::string& branch) {
    koji::Struct fields;
    fields.set("git_branch", branch);
    if (options.scratch) fields.set("scratch", options.scratch);
    if (options.isolated) fields.set("isolated", options.isolated);
    if (!options.build_release.empty()) fields.set("release", options.build_release);
    if (!options.koji_parent_build.empty())
        fields.set("koji_parent_build", options.koji_parent_build);
    if (!options.arches.empty()) fields.set("arch_override", join(options.arches, " "));
    if (!options.repo_urls.empty()) fields.set("yum_repourls", strings(options.repo_urls));
    return fields;
}

void require_method(client::KojiSession& hub) {
    const koji::Value methods = hub.call("system.listMethods", {}, {});
    const koji::Array& list = koji::get_array(methods);
    if (std::ranges::find(list, koji::Value{"buildContainer"}) == list.end())
        throw Error{ErrorCode::Unsupported, "Kojihub instance does not support buildContainer"};
}

void require_target(
    client::KojiSession& hub, const std::string& name, const BuildOptions& options) {
    const koji::Value target = hub.call("getBuildTarget", koji::Array{name}, {});
    if (target.is_nil())
        throw Error{ErrorCode::NotFound, "Unknown build target: " + name}.with_hint(
            "'nacre call getBuildTargets' lists them; --target chooses one");
    const koji::Value tag = hub.call(
        "getTag", koji::Array{koji::get_integer(koji::get_struct(target), "dest_tag")}, {});
    const std::string dest = koji::get_string(koji::get_struct(target), "dest_tag_name");
    if (tag.is_nil()) throw Error{ErrorCode::NotFound, "Unknown destination tag: " + dest};
    if (koji::find_bool(koji::get_struct(tag), "locked").value_or(false) && !options.scratch)
        throw Error{ErrorCode::Conflict, "Destination tag " + dest + " is locked"};
}

void print_builds(const Session& session, const Profile& profile, std::int64_t task) {
    client::KojiSession hub = session.connect(profile);
    const koji::Value result = hub.call("getTaskResult", koji::Array{task}, {});
    const koji::Struct& fields = koji::get_struct(result);
    for (const std::string& spec : koji::find_strings(fields, "repositories"))
        session.print("  " + spec + "\n");
    for (const std::string& build : koji::find_strings(fields, "koji_builds"))
        session.print("  " + profile.weburl + "/buildinfo?buildID=" + build + "\n");
    for (const std::string& warning : koji::find_strings(fields, "user_warnings"))
        session.print("warning: " + warning + "\n");
}

}  // namespace

int build(const Session& session, const BuildOptions& options) {
    check(options);
    const Checkout checkout = read_checkout(session.processes, session.folder, session.stop);
    require_pushed(checkout);
    const Profile profile = session.profile();
    const std::string target = options.target.empty() ? default_target(checkout) : options.target;
    const std::string branch =
        options.git_branch.empty() ? checkout.status.branch : options.git_branch;
    client::KojiSession hub = session.log_in(profile);
    require_method(hub);
    require_target(hub, target, options);
    koji::Struct keywords;
    keywords.set("priority", options.background ? koji::Value{kBackgroundPenalty} : koji::Value{});
    const koji::Value answer = hub.call(
        "buildContainer",
        koji::Array{
            "git+" + checkout.clone_url + "#" + checkout.status.commit,
            target,
            task_options(options, branch)},
        keywords);
    const std::int64_t* task = answer.if_integer();
    if (task == nullptr)
        throw Error{ErrorCode::DataCorrupt, "buildContainer did not answer with a task id"};
    hub.logout();
    session.print("Created task: " + std::to_string(*task) + "\n");
    session.print(
        "Task info: " + profile.weburl + "/taskinfo?taskID=" + std::to_string(*task) + "\n");
    if (options.nowait) return 0;
    const int status = task::watch(session, {.task = *task, .quiet = options.quiet});
    if (status == 0) print_builds(session, profile, *task);
    return status;
}

}  // namespace nacre::cli::container
