#include "api/koji/method.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

[[noreturn]] void refuse(std::string_view what) {
    throw Fault{FaultCode::GenericError, "left out of this hub: " + std::string{what}};
}

Value no_rpm_builds(Context&, const Parameters&) {
    refuse("rpm builds; it builds container images, see buildContainer");
}

Value no_other_images(Context&, const Parameters&) {
    refuse("disk, live and appliance images; it builds container images, see buildContainer");
}

Value no_source_containers(Context&, const Parameters&) {
    refuse("source containers; see buildContainer");
}

Value no_repositories(Context&, const Parameters&) {
    refuse(
        "rpm repositories of tags; container builds use the repositories their Dockerfiles name");
}

Value no_drafts(Context&, const Parameters&) {
    refuse("draft builds; use a scratch or isolated build");
}

Value no_edits_of_builds(Context&, const Parameters&) {
    refuse(
        "changes of a finished build's owner, time or volume; builds are what their import says");
}

Value no_deletion(Context&, const Parameters&) {
    refuse("deleting builds one by one; untagged builds are collected");
}

Value no_options(Context&, const Parameters&) {
    refuse("options of Koji's hub; ask the service's configuration");
}

Value no_search(Context&, const Parameters&) {
    refuse(
        "search over all kinds; use listBuilds(pattern=), listTags(pattern=) or "
        "listPackages(prefix=)");
}

Value nothing(Context&, const Parameters&) {
    return nullptr;
}

Value empty_list(Context&, const Parameters&) {
    return Array{};
}

Method refused(std::string_view name, Method::Run run) {
    return reading(std::string{name} + "(*args, **kwargs)", run, "Left out of this hub.");
}

/// What clients ask about every build, tag or task: there is none of it.
Methods answers_of_none() {
    return {
        reading(
            "getRepo(tag, state=None, event=None, dist=False, min_event=None)",
            nothing,
            "nil: tags have no rpm repositories here."),
        reading("repoInfo(repo_id, strict=False)", nothing, "nil: see getRepo."),
        reading(
            "getRPM(rpminfo, strict=False, multi=False)",
            nothing,
            "nil: there are no rpm builds here."),
        reading(
            "getTagGroups(tag, event=None, inherit=True, incl_pkgs=True, incl_reqs=True, "
            "incl_blocked=False)",
            empty_list,
            "None: groups of packages are for rpm build roots."),
        reading(
            "getTagExternalRepos(tag_info=None, repo_info=None, event=None)",
            empty_list,
            "None: see getRepo."),
        reading(
            "queryRPMSigs(rpm_id=None, sigkey=None, queryOpts=None)",
            empty_list,
            "None: there are no rpm builds here."),
        reading(
            "getChangelogEntries(buildID=None, taskID=None, filepath=None, author=None, "
            "before=None, "
            "after=None, queryOpts=None, strict=False)",
            empty_list,
            "None: image builds have no changelog."),
        reading(
            "listArchiveFiles(archive_id, queryOpts=None, strict=False)",
            empty_list,
            "None: the files inside of images are not listed."),
        reading(
            "tagLastChangeEvent(tag)",
            nothing,
            "nil: it tells when to make a repository, see getRepo."),
        reading(
            "listExternalRepos(info=None, url=None, event=None, queryOpts=None)",
            empty_list,
            "None: see getRepo."),
        reading(
            "getBuildNotifications(userID=None)",
            empty_list,
            "None: the events of the hub are what others listen to."),
        reading(
            "getBuildNotificationBlocks(userID=None)",
            empty_list,
            "None: the events of the hub are what others listen to."),
        reading("getBuildrootListing(id)", empty_list, "None: see getBuildroot."),
    };
}

}  // namespace

Methods absent_methods() {
    Methods methods;
    for (const std::string_view name :
         {"build",
          "chainBuild",
          "mavenBuild",
          "wrapperRPM",
          "winBuild",
          "importRPM",
          "addExternalRPM",
          "buildReferences",
          "host.initBuild",
          "host.completeBuild",
          "host.newBuildRoot"})
        methods.push_back(refused(name, no_rpm_builds));
    for (const std::string_view name :
         {"buildImage",
          "buildImageOz",
          "buildImageIndirection",
          "createImageBuild",
          "importArchive",
          "host.initImageBuild",
          "host.completeImageBuild"})
        methods.push_back(refused(name, no_other_images));
    for (const std::string_view name :
         {"newRepo",
          "distRepo",
          "repoExpire",
          "repoDelete",
          "host.repoInit",
          "host.repoDone",
          "repo.request",
          "createExternalRepo",
          "addExternalRepoToTag"})
        methods.push_back(refused(name, no_repositories));
    for (const std::string_view name : {"setBuildOwner", "setBuildTimestamp", "changeBuildVolume"})
        methods.push_back(refused(name, no_edits_of_builds));
    methods.push_back(refused("buildSourceContainer", no_source_containers));
    methods.push_back(refused("promoteBuild", no_drafts));
    methods.push_back(refused("deleteBuild", no_deletion));
    methods.push_back(refused("showOpts", no_options));
    methods.push_back(refused("search", no_search));
    for (Method& method : answers_of_none())
        methods.push_back(std::move(method));
    return methods;
}

}  // namespace nacre::api::koji
