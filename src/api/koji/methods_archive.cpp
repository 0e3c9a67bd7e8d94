#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

template <class Id>
std::optional<Id> find_id(const Parameters& parameters, std::string_view name) {
    const auto number = parameters.find_integer(name);
    return number ? std::optional{Id{*number}} : std::nullopt;
}

Value list_archives(Context& context, const Parameters& parameters) {
    hub::ArchiveFilter filter{
        .buildroot = find_id<hub::BuildrootId>(parameters, "buildrootID"),
        .type = parameters.find_text("type"),
        .filename = parameters.find_text("filename"),
        .size = parameters.find_integer("size"),
        .checksum = parameters.find_text("checksum"),
        .image = find_id<hub::ArchiveId>(parameters, "imageID"),
        .archive = find_id<hub::ArchiveId>(parameters, "archiveID")};
    if (const auto build = parameters.find_build("buildID")) {
        const auto found = context.hub.builds.find(context.call, *build);
        if (!found && !parameters.flag("strict")) return Array{};
        filter.build = found ? found->id : context.hub.builds.get(context.call, *build).id;
    }
    const Query query = parameters.query("queryOpts");
    return rows_of(context.hub.archives.list(context.call, filter, query.options), query);
}

Value get_archive(Context& context, const Parameters& parameters) {
    const hub::ArchiveId id{parameters.get_integer("archive_id")};
    const auto archive = context.hub.archives.find(context.call, id);
    if (!archive && parameters.flag("strict"))
        throw Fault{FaultCode::GenericError, "No such archive: " + id.str()};
    return row_or_nil(archive);
}

Value get_archive_type(Context& context, const Parameters& parameters) {
    if (const auto filename = parameters.find_text("filename"))
        return row_of(context.hub.archives.type_of_file(context.call, *filename));
    const auto name = parameters.find_text("type_name");
    const auto id = parameters.find_integer("type_id");
    for (const hub::ArchiveType& type : context.hub.archives.types(context.call))
        if ((name && type.name == *name) || (id && type.id == *id)) return row_of(type);
    if (parameters.flag("strict")) throw Fault{FaultCode::GenericError, "No such archive type"};
    return nullptr;
}

Value get_archive_types(Context& context, const Parameters&) {
    return rows_of(context.hub.archives.types(context.call));
}

Value add_archive_type(Context& context, const Parameters& parameters) {
    context.hub.archives.add_type(
        context.call,
        parameters.get_text("name"),
        parameters.get_text("description"),
        parameters.get_text("extensions"),
        parameters.find_text("compression_type"));
    return nullptr;
}

Value list_btypes(Context& context, const Parameters& parameters) {
    static const Signature kQuery{"query(name=None, id=None)"};
    const Parameters wanted = read_members(kQuery, parameters.structure("query"));
    const auto name = wanted.find_text("name");
    const auto id = wanted.find_integer("id");
    std::vector<hub::BuildType> types;
    for (const hub::BuildType& type : context.hub.archives.build_types(context.call))
        if ((!name || type.name == *name) && (!id || type.id == *id)) types.push_back(type);
    return rows_of(types, parameters.query("queryOpts"));
}

Value add_btype(Context& context, const Parameters& parameters) {
    context.hub.archives.add_build_type(context.call, parameters.get_text("name"));
    return nullptr;
}

Value list_rpms(Context& context, const Parameters& parameters) {
    const Query query = parameters.query("queryOpts");
    const auto image = find_id<hub::ArchiveId>(parameters, "imageID");
    // Rpms are known here as components of images only.
    if (!image) return rows_of(std::vector<hub::Channel>{}, query);
    return rows_of(
        context.hub.archives.components(context.call, *image, "rpm"),
        query,
        [&](const hub::Component& component) { return row_of(component, *image); });
}

Value get_buildroot(Context& context, const Parameters& parameters) {
    const hub::BuildrootId id{parameters.get_integer("buildrootID")};
    const auto buildroot = context.hub.archives.find_buildroot(context.call, id);
    if (!buildroot && parameters.flag("strict"))
        throw Fault{FaultCode::GenericError, "No such buildroot: " + id.str()};
    return row_or_nil(buildroot);
}

Value list_buildroots(Context& context, const Parameters& parameters) {
    const Query query = parameters.query("queryOpts");
    std::vector<hub::Buildroot> found;
    if (const auto id = find_id<hub::BuildrootId>(parameters, "buildrootID"))
        if (auto buildroot = context.hub.archives.find_buildroot(context.call, *id))
            found.push_back(std::move(*buildroot));
    return rows_of(found, query);
}

}  // namespace

Methods archive_methods() {
    return {
        reading(
            "listArchives(buildID=None, buildrootID=None, "
            "componentBuildrootID=None, hostID=None, "
            "type=None, filename=None, size=None, checksum=None, "
            "checksum_type=None, typeInfo=None, "
            "queryOpts=None, imageID=None, archiveID=None, strict=False)",
            list_archives,
            "Files of builds for which all that is given holds."),
        reading("getArchive(archive_id, strict=False)", get_archive, "A file of a build."),
        reading("getImageArchive(archive_id, strict=False)", get_archive, "An image of a build."),
        reading(
            "getArchiveType(filename=None, type_name=None, type_id=None, strict=False)",
            get_archive_type,
            "The type of a file, by its name or its own."),
        reading("getArchiveTypes()", get_archive_types, "All types of files."),
        changing(
            "addArchiveType(name, description, extensions, compression_type=None)",
            add_archive_type,
            "Makes a type of files. Admin."),
        reading("listBTypes(query=None, queryOpts=None)", list_btypes, "The types of builds."),
        changing("addBType(name)", add_btype, "Makes a type of builds. Admin."),
        reading(
            "listRPMs(buildID=None, buildrootID=None, imageID=None, "
            "componentBuildrootID=None, "
            "hostID=None, arches=None, queryOpts=None, draft=None)",
            list_rpms,
            "The rpms in an image (imageID); rpms are known as components of images only."),
        reading(
            "getBuildroot(buildrootID, strict=False)",
            get_buildroot,
            "Where an image was made, by its content generator's words."),
        reading(
            "listBuildroots(hostID=None, tagID=None, state=None, rpmID=None, archiveID=None, "
            "taskID=None, buildrootID=None, repoID=None, queryOpts=None)",
            list_buildroots,
            "Buildroots by id; those of mock do not exist here."),
    };
}

}  // namespace nacre::api::koji
