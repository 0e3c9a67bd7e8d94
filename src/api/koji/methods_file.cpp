#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "base/bytes.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

void require_volume(const Parameters& parameters) {
    const auto volume = parameters.find_key("volume");
    if (!volume || *volume == hub::NameOrId{std::string{hub::kVolumeName}}
        || *volume == hub::NameOrId{std::int64_t{0}})
        return;
    throw Fault{FaultCode::GenericError, "No such volume: " + hub::plain(*volume)};
}

hub::UploadTarget target_of(const Parameters& parameters) {
    return hub::upload_target(parameters.get_text("path"), parameters.get_text("name"));
}

/// The digest comes as (algorithm, digest), as an md5 alone, or not at all.
void set_digest(hub::LegacyUpload& upload, const Value& digest) {
    if (const auto* text = digest.if_string()) {
        upload.algorithm = "md5";
        upload.digest = *text;
        return;
    }
    const Array* pair = digest.if_array();
    if (pair == nullptr || pair->size() != 2) return;
    const std::string* algorithm = pair->front().if_string();
    const std::string* hex = pair->back().if_string();
    if (algorithm == nullptr || hex == nullptr) return;
    upload.algorithm = *algorithm;
    upload.digest = *hex;
}

Value upload_file(Context& context, const Parameters& parameters) {
    require_volume(parameters);
    hub::LegacyUpload upload{
        .size = parameters.get_integer("size"),
        .offset = parameters.get_integer("offset"),
        .data = from_base64(parameters.find_text("data").value_or(""))};
    set_digest(upload, parameters.value("md5sum"));
    if (!parameters.value("checksum").is_nil()) set_digest(upload, parameters.value("checksum"));
    return context.hub.files.upload_legacy(context.call, target_of(parameters), upload);
}

Value check_upload(Context& context, const Parameters& parameters) {
    require_volume(parameters);
    const auto status = context.hub.files.check_upload(
        context.call,
        target_of(parameters),
        parameters.find_text("verify").value_or(""),
        parameters.find_integer("tail"));
    if (!status) return nullptr;
    Struct row = make_struct({{"size", status->size}, {"mtime", status->mtime}});
    if (status->hex_digest) row.set("hexdigest", *status->hex_digest);
    return row;
}

Value download_task_output(Context& context, const Parameters& parameters) {
    require_volume(parameters);
    const std::string content = context.hub.files.read(
        hub::TaskId{parameters.get_integer("taskID")},
        parameters.get_text("fileName"),
        parameters.get_integer("offset"),
        parameters.get_integer("size"));
    return to_base64(as_bytes(content));
}

Struct stat_of(const hub::TaskFile& file) {
    // Sizes as text: Koji does so for files that an int cannot count.
    return make_struct({
        {"st_size", std::to_string(file.size)},
        {"st_mtime", file.mtime},
        {"st_ctime", file.mtime},
        {"st_atime", file.mtime},
    });
}

Value list_task_output(Context& context, const Parameters& parameters) {
    const hub::TaskId task{parameters.get_integer("taskID")};
    if (parameters.flag("strict")) context.hub.tasks.get(context.call, task);
    const bool stat = parameters.flag("stat");
    const bool all_volumes = parameters.flag("all_volumes");
    Array names;
    Struct rows;
    for (const hub::TaskFile& file : context.hub.files.list(task)) {
        if (!stat && !all_volumes)
            names.emplace_back(file.name);
        else if (!stat)
            rows.set(file.name, Array{Value{hub::kVolumeName}});
        else if (!all_volumes)
            rows.set(file.name, stat_of(file));
        else
            rows.set(file.name, make_struct({{hub::kVolumeName, stat_of(file)}}));
    }
    return stat || all_volumes ? Value{rows} : Value{names};
}

}  // namespace

Methods file_methods() {
    return {
        changing(
            "uploadFile(path, name, size, md5sum, offset, data, volume=None, checksum=None)",
            upload_file,
            "Writes a piece of a file, base64; offset -1 checks the whole. Old form of the raw "
            "upload."),
        {.signature = Signature{"checkUpload(path, name, verify=None, tail=None, volume=None)"},
         .needs = Needs::Login,
         .run = check_upload,
         .doc = "{size, mtime, hexdigest} of an uploaded file, nil when there is none."},
        reading(
            "downloadTaskOutput(taskID, fileName, offset=0, size=-1, volume=None)",
            download_task_output,
            "A piece of a file of a task, base64; a negative offset counts from the end."),
        reading(
            "listTaskOutput(taskID, stat=False, all_volumes=False, strict=False)",
            list_task_output,
            "The files of a task."),
    };
}

}  // namespace nacre::api::koji
