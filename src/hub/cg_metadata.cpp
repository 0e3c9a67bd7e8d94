#include "hub/cg_metadata.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/json_text.hpp"
#include "koji/fault.hpp"

#include <algorithm>
#include <set>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::int64_t kMetadataVersion = 0;

[[noreturn]] void refuse(const std::string& text) {
    throw Fault{FaultCode::GenericError, text};
}

const json::Value* member(const json::Value& value, std::string_view name) {
    const auto* object = value.if_object();
    const json::Value* found = object == nullptr ? nullptr : object->find(name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<std::string> find_text(const json::Value& value, std::string_view name) {
    const json::Value* found = member(value, name);
    if (found == nullptr) return std::nullopt;
    if (const auto* text = found->if_string()) return *text;
    // Versions and releases that look like numbers arrive as such.
    if (const auto* number = found->if_integer()) return std::to_string(*number);
    refuse(
        "Invalid metadata: " + std::string{name} + ": expected a string, found "
        + std::string{found->type_name()});
}

std::int64_t get_time_us(const json::Value& value, std::string_view name) {
    const json::Value* found = member(value, name);
    if (found != nullptr && found->if_integer() != nullptr) return *found->if_integer() * 1'000'000;
    if (found != nullptr && found->if_double() != nullptr)
        return static_cast<std::int64_t>(*found->if_double() * 1e6);
    refuse("Invalid metadata: build." + std::string{name} + ": expected seconds since 1970");
}

/// Below a folder, without ways out of it; may be empty.
void check_folder(const std::string& folder, std::string_view where) {
    if (folder.empty()) return;
    for (const std::string& part : split(folder, '/'))
        if (part.empty() || part == "." || part == "..")
            refuse("Invalid metadata: " + std::string{where} + ": bad path " + quoted(folder));
}

void check_filename(const std::string& name, const std::string& where) {
    if (name.empty() || name.front() == '.' || name.size() > 255
        || name.find('/') != std::string::npos || sanitize_utf8(name) != name)
        refuse("Invalid metadata: " + where + ".filename: bad name " + quoted(name));
}

void check_checksum(const MetadataOutput& output, const std::string& where) {
    constexpr std::size_t kDigits[] = {32, 40, 64};
    const std::size_t wanted = kDigits[static_cast<std::size_t>(output.checksum_type)];
    if (output.checksum.size() != wanted
        || output.checksum.find_first_not_of("0123456789abcdef") != std::string::npos)
        refuse(
            "Invalid metadata: " + where + ".checksum: expected " + std::to_string(wanted)
            + " hex digits of " + std::string{to_string(output.checksum_type)});
}

Component read_component(const json::Value& value, const std::string& where) {
    const json::Reader reader{value, where};
    Component component{
        .type = reader.get_string("type"),
        .name = reader.get_string("name"),
        .version = find_text(value, "version").value_or(""),
        .release = find_text(value, "release").value_or(""),
        .epoch = {},
        .arch = reader.get_string_or("arch", "noarch"),
        .checksum = find_text(value, "sigmd5"),
        .signature = find_text(value, "signature")};
    if (!component.checksum) component.checksum = find_text(value, "checksum");
    if (reader.has("epoch")) component.epoch = reader.get_integer("epoch");
    return component;
}

MetadataFile read_file(const json::Value& value, const std::string& where) {
    const json::Reader reader{value, where};
    MetadataFile file{
        .filename = reader.get_string("filename"),
        .size = reader.get_integer("filesize"),
        .checksum = reader.get_string("checksum"),
        .nvr = {},
        .archive = {},
        .must_match = reader.get_string("type") == "kojifile"};
    if (const auto nvr = find_text(value, "nvr")) file.nvr = Nvr::parse(*nvr);
    if (reader.has("archive_id")) file.archive = reader.get_integer("archive_id");
    return file;
}

void read_components(const json::Value& value, const std::string& where, MetadataOutput& output) {
    const json::Value* components = member(value, "components");
    if (components == nullptr) return;
    const json::Array& items = json::Reader{value, where}.get_array("components");
    if (items.size() > kComponentsMax)
        refuse(
            "Invalid metadata: " + where + ": more than " + std::to_string(kComponentsMax)
            + " components");
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string place = where + ".components[" + std::to_string(i) + "]";
        const std::string type = json::Reader{items[i], place}.get_string("type");
        if (type == "file" || type == "kojifile") {
            output.files.push_back(read_file(items[i], place));
        } else {
            output.components.push_back(read_component(items[i], place));
        }
    }
}

/// The build type of an archive: extra.typeinfo.<btype>, or one of the old members of extra.
std::string btype_of(
    const json::Value& value, const MetadataOutput& output, const std::string& where) {
    const json::Value* extra = member(value, "extra");
    if (extra != nullptr) {
        const json::Value* typeinfo = member(*extra, "typeinfo");
        if (typeinfo != nullptr && typeinfo->if_object() != nullptr
            && typeinfo->if_object()->size() == 1)
            return typeinfo->if_object()->members().front().name;
        for (const std::string_view old : {"image", "maven", "win"})
            if (member(*extra, old) != nullptr) return std::string{old};
    }
    if (output.type == "docker-image" || output.type == "oci-image") return "image";
    refuse("No typeinfo for: " + output.filename + " (" + where + ".extra.typeinfo)");
}

MetadataOutput read_output(const json::Value& value, const std::string& where) {
    const json::Reader reader{value, where};
    MetadataOutput output{
        .type = reader.get_string("type"),
        .filename = reader.get_string("filename"),
        .folder = reader.get_string_or("relpath", ""),
        .subfolder = reader.get_string_or("subdir", ""),
        .buildroot = reader.get_integer("buildroot_id"),
        .arch = reader.get_string_or("arch", "noarch"),
        .size = reader.get_integer("filesize"),
        .checksum = reader.get_string("checksum"),
        .btype = {},
        .metadata_only = reader.get_bool_or("metadata_only", false),
        .extra = {}};
    if (output.type == "rpm")
        refuse("rpm outputs are not supported by this hub: " + output.filename);
    const std::string kind = reader.get_string("checksum_type");
    const auto type = koji::find_checksum_type(kind);
    if (!type)
        refuse(
            "Invalid metadata: " + where + ".checksum_type: " + quoted(kind)
            + ", expected md5, sha1 or sha256");
    output.checksum_type = *type;
    check_filename(output.filename, where);
    check_folder(output.folder, where + ".relpath");
    check_folder(output.subfolder, where + ".subdir");
    check_folder(output.arch, where + ".arch");
    check_checksum(output, where);
    if (output.size < 0) refuse("Invalid metadata: " + where + ".filesize: negative");
    if (const json::Value* extra = member(value, "extra")) output.extra = *extra;
    if (output.type == "log") {
        output.kind = OutputKind::Log;
        return output;
    }
    output.btype = btype_of(value, output, where);
    check_folder(output.btype, where + ".extra.typeinfo");
    read_components(value, where, output);
    return output;
}

MetadataBuildroot read_buildroot(const json::Value& value, const std::string& where) {
    const json::Reader reader{value, where};
    const json::Reader generator = reader.get_object("content_generator");
    const json::Reader container = reader.get_object("container");
    const json::Reader host = reader.get_object("host");
    MetadataBuildroot buildroot{
        .id = reader.get_integer("id"),
        .generator = generator.get_string("name"),
        .generator_version = generator.get_string("version"),
        .container_type = container.get_string("type"),
        .container_arch = container.get_string("arch"),
        .host_os = host.get_string("os"),
        .host_arch = host.get_string("arch"),
        .extra = {}};
    if (const json::Value* extra = member(value, "extra")) buildroot.extra = *extra;
    if (!reader.has("tools")) return buildroot;
    const json::Array& tools = reader.get_array("tools");
    for (std::size_t i = 0; i < tools.size(); ++i) {
        const json::Reader tool{tools[i], where + ".tools[" + std::to_string(i) + "]"};
        buildroot.tools.emplace_back(tool.get_string("name"), tool.get_string("version"));
    }
    return buildroot;
}

std::optional<TaskId> read_task(const json::Value& build) {
    const json::Value* task = member(build, "task_id");
    const json::Value* extra = member(build, "extra");
    const json::Value* other =
        extra == nullptr ? nullptr : member(*extra, "container_koji_task_id");
    const auto id = [](const json::Value* value) -> std::optional<std::int64_t> {
        if (value == nullptr) return std::nullopt;
        if (const auto* number = value->if_integer()) return *number;
        refuse("Invalid metadata: build.task_id: expected an integer");
    };
    const auto first = id(task);
    const auto second = id(other);
    if (first && second && first != second)
        refuse(
            "Multiple task ids: build.task_id " + std::to_string(*first)
            + ", build.extra.container_koji_task_id " + std::to_string(*second));
    const auto found = first ? first : second;
    return found ? std::optional{TaskId{*found}} : std::nullopt;
}

std::vector<std::string> read_btypes(const json::Value& build) {
    std::set<std::string> names;
    if (const json::Value* extra = member(build, "extra")) {
        const json::Value* typeinfo = member(*extra, "typeinfo");
        if (typeinfo != nullptr && typeinfo->if_object() != nullptr)
            for (const json::Member& type : typeinfo->if_object()->members())
                names.insert(type.name);
        for (const std::string_view old : {"image", "maven", "win"})
            if (member(*extra, old) != nullptr) names.emplace(old);
    }
    return {names.begin(), names.end()};
}

/// Ids of buildroots are unique and every one is used; every output's is there; one generator made it all.
void check_buildroots(Metadata& metadata) {
    std::set<std::int64_t> known;
    std::set<std::string> generators;
    for (const MetadataBuildroot& buildroot : metadata.buildroots) {
        if (!known.insert(buildroot.id).second)
            refuse("Duplicate buildroot id: " + std::to_string(buildroot.id));
        generators.insert(buildroot.generator);
    }
    if (generators.size() != 1)
        refuse(
            "Only one content generator allowed per import, found "
            + std::to_string(generators.size()));
    metadata.generator = *generators.begin();
    std::set<std::int64_t> used;
    for (const MetadataOutput& output : metadata.outputs) {
        if (!known.contains(output.buildroot))
            refuse("Missing buildroot metadata for id " + std::to_string(output.buildroot));
        used.insert(output.buildroot);
    }
    for (const std::int64_t id : known)
        if (!used.contains(id)) refuse("Unused buildroot: " + std::to_string(id));
}

Metadata read(const json::Value& value) {
    const json::Reader top{value, "metadata"};
    const std::int64_t version = top.get_integer("metadata_version");
    if (version != kMetadataVersion) refuse("Unknown metadata version: " + std::to_string(version));
    const json::Value* build = member(value, "build");
    if (build == nullptr) refuse("Invalid metadata: build: is missing");
    const json::Reader reader{*build, "build"};
    if (reader.get_bool_or("draft", false)) refuse("draft builds are not supported by this hub");
    const auto text = [&](std::string_view name) {
        const auto found = find_text(*build, name);
        if (!found) refuse("Invalid metadata: build." + std::string{name} + ": is missing");
        return *found;
    };
    Metadata metadata{
        .nvr = Nvr{text("name"), text("version"), text("release")},
        .epoch = {},
        .source = find_text(*build, "source"),
        .owner = find_text(*build, "owner"),
        .build_id = {},
        .task = read_task(*build),
        .start_us = get_time_us(*build, "start_time"),
        .end_us = get_time_us(*build, "end_time"),
        .extra = {},
        .btypes = read_btypes(*build),
        .generator = {},
        .buildroots = {},
        .outputs = {}};
    if (reader.has("epoch")) metadata.epoch = reader.get_integer("epoch");
    if (reader.has("build_id")) metadata.build_id = reader.get_integer("build_id");
    const json::Array& buildroots = top.get_array("buildroots");
    for (std::size_t i = 0; i < buildroots.size(); ++i)
        metadata.buildroots.push_back(
            read_buildroot(buildroots[i], "buildroots[" + std::to_string(i) + "]"));
    const json::Array& outputs = top.get_array("output");
    if (outputs.size() > kOutputsMax)
        refuse("Invalid metadata: more than " + std::to_string(kOutputsMax) + " outputs");
    std::set<std::string> places;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        metadata.outputs.push_back(read_output(outputs[i], "output[" + std::to_string(i) + "]"));
        const MetadataOutput& output = metadata.outputs.back();
        const std::string kind =
            output.kind == OutputKind::Log ? "log/" + output.arch : output.btype;
        if (!places.insert(kind + "/" + output.subfolder + "/" + output.filename).second)
            refuse("Duplicate output: " + output.filename);
        if (output.kind == OutputKind::Archive
            && std::find(metadata.btypes.begin(), metadata.btypes.end(), output.btype)
                   == metadata.btypes.end())
            refuse(
                "Output type " + output.btype
                + " is not in the build's typeinfo: " + output.filename);
    }
    check_buildroots(metadata);
    return metadata;
}

}  // namespace

Metadata parse_metadata(const koji::Struct& given) {
    try {
        Metadata metadata = read(to_json(given));
        const koji::Value* build = given.find("build");
        const auto* members = build == nullptr ? nullptr : build->if_struct();
        const koji::Value* extra = members == nullptr ? nullptr : members->find("extra");
        if (extra != nullptr && extra->if_struct() != nullptr) metadata.extra = *extra->if_struct();
        return metadata;
    } catch (const Fault&) {
        throw;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::InvalidArgument) throw;
        refuse("Invalid metadata: " + error.describe());
    }
}

}  // namespace nacre::hub
