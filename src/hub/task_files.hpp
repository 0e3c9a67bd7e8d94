#pragma once

#include "base/bytes.hpp"
#include "hub/host_tasks.hpp"
#include "os/unique_fd.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

struct UploadTarget {
    std::string folder;  ///< below work/: "cli-build/1700000000.abc", "tasks/7/10007"
    std::string name;
};

/// As a client names it: slashes at the end of the folder, which `koji import-cg` sends, are dropped.
UploadTarget upload_target(std::string folder, std::string name);

struct UploadOptions {
    std::int64_t offset = 0;  ///< -1: at the end
    bool overwrite = false;
    std::string verify =
        "adler32";  ///< of the chunk: adler32, md5, sha1, sha256, sha512, "" for none
};

struct UploadReceipt {
    std::int64_t size = 0;
    std::int64_t offset = 0;
    std::string verify;
    std::string hex_digest;  ///< empty without a verify
};

struct UploadStatus {
    std::int64_t size = 0;
    double mtime = 0;
    std::optional<std::string> hex_digest;
};

struct TaskFile {
    std::string name;  ///< with folders below the task's
    std::int64_t size = 0;
    double mtime = 0;
};

/// Koji's uploadFile as it was called, the data decoded.
struct LegacyUpload {
    std::int64_t size = 0;
    std::string algorithm;  ///< of `digest`; empty with an empty digest
    std::string digest;
    std::int64_t offset = 0;  ///< -1: checks the digest of the whole file
    std::string data;
};

inline constexpr std::int64_t kDownloadBytesMax = std::int64_t{4} << 20U;
inline constexpr std::size_t kUploadDepthMax = 16;
inline constexpr std::size_t kTaskFilesMax = 10'000;

/// The work tree `<top>/work`: uploads and outputs of tasks (reference C.8, C.1.6). No path from a client
/// leaves it: names are checked and opened below a descriptor without following links. Thread-safe.
class TaskFiles {
public:
    /// Creates the folders; `top` is Koji's topdir (packages/, work/).
    TaskFiles(std::filesystem::path top, const HostTasks& host_tasks);

    const std::filesystem::path& top() const noexcept { return top_; }

    /// rawUpload: copies `body` to its place. The call checks who may write where (needs a Write call the first
    /// time a folder is used). Faults 1000, 1001 (busy), 1004.
    UploadReceipt upload(
        Call& call,
        const UploadTarget& target,
        const UploadOptions& options,
        ByteSource& body) const;
    bool upload_legacy(Call& call, const UploadTarget& target, const LegacyUpload& upload) const;
    /// `tail`: digest of the last so many bytes only.
    std::optional<UploadStatus> check_upload(
        Call& call,
        const UploadTarget& target,
        const std::string& verify,
        std::optional<std::int64_t> tail) const;

    std::vector<TaskFile> list(TaskId task) const;
    /// At most kDownloadBytesMax bytes of a file from `offset` (negative: from the end); size -1: all there is.
    /// Fault 1000 when there is no such file.
    std::string read(
        TaskId task, std::string_view name, std::int64_t offset, std::int64_t size) const;

    /// A plain file of an upload folder, opened for reading; an empty descriptor when it is not there.
    os::UniqueFd open_upload(const UploadTarget& target) const;

private:
    /// The folder, open, when the caller may write there.
    os::UniqueFd authorise(Call& call, const UploadTarget& target) const;

    std::filesystem::path top_;
    os::UniqueFd work_;
    const HostTasks& host_tasks_;
};

/// "tasks/7/10007".
std::string task_folder(TaskId task);

}  // namespace nacre::hub
