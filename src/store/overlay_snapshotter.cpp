#include "store/overlay_snapshotter.hpp"

#include "base/error.hpp"
#include "base/pause.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"
#include "store/xattrs.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

constexpr int kBusyTriesMax = 500;
constexpr std::chrono::milliseconds kBusyPause{2};

/// The lower folders from the top downwards. A layer that is there twice counts where it is highest: the lower one
/// adds nothing to that, and overlayfs refuses it. Nothing below an opaque root is seen, which overlayfs itself does
/// not look at.
std::vector<fs::path> lower_folders(
    const LayerFolders& folders, const std::vector<oci::DiffId>& layers) {
    std::vector<fs::path> result;
    for (auto it = layers.rbegin(); it != layers.rend(); ++it) {
        fs::path folder = folders.get(*it);
        if (std::ranges::find(result, folder) != result.end()) continue;
        const bool opaque = is_opaque(folder.string());
        result.push_back(std::move(folder));
        if (opaque) break;
    }
    if (result.empty()) result.push_back(folders.empty_folder());
    return result;
}

/// Gives overlayfs descriptors for names: the options hold a page only, and names may have ',' and ':'.
class OverlayOptions {
public:
    OverlayOptions(const std::vector<fs::path>& lower, const fs::path& work_root) {
        std::string names;
        for (const fs::path& folder : lower)
            names += (names.empty() ? "" : ":") + name(folder);
        // Each of them is set because kernels are built with other defaults: the upper folder must hold whole
        // files and whiteouts, not references to what is below.
        text_ = fmt::format(
            "lowerdir={},upperdir={},workdir={},volatile,redirect_dir=off,metacopy=off,index=off",
            names,
            name(work_root / "upper"),
            name(work_root / "work"));
    }

    const std::string& text() const noexcept { return text_; }

private:
    std::string name(const fs::path& folder) {
        descriptors_.push_back(os::open_file(folder, O_PATH | O_DIRECTORY));
        return "/proc/self/fd/" + std::to_string(descriptors_.back().get());
    }

    std::vector<os::UniqueFd> descriptors_;
    std::string text_;
};

void mount_overlay(const std::vector<fs::path>& lower, const fs::path& work_root) {
    const OverlayOptions options{lower, work_root};
    const fs::path merged = work_root / "merged";
    if (::mount("overlay", merged.c_str(), "overlay", MS_NODEV | MS_NOATIME, options.text().c_str())
        != 0)
        throw SystemError{
            errno,
            fmt::format(
                "cannot mount an overlay of {} layers at {}",
                lower.size(),
                nacre::quoted(merged.string()))}
            .with_hint("overlayfs needs CAP_SYS_ADMIN and a file system that is not overlayfs");
}

class OverlayActive final : public ActiveSnapshot {
public:
    OverlayActive(LayerFolders& folders, const std::vector<fs::path>& lower)
        : folders_{folders},
          folder_{folders.make_active()},
          root_{folder_ / "merged"},
          changes_{folder_ / "upper"} {
        try {
            for (const char* name : {"upper", "work", "merged"})
                os::ensure_directory(folder_ / name);
            // The root of the tree has the mode of the upper folder, whatever the umask.
            fs::permissions(changes_, fs::perms{0755});
            mount_overlay(lower, folder_);
            mounted_ = true;
        } catch (const Error&) {
            discard();
            throw;
        }
    }

    OverlayActive(const OverlayActive&) = delete;
    OverlayActive& operator=(const OverlayActive&) = delete;

    ~OverlayActive() override { discard(); }

    const fs::path& root() const noexcept override { return root_; }

    const fs::path& changes() override { return changes_; }

    void commit(const oci::DiffId& diff_id) override {
        unmount();
        folders_.commit(diff_id, changes_);
    }

private:
    void unmount() {
        // A process that another stage starts has our descriptors for the moment until it becomes its program.
        for (int tries = kBusyTriesMax; ::umount2(root_.c_str(), UMOUNT_NOFOLLOW) != 0; --tries) {
            if (errno != EBUSY)
                throw SystemError{errno, "cannot unmount " + nacre::quoted(root_.string())};
            if (tries <= 1)
                throw Error{
                    ErrorCode::Conflict,
                    "the snapshot at " + nacre::quoted(root_.string()) + " is in use"};
            pause(kBusyPause, {});
        }
        mounted_ = false;
    }

    void discard() noexcept {
        if (mounted_) ::umount2(root_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
        mounted_ = false;
        try {
            os::remove_tree(folder_);
        } catch (const Error&) {
            // Left to sweep(), as after the end of the process.
        }
    }

    LayerFolders& folders_;
    const fs::path folder_;
    const fs::path root_;
    const fs::path changes_;
    bool mounted_ = false;
};

}  // namespace

OverlaySnapshotter::OverlaySnapshotter(fs::path root) : folders_{std::move(root)} {}

bool OverlaySnapshotter::has_layer(const oci::DiffId& diff_id) const {
    return folders_.has(diff_id);
}

fs::path OverlaySnapshotter::prepare_layer(const oci::DiffId&) {
    fs::path folder = folders_.make_active();
    fs::permissions(folder, fs::perms{0755});
    return folder;
}

void OverlaySnapshotter::commit_layer(const oci::DiffId& diff_id, const fs::path& folder) {
    folders_.commit(diff_id, folder);
}

std::unique_ptr<ActiveSnapshot> OverlaySnapshotter::prepare(
    const std::vector<oci::DiffId>& layers) {
    if (layers.size() > kLayersMax)
        throw Error{
            ErrorCode::ResourceExhausted,
            fmt::format("an image of {} layers, the limit is {}", layers.size(), kLayersMax)};
    return std::make_unique<OverlayActive>(folders_, lower_folders(folders_, layers));
}

bool OverlaySnapshotter::remove_layer(const oci::DiffId& diff_id) {
    return folders_.remove(diff_id);
}

std::vector<oci::DiffId> OverlaySnapshotter::layers() const {
    return folders_.list();
}

int OverlaySnapshotter::sweep() {
    return folders_.sweep([](const fs::path& folder) {
        // EINVAL: it was not mounted, or a reboot unmounted it.
        ::umount2((folder / "merged").c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    });
}

}  // namespace nacre::store
