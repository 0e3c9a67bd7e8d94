#include "engine/tree_files.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/copy_sources.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"
#include "store/tree_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

namespace nacre::engine {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kReadBytes = 256U << 10U;
constexpr const char* kPlace = "content";

void set_attributes(const fs::path& path, const source::Node& node) {
    const timespec time{.tv_sec = node.mtime, .tv_nsec = 0};
    const std::array<timespec, 2> times{time, time};
    const bool is_link = node.type == source::NodeType::Symlink;
    if ((!is_link && ::chmod(path.c_str(), node.mode) != 0)
        || ::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
        throw SystemError{errno, "cannot set the attributes of " + quoted(path.string())};
}

void write_node(const source::Tree& tree, const source::Node& node, const fs::path& path) {
    switch (node.type) {
        case source::NodeType::Directory:
            os::ensure_directory(path);
            return;
        case source::NodeType::Symlink:
            if (::symlink(node.link_target.c_str(), path.c_str()) != 0)
                throw SystemError{errno, "cannot make the link " + quoted(path.string())};
            break;
        case source::NodeType::File: {
            const os::UniqueFd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
            const auto content = tree.open(node);
            std::vector<std::byte> buffer(kReadBytes);
            while (const std::size_t count = content->read(buffer))
                os::write_all(file.get(), std::span{buffer}.first(count));
            break;
        }
        case source::NodeType::Other:
            throw Error{
                ErrorCode::InvalidArgument,
                "'" + node.path + "' of the build context is neither a file, a folder nor a link"};
    }
    set_attributes(path, node);
}

void check_stop(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Cancelled{};
}

/// NOLINTNEXTLINE(misc-no-recursion): as deep as folders are in each other.
void copy_children(int from, int to, const std::stop_token& stop) {
    os::Directory folder{os::UniqueFd{::fcntl(from, F_DUPFD_CLOEXEC, 0)}, "image"};
    while (const auto entry = folder.next()) {
        check_stop(stop);
        struct stat status{};
        if (::fstatat(from, entry->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            throw SystemError{errno, "cannot read " + quoted(entry->name) + " of the image"};
        store::copy_entry(from, entry->name, to, entry->name);
        if (!S_ISDIR(status.st_mode)) continue;
        constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        const os::UniqueFd inner{::openat(from, entry->name.c_str(), kFlags)};
        const os::UniqueFd made{::openat(to, entry->name.c_str(), kFlags)};
        if (!inner || !made) throw SystemError{errno, "cannot copy " + quoted(entry->name)};
        copy_children(inner.get(), made.get(), stop);
        store::copy_attributes(from, entry->name, to, entry->name);
    }
}

}  // namespace

std::string write_tree_files(
    const source::Tree& tree,
    const std::string& source,
    const fs::path& folder,
    const std::stop_token& stop) {
    const std::vector<std::string> nothing;
    const CopySelection selection = select_sources(tree, source, {nothing});
    const fs::path place = folder / kPlace;
    if (!selection.single_file) os::ensure_directory(place);
    for (const CopyItem& item : selection.items) {
        check_stop(stop);
        write_node(tree, item.node, selection.single_file ? place : place / item.target);
    }
    // The content of a folder changes its time: so folders come last, the deepest first.
    for (auto item = selection.items.rbegin(); item != selection.items.rend(); ++item)
        if (item->node.type == source::NodeType::Directory)
            set_attributes(place / item->target, item->node);
    return std::string{"/"} + kPlace;
}

void copy_folder(
    const RootFolder& image,
    const std::string& source,
    const fs::path& folder,
    const std::stop_token& stop) {
    const os::UniqueFd from = image.open(source, O_RDONLY | O_DIRECTORY);
    const os::UniqueFd to = os::open_file(folder, O_RDONLY | O_DIRECTORY);
    copy_children(from.get(), to.get(), stop);
    store::copy_attributes(from.get(), ".", to.get(), ".");
}

}  // namespace nacre::engine
