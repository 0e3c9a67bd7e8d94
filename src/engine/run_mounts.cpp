#include "engine/run_mounts.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/copy_sources.hpp"
#include "engine/root_folder.hpp"
#include "engine/step_key.hpp"
#include "engine/tree_files.hpp"
#include "exec/mount_points.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nacre::engine {
namespace {

namespace df = dockerfile;
namespace fs = std::filesystem;

constexpr const char* kSecretName = "secret";
constexpr std::size_t kSecretBytesMax = 1U << 20U;

void set_owner(int fd, std::uint32_t uid, std::uint32_t gid, std::uint32_t mode) {
    if (::fchown(fd, uid, gid) != 0 || ::fchmod(fd, mode) != 0)
        throw SystemError{errno, "cannot set the owner of what is mounted"};
}

/// A file system in memory that is mounted nowhere, with the secret in it.
os::UniqueFd make_secret_mount(const Secret& secret, const df::SecretMount& mount) {
    const os::UniqueFd context{::fsopen("tmpfs", FSOPEN_CLOEXEC)};
    const bool made =
        context && ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
    os::UniqueFd folder{
        made ? ::fsmount(
                   context.get(),
                   FSMOUNT_CLOEXEC,
                   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
             : -1};
    if (!folder) throw SystemError{errno, "cannot make memory for a secret"};
    const os::UniqueFd file{
        ::openat(folder.get(), kSecretName, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600)};
    if (!file) throw SystemError{errno, "cannot make the file of a secret"};
    os::write_all(file.get(), as_bytes(secret.reveal()));
    set_owner(file.get(), mount.uid, mount.gid, mount.mode);
    return folder;
}

void set_variable(
    std::vector<std::string>& env, const std::string& name, const std::string& value) {
    std::erase_if(env, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    env.push_back(name + "=" + value);
}

bool has_variable(const std::vector<std::string>& env, const std::string& name) {
    return std::ranges::any_of(
        env, [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

/// Whether overlay's own attributes are the only ones.
bool has_plain_attributes(const fs::path& path) {
    std::array<char, 4096> names{};
    const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
    if (size < 0) return errno == ENOTSUP;
    for (const std::string& name : split({names.data(), static_cast<std::size_t>(size)}, '\0')) {
        if (name.empty() || name == "trusted.overlay.origin" || name == "trusted.overlay.impure"
            || name == "user.overlay.origin" || name == "user.overlay.impure")
            continue;
        return false;
    }
    return true;
}

bool is_same_folder(const struct stat& a, const struct stat& b) {
    return S_ISDIR(a.st_mode) && S_ISDIR(b.st_mode) && a.st_mode == b.st_mode
           && a.st_uid == b.st_uid && a.st_gid == b.st_gid;
}

Error missing(const std::string& what, const std::string& id, const std::string& option) {
    return Error{ErrorCode::InvalidArgument, what + " " + quoted(id) + " is required and not given"}
        .with_hint("give it with " + option);
}

}  // namespace

RunMounts::RunMounts(Parts parts, const RunAction& action, exec::ContainerSpec& spec)
    : parts_{std::move(parts)} {
    for (const RunMount& mount : action.mounts)
        std::visit([&](const auto& typed) { add(typed, mount, spec); }, mount.mount);
    const RootFolder root{spec.root};
    for (const std::string& folder : exec::folders_of_stubs(spec))
        if (const auto status = root.find(folder)) touched_.emplace_back(folder, *status);
}

const fs::path& RunMounts::empty_folder() {
    snapshots_.push_back(parts_.prepare({}));
    return snapshots_.back()->root();
}

void RunMounts::bind(os::UniqueFd fd, exec::BindMount mount, exec::ContainerSpec& spec) {
    mount.source_fd = fd.get();
    held_.push_back(std::move(fd));
    spec.mounts.push_back(std::move(mount));
}

void RunMounts::add(
    const df::BindMount& bind_mount, const RunMount& mount, exec::ContainerSpec& spec) {
    with_context("mounting " + quoted(bind_mount.target), [&] {
        std::string source = bind_mount.source;
        fs::path root;
        if (is_tree(*mount.origin)) {
            root = empty_folder();
            source = write_tree_files(parts_.tree_of(*mount.origin), source, root, parts_.stop);
        } else {
            snapshots_.push_back(parts_.prepare(parts_.layers_of(*mount.origin)));
            root = snapshots_.back()->root();
        }
        bind(
            RootFolder{root}.open(source, O_PATH),
            {.target = bind_mount.target, .read_only = bind_mount.access == df::Access::ReadOnly},
            spec);
    });
}

void RunMounts::add(const df::CacheMount& cache, const RunMount& mount, exec::ContainerSpec& spec) {
    with_context("mounting cache " + quoted(cache.id), [&] {
        CacheFolder::Request wanted{.mount = cache, .trust = parts_.request.trust};
        std::string source = cache.source;
        if (parts_.services.cache_mounts.empty())
            throw Error{ErrorCode::Unsupported, "there is no folder for cache mounts"};
        if (mount.origin && is_tree(*mount.origin)) {
            source = "/";
            begin_with_tree(cache, parts_.tree_of(*mount.origin), wanted);
        } else if (mount.origin) {
            source = "/";
            const std::vector<Layer> layers = parts_.layers_of(*mount.origin);
            for (const Layer& layer : layers)
                wanted.origin.push_back(layer.diff_id.digest.str());
            wanted.fill = [this, layers, &cache](const fs::path& folder) {
                const auto origin = parts_.prepare(layers);
                copy_folder(RootFolder{origin->root()}, cache.source, folder, parts_.stop);
            };
        }
        caches_.push_back(CacheFolder::acquire(parts_.services.cache_mounts, wanted, parts_.stop));
        bind(
            RootFolder{caches_.back().content()}.open(source, O_PATH),
            {.target = cache.target, .read_only = cache.access == df::Access::ReadOnly},
            spec);
    });
}

void RunMounts::begin_with_tree(
    const df::CacheMount& cache, const source::Tree& tree, CacheFolder::Request& wanted) {
    wanted.origin.push_back(
        make_tree_key(tree, cache.source, parts_.request.source_date_epoch).hex);
    wanted.fill = [this, &tree, &cache](const fs::path& folder) {
        const fs::path root = empty_folder();
        const std::string written = write_tree_files(tree, cache.source, root, parts_.stop);
        copy_folder(RootFolder{root}, written, folder, parts_.stop);
    };
}

void RunMounts::add(
    const df::TmpfsMount& tmpfs, const RunMount& /*mount*/, exec::ContainerSpec& spec) {
    exec::TmpfsMount wanted{.target = tmpfs.target};
    if (tmpfs.size != 0) wanted.size_bytes = tmpfs.size;
    spec.tmpfs.push_back(std::move(wanted));
}

void RunMounts::add(
    const df::SecretMount& secret, const RunMount& /*mount*/, exec::ContainerSpec& spec) {
    const auto given = parts_.request.secrets.find(secret.id);
    if (given == parts_.request.secrets.end()) {
        if (secret.required) throw missing("secret", secret.id, "--secret id=" + secret.id);
        return;
    }
    if (given->second.reveal().size() > kSecretBytesMax)
        throw Error{
            ErrorCode::InvalidArgument,
            "secret " + quoted(secret.id) + " has " + std::to_string(given->second.reveal().size())
                + " bytes, the limit is " + std::to_string(kSecretBytesMax)};
    if (!secret.env.empty()) {
        const std::string& text = given->second.reveal();
        if (text.find('\0') != std::string::npos || sanitize_utf8(text) != text)
            throw Error{
                ErrorCode::InvalidArgument,
                "secret " + quoted(secret.id)
                    + " cannot be a variable: it is no text in UTF-8 without NUL"};
        set_variable(spec.env, secret.env, text);
    }
    if (!secret.target.empty())
        bind(
            make_secret_mount(given->second, secret),
            {.target = secret.target, .name_in_mount = kSecretName},
            spec);
}

void RunMounts::add(const df::SshMount& ssh, const RunMount& /*mount*/, exec::ContainerSpec& spec) {
    const std::string number = std::to_string(ssh_count_++);
    const auto agent = parts_.request.ssh_agents.find(ssh.id);
    if (agent == parts_.request.ssh_agents.end()) {
        if (ssh.required) throw missing("ssh agent", ssh.id, "--ssh " + ssh.id);
        return;
    }
    const std::string target =
        ssh.target.empty() ? "/run/buildkit/ssh_agent." + number : ssh.target;
    const fs::path folder = empty_folder();
    relays_.push_back(std::make_unique<SshRelay>(agent->second, folder, "agent"));
    const std::string socket = (folder / "agent").string();
    if (::chown(socket.c_str(), ssh.uid, ssh.gid) != 0 || ::chmod(socket.c_str(), ssh.mode) != 0)
        throw SystemError{errno, "cannot set the owner of the socket for the ssh agent"};
    bind(os::open_file(socket, O_PATH | O_NOFOLLOW), {.target = target}, spec);
    if (!has_variable(spec.env, "SSH_AUTH_SOCK")) set_variable(spec.env, "SSH_AUTH_SOCK", target);
}

void RunMounts::forget_mount_points(const fs::path& root, const fs::path& changes) const {
    const RootFolder changed{changes};
    const RootFolder whole{root};
    // The deepest first: a folder is empty when what was in it is forgotten.
    for (auto touched = touched_.rbegin(); touched != touched_.rend(); ++touched) {
        const auto& [path, before] = *touched;
        const auto now = changed.find(path);
        if (!now || !is_same_folder(*now, before) || !changed.list(path).empty()
            || !has_plain_attributes(changes / path))
            continue;
        const std::array<timespec, 2> times{{before.st_atim, before.st_mtim}};
        const os::UniqueFd folder = whole.open(path, O_RDONLY | O_DIRECTORY);
        ::futimens(folder.get(), times.data());
        ::rmdir((changes / path).c_str());
    }
}

}  // namespace nacre::engine
