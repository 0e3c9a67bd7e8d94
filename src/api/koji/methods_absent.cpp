#include "api/koji/method.hpp"
#include "base/text.hpp"
#include "koji/fault.hpp"

#include <array>

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

// Koji's own words: what its hub says where these are switched off.
Value no_maven(Context&, const Parameters&) {
    throw Fault{FaultCode::GenericError, "Maven support not enabled"};
}

Value no_windows(Context&, const Parameters&) {
    throw Fault{FaultCode::GenericError, "Windows support not enabled"};
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

Value no_groups(Context&, const Parameters&) {
    refuse("groups of packages in tags; they are for rpm build roots");
}

Value no_edits_of_builds(Context&, const Parameters&) {
    refuse(
        "changes of a finished build's owner, time or volume; builds are what their import says");
}

Value no_empty_builds(Context&, const Parameters&) {
    refuse("builds without an import; use CGInitBuild and CGImport");
}

Value no_bypass(Context&, const Parameters&) {
    refuse("tagging around the checks; use tagBuild(force=) or a multiCall of them");
}

Value no_snapshots(Context&, const Parameters&) {
    refuse("copies of tags; make a tag that inherits from the other");
}

Value no_notifications(Context&, const Parameters&) {
    refuse("mails about builds; the events of the hub are what others listen to");
}

Value no_volumes(Context&, const Parameters&) {
    refuse("more volumes than DEFAULT");
}

Value no_options(Context&, const Parameters&) {
    refuse("options of Koji's hub; ask the service's configuration");
}

Value no_plugins(Context&, const Parameters&) {
    refuse("side tags, run roots and saved trees, which are plugins of Koji's hub");
}

Value no_scheduler_tables(Context&, const Parameters&) {
    refuse("the tables of Koji's scheduler; see getTaskInfo and listHosts");
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

struct Absent {
    Method::Run run;
    std::string_view names;
};

// As docs/koji-compatibility.md lists them.
constexpr std::array kAbsent{
    Absent{
        no_rpm_builds,
        "build chainBuild wrapperRPM importRPM addExternalRPM addRPMSig deleteRPMSig "
        "writeSignedRPM getRPMHeaders getRPMDeps getRPMChecksums getRPMFile listRPMFiles "
        "mergeScratch restartHosts host.initBuild host.completeBuild host.failBuild "
        "host.newBuildRoot host.setBuildRootState host.setBuildRootList "
        "host.updateBuildRootList host.moveBuildToScratch host.writeSignedRPM"},
    Absent{
        no_maven,
        "mavenBuild chainMaven createMavenBuild getMavenArchive getLatestMavenArchives "
        "host.initMavenBuild host.completeMavenBuild"},
    Absent{
        no_windows,
        "winBuild createWinBuild getWinArchive host.initWinBuild host.completeWinBuild"},
    Absent{
        no_other_images,
        "buildImage buildImageOz buildImageIndirection kiwiBuild createImageBuild "
        "importArchive host.importArchive host.importImage host.initImageBuild "
        "host.completeImageBuild host.moveImageBuildToScratch"},
    Absent{
        no_repositories,
        "newRepo distRepo repoExpire repoDelete repoProblem getActiveRepos repo.request "
        "repo.checkRequest host.repoInit host.repoDone host.distRepoMove "
        "createExternalRepo editExternalRepo deleteExternalRepo getExternalRepo "
        "getExternalRepoList addExternalRepoToTag editTagExternalRepo "
        "removeExternalRepoFromTag"},
    Absent{
        no_groups,
        "groupListAdd groupListRemove groupListBlock groupListUnblock groupPackageListAdd "
        "groupPackageListRemove groupPackageListBlock groupPackageListUnblock "
        "groupReqListAdd groupReqListRemove groupReqListBlock groupReqListUnblock"},
    Absent{
        no_edits_of_builds, "setBuildOwner setBuildTimestamp changeBuildVolume applyVolumePolicy"},
    Absent{no_empty_builds, "createEmptyBuild"},
    Absent{no_bypass, "tagBuildBypass untagBuildBypass massTag"},
    Absent{no_snapshots, "snapshotTag snapshotTagModify"},
    Absent{
        no_notifications,
        "createNotification updateNotification deleteNotification getBuildNotification "
        "createNotificationBlock deleteNotificationBlock getBuildNotificationBlock"},
    Absent{no_volumes, "addVolume removeVolume"},
    Absent{no_options, "showOpts"},
    Absent{
        no_plugins, "saveFailedTree runroot createSideTag editSideTag removeSideTag listSideTags"},
    Absent{
        no_scheduler_tables,
        "scheduler.getTaskRuns scheduler.getTaskRefusals scheduler.getHostData "
        "scheduler.getLogMessages scheduler.doRun"},
    Absent{no_source_containers, "buildSourceContainer"},
};

}  // namespace

Methods absent_methods() {
    Methods methods = answers_of_none();
    for (const Absent& group : kAbsent)
        for (const std::string& name : split_words(group.names))
            methods.push_back(refused(name, group.run));
    return methods;
}

}  // namespace nacre::api::koji
