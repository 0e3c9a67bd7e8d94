#include "store/copy_snapshotter.hpp"

#include "base/error.hpp"
#include "base/path_names.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "store/in_root.hpp"
#include "store/layers.hpp"
#include "store/tree_copy.hpp"
#include "store/xattrs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

/// What changes when anything about a file changes: every write, chmod, chown, link and attribute moves the
/// ctime. Inode numbers are used again, so the time of birth says whether it is the same file.
struct Stamp {
    using Time = std::pair<std::int64_t, std::uint32_t>;

    std::uint64_t inode = 0;
    Time born;
    Time changed;
    Time modified;
    std::uint32_t mode = 0;
    std::uint64_t size = 0;

    bool operator==(const Stamp&) const = default;

    bool is_same_file(const Stamp& other) const noexcept {
        return inode == other.inode && born == other.born;
    }

    bool is_folder() const noexcept { return S_ISDIR(mode); }
};

using Stamps = std::map<std::string, Stamp>;

Stamp read_stamp(int folder, const std::string& name) {
    struct statx status{};
    constexpr unsigned kWanted = STATX_BASIC_STATS | STATX_BTIME;
    if (::statx(folder, name.c_str(), AT_SYMLINK_NOFOLLOW, kWanted, &status) != 0)
        throw SystemError{errno, "cannot look at " + nacre::quoted(name)};
    const auto time_of = [](const statx_timestamp& time) {
        return Stamp::Time{time.tv_sec, time.tv_nsec};
    };
    return {
        status.stx_ino,
        time_of(status.stx_btime),
        time_of(status.stx_ctime),
        time_of(status.stx_mtime),
        status.stx_mode,
        status.stx_size};
}

os::UniqueFd open_folder(int root, const std::string& path) {
    os::UniqueFd fd = try_open_in_root(root, path, O_PATH | O_DIRECTORY, Links::Refuse);
    if (!fd) throw SystemError{errno, "cannot open the folder " + nacre::quoted(path)};
    return fd;
}

/// By path, so that a folder comes before what is in it.
Stamps read_stamps(int root) {
    Stamps stamps;
    std::vector<std::string> folders{""};
    while (!folders.empty()) {
        const std::string folder = std::move(folders.back());
        folders.pop_back();
        const os::UniqueFd fd = open_folder(root, folder);
        for (const auto& entry : fs::directory_iterator{path_in(fd.get(), "")}) {
            const std::string name = entry.path().filename().string();
            const Stamp stamp = read_stamp(fd.get(), name);
            std::string path = (folder.empty() ? "" : folder + "/") + name;
            if (S_ISSOCK(stamp.mode)) continue;
            if (stamp.is_folder()) folders.push_back(path);
            stamps.emplace(std::move(path), stamp);
        }
    }
    return stamps;
}

/// Puts what differs between two states of a tree into a folder, in overlay's on-disk form.
class ChangeCollector {
public:
    ChangeCollector(const fs::path& tree, const fs::path& changes, const Stamps& before)
        : tree_{os::open_file(tree, O_PATH | O_DIRECTORY)},
          changes_{os::open_file(changes, O_PATH | O_DIRECTORY)},
          before_{before},
          after_{read_stamps(tree_.get())} {}

    void run() {
        for (const auto& [path, stamp] : after_) {
            const auto old = before_.find(path);
            if (old != before_.end() && old->second == stamp) continue;
            take(path, stamp, old == before_.end() ? nullptr : &old->second);
        }
        for (const auto& [path, stamp] : before_)
            if (!after_.contains(path) && is_merged(parent_of(path))) hide(path);
        for (auto it = copied_folders_.rbegin(); it != copied_folders_.rend(); ++it)
            copy_folder_attributes(*it);
    }

private:
    /// Whether the folder is the same one as before, so that what went from it needs a whiteout.
    bool is_merged(const std::string& folder) const {
        if (folder.empty()) return true;
        const auto old = before_.find(folder);
        const auto now = after_.find(folder);
        return old != before_.end() && now != after_.end() && old->second.is_folder()
               && now->second.is_folder() && old->second.is_same_file(now->second)
               && is_merged(parent_of(folder));
    }

    void take(const std::string& path, const Stamp& stamp, const Stamp* old) {
        const os::UniqueFd to = make_parents(path);
        const os::UniqueFd from = open_folder(tree_.get(), parent_of(path));
        const std::string name = base_name(path);
        if (stamp.is_folder()) {
            make_folder(to.get(), path);
            if (old != nullptr && !(old->is_folder() && old->is_same_file(stamp)))
                make_opaque(path_in(to.get(), name), current_privilege());
            return;
        }
        const auto [first, is_new] = first_paths_.try_emplace(stamp.inode, path);
        if (is_new) {
            copy_entry(from.get(), name, to.get(), name);
            return;
        }
        const os::UniqueFd folder = open_folder(changes_.get(), parent_of(first->second));
        if (::linkat(folder.get(), base_name(first->second).c_str(), to.get(), name.c_str(), 0)
            != 0)
            throw SystemError{errno, "cannot make the hard link " + nacre::quoted(path)};
    }

    void hide(const std::string& path) {
        const os::UniqueFd to = make_parents(path);
        if (::mknodat(to.get(), base_name(path).c_str(), S_IFCHR, 0) != 0)
            throw SystemError{errno, "cannot make a whiteout of " + nacre::quoted(path)};
    }

    os::UniqueFd make_parents(const std::string& path) {
        const std::string parent = parent_of(path);
        if (!parent.empty()) {
            const os::UniqueFd above = make_parents(parent);
            make_folder(above.get(), parent);
        }
        return open_folder(changes_.get(), parent);
    }

    void make_folder(int parent, const std::string& path) {
        if (::mkdirat(parent, base_name(path).c_str(), 0700) == 0) {
            copied_folders_.push_back(path);
        } else if (errno != EEXIST) {
            throw SystemError{errno, "cannot make the folder " + nacre::quoted(path)};
        }
    }

    void copy_folder_attributes(const std::string& path) {
        const os::UniqueFd from = open_folder(tree_.get(), path);
        const os::UniqueFd to = open_folder(changes_.get(), path);
        copy_attributes(from.get(), ".", to.get(), ".");
    }

    os::UniqueFd tree_;
    os::UniqueFd changes_;
    const Stamps& before_;
    Stamps after_;
    std::map<std::uint64_t, std::string> first_paths_;
    std::vector<std::string> copied_folders_;
};

class CopyActive final : public ActiveSnapshot {
public:
    CopyActive(LayerFolders& folders, const std::vector<fs::path>& layers)
        : folders_{folders},
          folder_{folders.make_active()},
          root_{folder_ / "root"},
          changes_{folder_ / "changes"} {
        try {
            os::ensure_directory(root_);
            fs::permissions(root_, fs::perms{0755});
            for (const fs::path& layer : layers)
                lay_over(layer, root_);
            before_ = read_stamps(os::open_file(root_, O_PATH | O_DIRECTORY).get());
        } catch (const Error&) {
            discard();
            throw;
        }
    }

    CopyActive(const CopyActive&) = delete;
    CopyActive& operator=(const CopyActive&) = delete;

    ~CopyActive() override { discard(); }

    const fs::path& root() const noexcept override { return root_; }

    const fs::path& changes() override {
        os::remove_tree(changes_);
        os::ensure_directory(changes_);
        fs::permissions(changes_, fs::perms{0755});
        ChangeCollector{root_, changes_, before_}.run();
        return changes_;
    }

    void commit(const oci::DiffId& diff_id) override { folders_.commit(diff_id, changes()); }

private:
    void discard() noexcept {
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
    Stamps before_;
};

}  // namespace

CopySnapshotter::CopySnapshotter(fs::path root) : folders_{std::move(root)} {}

bool CopySnapshotter::has_layer(const oci::DiffId& diff_id) const {
    return folders_.has(diff_id);
}

fs::path CopySnapshotter::prepare_layer(const oci::DiffId&) {
    fs::path folder = folders_.make_active();
    fs::permissions(folder, fs::perms{0755});
    return folder;
}

void CopySnapshotter::commit_layer(const oci::DiffId& diff_id, const fs::path& folder) {
    folders_.commit(diff_id, folder);
}

std::unique_ptr<ActiveSnapshot> CopySnapshotter::prepare(const std::vector<oci::DiffId>& layers) {
    std::vector<fs::path> paths;
    for (const oci::DiffId& layer : layers)
        paths.push_back(folders_.get(layer));
    return std::make_unique<CopyActive>(folders_, paths);
}

bool CopySnapshotter::remove_layer(const oci::DiffId& diff_id) {
    return folders_.remove(diff_id);
}

std::vector<oci::DiffId> CopySnapshotter::layers() const {
    return folders_.list();
}

int CopySnapshotter::sweep() {
    return folders_.sweep([](const fs::path&) {});
}

}  // namespace nacre::store
