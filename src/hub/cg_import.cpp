#include "hub/cg_import.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/audit.hpp"
#include "hub/cg_metadata.hpp"
#include "hub/json_text.hpp"
#include "hub/permissions.hpp"
#include "hub/statement.hpp"
#include "koji/fault.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;
namespace fs = std::filesystem;

constexpr std::size_t kBlock = 256U * 1024U;
constexpr std::size_t kMetadataBytesMax = std::size_t{16} << 20U;

[[noreturn]] void refuse(const std::string& text) {
    throw Fault{FaultCode::GenericError, text};
}

/// Where imports in progress note which folder they are about to give its name, so that a start after a kill
/// finds it: a file per import that holds the folder, below the top.
fs::path markers_of(const fs::path& top) {
    return top / "work" / "imports";
}

archive::HashAlgorithm algorithm_of(ChecksumType type) {
    switch (type) {
        case ChecksumType::Md5:
            return archive::HashAlgorithm::Md5;
        case ChecksumType::Sha1:
            return archive::HashAlgorithm::Sha1;
        default:
            return archive::HashAlgorithm::Sha256;
    }
}

/// Digests what the descriptor holds now. The file stays locked against uploads until the import is over.
void verify_file(const os::UniqueFd& file, const MetadataOutput& output) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        throw Fault{FaultCode::LockError, "upload path is locked: " + output.filename};
    struct stat status{};
    if (::fstat(file.get(), &status) != 0)
        throw SystemError{errno, "cannot read the state of '" + output.filename + "'"};
    if (status.st_size != output.size)
        refuse(
            "File size " + std::to_string(status.st_size) + " for " + output.filename
            + " doesn't match " + std::to_string(output.size) + ". Corrupted upload?");
    archive::Digester digester{algorithm_of(output.checksum_type)};
    os::FileSource source{os::UniqueFd{::fcntl(file.get(), F_DUPFD_CLOEXEC, 0)}};
    const auto buffer = std::make_unique<std::array<std::byte, kBlock>>();
    while (const std::size_t got = source.read(*buffer))
        digester.update(Bytes{*buffer}.first(got));
    const std::string found = digester.finish_hex();
    if (found != output.checksum)
        refuse(
            std::string{to_string(output.checksum_type)} + " checksum mismatch for "
            + output.filename + ": expected " + output.checksum + ", found " + found);
    if (::fdatasync(file.get()) != 0)
        throw SystemError{errno, "cannot sync '" + output.filename + "'"};
}

/// Gives an open file a second name; the bytes are those that were verified.
void link_file(const os::UniqueFd& file, const fs::path& to) {
    os::ensure_directory(to.parent_path());
    const std::string self = "/proc/self/fd/" + std::to_string(file.get());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) != 0)
        throw SystemError{errno, "cannot link '" + to.string() + "'"};
}

/// Below the build's folder. "image" has the place it had before there were other types.
fs::path place_of(const MetadataOutput& output) {
    fs::path place;
    if (output.kind == OutputKind::Log) {
        place = fs::path{"data"} / "logs" / output.arch;
    } else if (output.btype == "image") {
        place = "images";
    } else {
        place = fs::path{"files"} / output.btype;
    }
    if (!output.subfolder.empty()) place /= output.subfolder;
    return place / output.filename;
}

void sync_tree(const fs::path& folder) {
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        if (entry.is_directory()) os::sync_directory(entry.path());
    os::sync_directory(folder);
}

/// Deletes without complaint: for what must go when something else has failed already.
void discard(const fs::path& path) noexcept {
    std::error_code ignored;
    fs::remove_all(path, ignored);
    // The folders of version and name go with their last release.
    fs::remove(path.parent_path(), ignored);
    fs::remove(path.parent_path().parent_path(), ignored);
}

/// One import on its way.
class Import {
public:
    Import(Call& call, const CgImport::Parts& parts, const ImportRequest& request)
        : call_{call},
          parts_{parts},
          request_{request},
          metadata_{parse_metadata(request.metadata)} {}

    Build run() {
        require_login(call_);
        generator_ = parts_.generators.get(call_, metadata_.generator);
        parts_.generators.require_access(call_, generator_.id);
        check_task();
        check_reservation();
        check_types();
        open_files();
        check_policy();
        check_destination();
        write_build();
        write_buildroots();
        for (const MetadataOutput& output : metadata_.outputs)
            if (output.kind == OutputKind::Archive) write_archive(output);
        place_files();
        audit(call_, "cg.import", metadata_.nvr.str(), generator_.name);
        return parts_.builds.get(call_, build_.value());
    }

private:
    fs::path destination() const { return parts_.files.top() / build_folder(metadata_.nvr); }

    void check_task() {
        if (!metadata_.task) return;
        if (call_.sql().query("SELECT id FROM task WHERE id = ?", bound(*metadata_.task)).empty())
            refuse("No such task: " + metadata_.task->str());
    }

    void check_reservation() {
        if (!metadata_.build_id) {
            if (request_.token) refuse("Reservation token given, but no build_id in metadata");
            const auto known = parts_.builds.find(call_, metadata_.nvr);
            if (known && known->state != BuildState::Failed && known->state != BuildState::Canceled)
                refuse(
                    "Build already exists (id=" + known->id.str() + ", state="
                    + std::string{to_string(known->state)} + "): " + metadata_.nvr.str());
            return;
        }
        const BuildId id{*metadata_.build_id};
        const Build build = parts_.builds.get(call_, id.value());
        const auto token = parts_.generators.find_token(call_, id);
        if (!token || !request_.token || *token != *request_.token)
            refuse("Token doesn't match build ID " + id.str());
        if (build.generator != generator_.id)
            refuse("Build ID " + id.str() + " is not reserved by this CG");
        if (build.state != BuildState::Building)
            refuse("Build ID " + id.str() + " is not in BUILDING state");
        if (build.nvr != metadata_.nvr)
            refuse(
                "Build (" + id.str() + ") NVR is different: " + build.nvr.str() + ", metadata say "
                + metadata_.nvr.str());
        if (build.task != metadata_.task)
            refuse(
                "Build (" + id.str() + ") has task "
                + (build.task ? build.task->str() : std::string{"none"}) + ", metadata say "
                + (metadata_.task ? metadata_.task->str() : std::string{"none"}));
        reserved_ = id;
    }

    void check_types() {
        for (const std::string& name : metadata_.btypes) {
            const auto type = parts_.archives.find_build_type(call_, name);
            if (!type) refuse("No such btype: " + name);
            btypes_.emplace(name, *type);
        }
    }

    void open_files() {
        for (const MetadataOutput& output : metadata_.outputs) {
            if (output.metadata_only) continue;
            const UploadTarget place = upload_place(output);
            os::UniqueFd file = parts_.files.open_upload(place);
            if (!file) refuse("No such file: " + place.folder + "/" + place.name);
            with_context("output '" + output.filename + "'", [&] { verify_file(file, output); });
            opened_->push_back(std::move(file));
        }
    }

    UploadTarget upload_place(const MetadataOutput& output) const {
        return {
            output.folder.empty() ? request_.folder : request_.folder + "/" + output.folder,
            output.filename};
    }

    void check_policy() {
        parts_.policies.require(
            "cg_import",
            caller_facts(call_)
                .set("package", metadata_.nvr.name())
                .set("version", metadata_.nvr.version())
                .set("release", metadata_.nvr.release())
                .set("source", metadata_.source.value_or(""))
                .set("cg_list", std::vector<std::string>{generator_.name})
                .set("btypes", metadata_.btypes)
                .set("operation", "import"));
    }

    fs::path marker() const { return markers_of(parts_.files.top()) / metadata_.nvr.str(); }

    void check_destination() const {
        // With a marker it is that of an import in doubt: see publish().
        if (fs::exists(fs::symlink_status(destination())) && !fs::exists(marker()))
            refuse("Destination directory already exists: " + build_folder(metadata_.nvr));
    }

    void write_build() {
        std::optional<UserId> owner = call_.caller().user;
        if (metadata_.owner) owner = parts_.users.get(call_, *metadata_.owner).id;
        if (reserved_) {
            build_ = *reserved_;
            parts_.generators.drop_reservation(call_, build_);
            call_.sql().execute(
                "UPDATE build SET epoch = ?, source = ?, owner = ?, extra = ?, start_time = ?,"
                " completion_time = ?, state = ? WHERE id = ?",
                bound(
                    metadata_.epoch,
                    metadata_.source,
                    owner,
                    encode_extra(metadata_.extra),
                    metadata_.start_us,
                    metadata_.end_us,
                    static_cast<std::int64_t>(BuildState::Complete),
                    build_));
        } else {
            build_ = parts_.builds.create(
                call_,
                NewBuild{
                    .nvr = metadata_.nvr,
                    .epoch = metadata_.epoch,
                    .state = BuildState::Complete,
                    .task = metadata_.task,
                    .owner = owner,
                    .source = metadata_.source,
                    .extra = metadata_.extra,
                    .generator = generator_.id,
                    .start_us = metadata_.start_us,
                    .completion_us = metadata_.end_us});
        }
        for (const std::string& type : metadata_.btypes)
            parts_.builds.set_type(call_, build_, type);
    }

    void write_buildroots() {
        for (const MetadataBuildroot& buildroot : metadata_.buildroots) {
            const BuildrootId id{call_.sql().insert(
                "INSERT INTO buildroot (cg_id, cg_version, container_type, container_arch,"
                " host_os, host_arch, extra) VALUES (?, ?, ?, ?, ?, ?, ?)",
                bound(
                    generator_.id,
                    buildroot.generator_version,
                    buildroot.container_type,
                    buildroot.container_arch,
                    buildroot.host_os,
                    buildroot.host_arch,
                    rendered(buildroot.extra)))};
            buildroots_.emplace(buildroot.id, id);
            const std::map<std::string, std::string> tools(
                buildroot.tools.begin(), buildroot.tools.end());
            for (const auto& [name, version] : tools)
                call_.sql().execute(
                    "INSERT INTO buildroot_tools (buildroot_id, tool, version) VALUES (?, ?, ?)",
                    bound(id, name, version));
        }
    }

    static std::optional<std::string> rendered(const std::optional<json::Value>& value) {
        if (!value) return std::nullopt;
        return json::render(*value);
    }

    ArchiveType type_of(const MetadataOutput& output) {
        // What a docker save or an OCI layout is packed in.
        if (output.type == "docker-image" || output.type == "oci-image")
            if (const auto tar = parts_.archives.find_type(call_, "tar")) return *tar;
        if (const auto named = parts_.archives.find_type(call_, output.type)) return *named;
        return parts_.archives.type_of_file(call_, output.filename);
    }

    void write_archive(const MetadataOutput& output) {
        const ArchiveId id{call_.sql().insert(
            "INSERT INTO archiveinfo (type_id, btype_id, build_id, buildroot_id, filename, size,"
            " checksum, checksum_type, metadata_only, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            bound(
                type_of(output).id,
                btypes_.at(output.btype).id,
                build_,
                buildroots_.at(output.buildroot),
                output.filename,
                output.size,
                output.checksum,
                static_cast<std::int64_t>(output.checksum_type),
                output.metadata_only,
                rendered(output.extra)))};
        if (output.btype == "image")
            call_.sql().execute(
                "INSERT INTO image_archives (archive_id, arch) VALUES (?, ?)",
                bound(id, output.arch));
        for (const Component& component : output.components)
            call_.sql().insert(
                "INSERT INTO image_packages (archive_id, type, name, version, release, epoch,"
                " arch, checksum, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                bound(
                    id,
                    component.type,
                    component.name,
                    component.version,
                    component.release,
                    component.epoch,
                    component.arch,
                    component.checksum,
                    component.signature));
        for (const MetadataFile& file : output.files)
            write_file_component(id, file);
    }

    void write_file_component(ArchiveId archive, const MetadataFile& file) {
        for (const Archive& candidate : parts_.archives.list(
                 call_,
                 {.filename = file.filename, .size = file.size, .checksum = file.checksum})) {
            if (file.archive && *file.archive != candidate.id.value()) continue;
            if (file.nvr && parts_.builds.get(call_, candidate.build.value()).nvr != *file.nvr)
                continue;
            const auto key = bound(archive, candidate.id);
            if (call_.sql()
                    .query(
                        "SELECT archive_id FROM archive_components WHERE archive_id = ? AND"
                        " component_id = ?",
                        key)
                    .empty())
                call_.sql().execute(
                    "INSERT INTO archive_components (archive_id, component_id) VALUES (?, ?)", key);
            return;
        }
        if (file.must_match) refuse("No match for component: " + file.filename);
        warnings_ += "no match for file component " + file.filename + "\n";
    }

    /// Builds the folder aside and gives it its name last. It has it before the commit: when that never comes
    /// the name is taken back, by the call or by the next start.
    void place_files() {
        const fs::path top = parts_.files.top();
        const os::TempDir staged{top / "work", "import"};
        const fs::path folder = staged.path() / "build";
        os::ensure_directory(folder);
        std::size_t next = 0;
        for (const MetadataOutput& output : metadata_.outputs)
            if (!output.metadata_only) link_file(opened_->at(next++), folder / place_of(output));
        os::write_file_atomically(
            folder / "metadata.json", json::render_pretty(to_json(request_.metadata)));
        os::ensure_directory(folder / "data" / "logs");
        os::write_file_atomically(
            folder / "data" / "logs" / "cg_import.log",
            warnings_ + "import of " + metadata_.nvr.str() + " by " + generator_.name + "\n");
        sync_tree(folder);
        publish(folder);
    }

    void publish(const fs::path& folder) {
        const fs::path to = destination();
        const fs::path marker = this->marker();
        os::ensure_directory(marker.parent_path());
        // The folder of an import that nobody knows the end of: it was not committed, or this one would be refused.
        if (fs::exists(marker)) discard(to);
        os::write_file_atomically(marker, build_folder(metadata_.nvr));
        call_.on_rollback([to, marker] {
            discard(to);
            std::error_code ignored;
            fs::remove(marker, ignored);
        });
        os::ensure_directory(to.parent_path());
        if (::rename(folder.c_str(), to.c_str()) != 0)
            throw SystemError{errno, "cannot move the build to '" + to.string() + "'"};
        os::sync_directory(to.parent_path());

        // The uploads' own names go after the commit; the descriptors, and with them the locks, until then.
        std::vector<fs::path> uploads;
        for (const MetadataOutput& output : metadata_.outputs) {
            const UploadTarget place = upload_place(output);
            if (!output.metadata_only)
                uploads.push_back(parts_.files.top() / "work" / place.folder / place.name);
        }
        call_.after_commit([uploads, marker, held = opened_] {
            std::error_code ignored;
            for (const fs::path& upload : uploads)
                fs::remove(upload, ignored);
            fs::remove(marker, ignored);
        });
    }

    Call& call_;
    const CgImport::Parts& parts_;
    const ImportRequest& request_;
    Metadata metadata_;
    ContentGenerator generator_;
    std::optional<BuildId> reserved_;
    BuildId build_;
    std::map<std::string, BuildType> btypes_;
    std::map<std::int64_t, BuildrootId> buildroots_;
    std::shared_ptr<std::vector<os::UniqueFd>> opened_ =
        std::make_shared<std::vector<os::UniqueFd>>();
    std::string warnings_;
};

}  // namespace

Build CgImport::run(Call& call, const ImportRequest& request) const {
    return Import{call, parts_, request}.run();
}

int CgImport::sweep(Call& call) const {
    const fs::path top = parts_.files.top();
    os::sweep_temporaries(top / "work");
    const fs::path markers = markers_of(top);
    os::ensure_directory(markers);
    int taken_back = 0;
    os::Directory directory = os::Directory::open(markers);
    while (const auto entry = directory.next()) {
        const auto nvr = Nvr::find(entry->name);
        if (!nvr) continue;
        const auto build = parts_.builds.find(call, *nvr);
        if (!build || build->state != BuildState::Complete) {
            discard(top / build_folder(*nvr));
            ++taken_back;
        }
        std::error_code ignored;
        fs::remove(markers / entry->name, ignored);
    }
    return taken_back;
}

koji::Struct read_metadata(const TaskFiles& files, const UploadTarget& place) {
    const os::UniqueFd file = files.open_upload(place);
    if (!file) refuse("No such file: " + place.folder + "/" + place.name);
    koji::Value value;
    try {
        value = from_json(
            json::parse(os::read_all(file.get(), kMetadataBytesMax), {.bytes = kMetadataBytesMax}));
    } catch (const Error& error) {
        refuse("Invalid metadata file '" + place.name + "': " + error.describe());
    }
    if (value.if_struct() == nullptr)
        refuse(
            "Invalid metadata file '" + place.name + "': expected an object, found "
            + std::string{value.type_name()});
    return std::move(*value.if_struct());
}

}  // namespace nacre::hub
