#include "hub/task_files.hpp"

#include "archive/digester.hpp"
#include "base/adler32.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "hub/permissions.hpp"
#include "hub/upload_paths.hpp"
#include "koji/fault.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

constexpr std::size_t kBlock = 64U * 1024U;
constexpr std::int64_t kTaskFolders = 10'000;
constexpr const char* kOwnerFile = ".user";

/// One of the digests that uploads are checked by.
class UploadDigest {
public:
    explicit UploadDigest(const std::string& name) : name_{name} {
        if (name == "md5") digester_.emplace(archive::HashAlgorithm::Md5);
        if (name == "sha1") digester_.emplace(archive::HashAlgorithm::Sha1);
        if (name == "sha256") digester_.emplace(archive::HashAlgorithm::Sha256);
        if (name == "sha512") digester_.emplace(archive::HashAlgorithm::Sha512);
        if (!digester_ && name != "adler32" && !name.empty())
            throw Fault{FaultCode::GenericError, "Unsupported verify type: " + quoted(name)};
    }

    void update(Bytes bytes) {
        if (digester_) digester_->update(bytes);
        if (name_ == "adler32") adler_.update(bytes);
    }

    std::string finish_hex() {
        if (digester_) return digester_->finish_hex();
        return name_.empty() ? std::string{} : adler_.hex();
    }

private:
    std::string name_;
    std::optional<archive::Digester> digester_;
    Adler32 adler_;
};

struct stat status_of(int fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) throw SystemError{errno, "cannot read the state of a file"};
    return status;
}

double mtime_of(const struct stat& status) {
    return static_cast<double>(status.st_mtim.tv_sec)
           + static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
}

std::size_t read_at(int fd, std::span<std::byte> buffer, std::int64_t offset) {
    while (true) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) throw SystemError{errno, "cannot read an uploaded file"};
    }
}

void write_at(int fd, Bytes bytes, std::int64_t offset) {
    while (!bytes.empty()) {
        const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), offset);
        if (put < 0) {
            if (errno == EINTR) continue;
            throw SystemError{errno, "cannot write an uploaded file"};
        }
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += put;
    }
}

std::string digest_from(int fd, const std::string& algorithm, std::int64_t offset) {
    UploadDigest digest{algorithm};
    const auto buffer = std::make_unique<std::array<std::byte, kBlock>>();
    while (const std::size_t got = read_at(fd, *buffer, offset)) {
        digest.update(Bytes{*buffer}.first(got));
        offset += static_cast<std::int64_t>(got);
    }
    return digest.finish_hex();
}

void check_name(const std::string& name) {
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos
        || name.find('\0') != std::string::npos || name.size() > 255)
        throw Fault{FaultCode::GenericError, "Invalid upload name: " + quoted(name)};
}

std::string shown(const UploadTarget& target) {
    return target.folder + "/" + target.name;
}

struct OpenUpload {
    os::UniqueFd fd;
    bool existed = false;
};

OpenUpload open_for_writing(int folder, const UploadTarget& target) {
    OpenUpload open;
    const int made = ::openat(
        folder, target.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (made >= 0) {
        open.fd.reset(made);
    } else if (errno == EEXIST) {
        open.existed = true;
        open.fd = open_below(folder, target.name, O_RDWR | O_NONBLOCK);
    } else {
        throw SystemError{errno, "cannot create upload " + quoted(shown(target))};
    }
    if (!open.fd || !S_ISREG(status_of(open.fd.get()).st_mode))
        throw Fault{FaultCode::GenericError, "destination not a file: " + shown(target)};
    if (::flock(open.fd.get(), LOCK_EX | LOCK_NB) != 0)
        throw Fault{FaultCode::LockError, "upload path is locked: " + shown(target)};
    return open;
}

/// The user whose folder it is, made the caller when nobody's yet.
void require_folder_owner(const Call& call, int folder, const std::string& name) {
    const std::string mine = call.caller().user ? call.caller().user->str() : "0";
    const int made =
        ::openat(folder, kOwnerFile, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (made >= 0) {
        const os::UniqueFd file{made};
        os::write_all(file.get(), as_bytes(mine));
        return;
    }
    if (errno != EEXIST) throw SystemError{errno, "cannot own upload folder " + quoted(name)};
    const os::UniqueFd file = open_below(folder, kOwnerFile, O_RDONLY);
    if (!file || trim(os::read_all(file.get(), 64)) != mine)
        throw Fault{
            FaultCode::GenericError, "Invalid upload directory, not owner: " + quoted(name)};
}

void list_below(int folder, const std::string& prefix, std::vector<TaskFile>& files) {
    os::Directory directory{open_below(folder, ".", O_RDONLY | O_DIRECTORY), prefix};
    while (const auto entry = directory.next()) {
        if (entry->name == kOwnerFile || files.size() >= kTaskFilesMax) continue;
        struct stat status{};
        if (::fstatat(folder, entry->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (S_ISREG(status.st_mode)) {
            files.push_back({prefix + entry->name, status.st_size, mtime_of(status)});
        } else if (
            S_ISDIR(status.st_mode)
            && std::count(prefix.begin(), prefix.end(), '/')
                   < static_cast<std::ptrdiff_t>(kUploadDepthMax)) {
            const os::UniqueFd inner = open_below(folder, entry->name, O_RDONLY | O_DIRECTORY);
            if (inner) list_below(inner.get(), prefix + entry->name + "/", files);
        }
    }
}

}  // namespace

UploadTarget upload_target(std::string folder, std::string name) {
    while (folder.ends_with('/'))
        folder.pop_back();
    return {.folder = std::move(folder), .name = std::move(name)};
}

std::string task_folder(TaskId task) {
    return "tasks/" + std::to_string(task.value() % kTaskFolders) + "/" + task.str();
}

TaskFiles::TaskFiles(std::filesystem::path top, const HostTasks& host_tasks)
    : top_{std::move(top)},
      host_tasks_{host_tasks} {
    os::ensure_directory(top_ / "work");
    os::ensure_directory(top_ / "packages");
    work_ = os::open_file(top_ / "work", O_RDONLY | O_DIRECTORY);
}

os::UniqueFd TaskFiles::authorise(Call& call, const UploadTarget& target) const {
    if (!call.caller().user && !call.caller().is_service)
        throw Fault{FaultCode::ActionNotAllowed, "you must be logged-in to upload a file"};
    check_name(target.name);
    check_relative_path(target.folder);
    const auto parts = split(target.folder, '/');
    if (parts[0] != "tasks") {
        os::UniqueFd folder = open_folder_below(work_.get(), target.folder, Missing::Create);
        require_folder_owner(call, folder.get(), target.folder);
        return folder;
    }
    const auto id = parts.size() >= 3 ? parse_integer(parts[2]) : std::nullopt;
    if (!id || *id <= 0 || !(target.folder + "/").starts_with(task_folder(TaskId{*id}) + "/"))
        throw Fault{
            FaultCode::GenericError, "Invalid task upload directory: " + quoted(target.folder)};
    if (!call.caller().is_service) host_tasks_.require_open(call, TaskId{*id});
    return open_folder_below(work_.get(), target.folder, Missing::Create);
}

UploadReceipt TaskFiles::upload(
    Call& call, const UploadTarget& target, const UploadOptions& options, ByteSource& body) const {
    UploadDigest digest{options.verify};
    if (options.offset < -1)
        throw Fault{FaultCode::GenericError, "Invalid upload offset: negative"};
    const os::UniqueFd folder = authorise(call, target);
    const OpenUpload open = open_for_writing(folder.get(), target);
    const int fd = open.fd.get();
    if (open.existed && options.offset == 0 && !options.overwrite)
        throw Fault{FaultCode::GenericError, "upload path exists: " + shown(target)};
    std::int64_t at = options.offset == -1 ? status_of(fd).st_size : options.offset;
    if (options.overwrite && ::ftruncate(fd, at) != 0)
        throw SystemError{errno, "cannot cut upload " + quoted(shown(target))};

    UploadReceipt receipt{.offset = options.offset, .verify = options.verify};
    const auto buffer = std::make_unique<std::array<std::byte, kBlock>>();
    while (const std::size_t got = body.read(*buffer)) {
        const Bytes bytes = Bytes{*buffer}.first(got);
        digest.update(bytes);
        write_at(fd, bytes, at);
        at += static_cast<std::int64_t>(got);
        receipt.size += static_cast<std::int64_t>(got);
    }
    receipt.hex_digest = digest.finish_hex();
    if (options.offset != -1 && !options.overwrite && status_of(fd).st_size != at)
        throw Fault{
            FaultCode::GenericError,
            "Incorrect upload length: " + shown(target) + " has "
                + std::to_string(status_of(fd).st_size) + " bytes, expected " + std::to_string(at)};
    return receipt;
}

bool TaskFiles::upload_legacy(
    Call& call, const UploadTarget& target, const LegacyUpload& upload) const {
    const std::string algorithm = upload.digest.empty() ? "" : upload.algorithm;
    const os::UniqueFd folder = authorise(call, target);
    if (upload.offset == -1) {
        const os::UniqueFd file = open_below(folder.get(), target.name, O_RDONLY | O_NONBLOCK);
        if (!file) throw Fault{FaultCode::GenericError, "no such upload: " + shown(target)};
        return status_of(file.get()).st_size == upload.size
               && digest_from(file.get(), algorithm, 0) == upload.digest;
    }
    if (upload.offset < 0) throw Fault{FaultCode::GenericError, "Invalid upload offset: negative"};
    UploadDigest digest{algorithm};
    digest.update(as_bytes(upload.data));
    if (static_cast<std::int64_t>(upload.data.size()) != upload.size
        || digest.finish_hex() != upload.digest)
        return false;
    const OpenUpload open = open_for_writing(folder.get(), target);
    if (upload.offset == 0 && ::ftruncate(open.fd.get(), 0) != 0)
        throw SystemError{errno, "cannot cut upload " + quoted(shown(target))};
    write_at(open.fd.get(), as_bytes(upload.data), upload.offset);
    return true;
}

os::UniqueFd TaskFiles::open_upload(const UploadTarget& target) const {
    check_name(target.name);
    const os::UniqueFd folder = open_folder_below(work_.get(), target.folder, Missing::Refuse);
    if (!folder) return {};
    os::UniqueFd file = open_below(folder.get(), target.name, O_RDONLY | O_NONBLOCK);
    if (file && !S_ISREG(status_of(file.get()).st_mode)) file.reset();
    return file;
}

std::optional<UploadStatus> TaskFiles::check_upload(
    Call& call,
    const UploadTarget& target,
    const std::string& verify,
    std::optional<std::int64_t> tail) const {
    require_login(call);
    const UploadDigest known{verify};
    const os::UniqueFd file = open_upload(target);
    if (!file) return std::nullopt;
    const struct stat status = status_of(file.get());
    UploadStatus result{.size = status.st_size, .mtime = mtime_of(status), .hex_digest = {}};
    if (!verify.empty()) {
        const std::int64_t from =
            tail ? std::max<std::int64_t>(0, status.st_size - std::max<std::int64_t>(0, *tail)) : 0;
        result.hex_digest = digest_from(file.get(), verify, from);
    }
    return result;
}

std::vector<TaskFile> TaskFiles::list(TaskId task) const {
    std::vector<TaskFile> files;
    const os::UniqueFd folder = open_folder_below(work_.get(), task_folder(task), Missing::Refuse);
    if (folder) list_below(folder.get(), "", files);
    std::sort(files.begin(), files.end(), [](const TaskFile& a, const TaskFile& b) {
        return a.name < b.name;
    });
    return files;
}

std::string TaskFiles::read(
    TaskId task, std::string_view name, std::int64_t offset, std::int64_t size) const {
    check_relative_path(name);
    const os::UniqueFd file =
        open_below(work_.get(), task_folder(task) + "/" + std::string{name}, O_RDONLY | O_NONBLOCK);
    if (!file || !S_ISREG(status_of(file.get()).st_mode))
        throw Fault{
            FaultCode::GenericError,
            "No file \"" + std::string{name} + "\" output for task " + task.str()};
    const std::int64_t length = status_of(file.get()).st_size;
    if (offset < 0) offset = std::max<std::int64_t>(0, length + offset);
    std::int64_t wanted = std::max<std::int64_t>(0, length - offset);
    if (size >= 0) wanted = std::min(wanted, size);
    wanted = std::min(wanted, kDownloadBytesMax);
    std::string text(static_cast<std::size_t>(wanted), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const std::size_t got = read_at(
            file.get(),
            std::as_writable_bytes(std::span{text}).subspan(have),
            offset + static_cast<std::int64_t>(have));
        if (got == 0) break;
        have += got;
    }
    text.resize(have);
    return text;
}

}  // namespace nacre::hub
