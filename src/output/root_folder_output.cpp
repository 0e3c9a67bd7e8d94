#include "output/root_folder_output.hpp"

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/queue.hpp"
#include "base/text.hpp"
#include "base/thread_group.hpp"
#include "os/directory.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"
#include "output/merged_layers.hpp"

#include <stdio.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <optional>

namespace nacre::output {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkBytes = 256U << 10U;
constexpr std::size_t kChunksMax = 8;

/// Brings bytes from the thread that merges to the one that unpacks. An empty chunk is the end.
class Channel final : public ByteSink, public ByteSource {
public:
    void write(Bytes bytes) override {
        pending_ += as_text(bytes);
        if (pending_.size() >= kChunkBytes) flush();
    }

    void finish() {
        if (!pending_.empty()) flush();
        flush();
    }

    std::size_t read(std::span<std::byte> buffer) override {
        while (at_ == chunk_.size()) {
            if (ended_) return 0;
            auto next = chunks_.pop(stop_.get_token());
            if (!next) throw Cancelled{};
            chunk_ = std::move(*next);
            at_ = 0;
            ended_ = chunk_.empty();
        }
        const std::size_t count = std::min(buffer.size(), chunk_.size() - at_);
        std::ranges::copy(as_bytes(chunk_).subspan(at_, count), buffer.begin());
        at_ += count;
        return count;
    }

    /// Neither side waits for the other any more.
    void give_up() noexcept { stop_.request_stop(); }

private:
    void flush() {
        if (!chunks_.push(std::exchange(pending_, {}), stop_.get_token())) throw Cancelled{};
    }

    Queue<std::string> chunks_{kChunksMax};
    std::stop_source stop_;
    std::string pending_;  ///< of the writer
    std::string chunk_;    ///< of the reader
    std::size_t at_ = 0;
    bool ended_ = false;
};

store::LayerSummary unpack(
    const store::BlobStore& blobs,
    const std::vector<oci::Descriptor>& layers,
    const fs::path& folder,
    const std::stop_token& stop) {
    Channel channel;
    const std::stop_callback stopped{stop, [&] { channel.give_up(); }};
    std::exception_ptr failure;
    store::LayerSummary summary;
    {
        ThreadGroup threads;
        threads.start("merge", [&](const std::stop_token&) {
            try {
                write_merged_layers(blobs, layers, MergeInto::Root, channel);
                channel.finish();
            } catch (...) {
                failure = std::current_exception();
                channel.give_up();
            }
        });
        try {
            archive::TarReader tar{channel, {}};
            summary = store::apply_layer(tar, folder);
        } catch (const Cancelled&) {
            channel.give_up();
            threads.join();
            if (failure && !stop.stop_requested()) std::rethrow_exception(failure);
            throw;
        } catch (const Error&) {
            channel.give_up();
            throw;
        }
    }
    return summary;
}

/// Moves what is in one folder into another on the same file system.
class Mover {
public:
    void move(int from, int to, const fs::path& shown) {
        os::Directory names{
            os::UniqueFd{::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, shown};
        while (const auto entry = names.next())
            move_entry(from, to, entry->name, shown / entry->name);
    }

private:
    void move_entry(int from, int to, const std::string& name, const fs::path& shown) {
        struct stat there{};
        struct stat here{};
        const bool is_taken = ::fstatat(to, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
        if (::fstatat(from, name.c_str(), &here, AT_SYMLINK_NOFOLLOW) != 0)
            throw SystemError{errno, "cannot examine " + nacre::quoted(shown.string())};
        if (is_taken && S_ISDIR(there.st_mode) && S_ISDIR(here.st_mode)) {
            merge(from, to, name, here, shown);
            return;
        }
        if (is_taken && S_ISDIR(there.st_mode)) {
            throw Error{
                ErrorCode::Conflict,
                "the folder " + nacre::quoted(shown.string())
                    + " is in the way of a file of the image"};
        }
        // Over a file in one step; a folder cannot replace a file.
        if (is_taken && S_ISDIR(here.st_mode)) ::unlinkat(to, name.c_str(), 0);
        if (::renameat(from, name.c_str(), to, name.c_str()) != 0)
            throw SystemError{errno, "cannot put " + nacre::quoted(shown.string()) + " in place"};
    }

    void merge(
        int from, int to, const std::string& name, const struct stat& here, const fs::path& shown) {
        constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        const os::UniqueFd inner{::openat(from, name.c_str(), kFlags)};
        const os::UniqueFd target{::openat(to, name.c_str(), kFlags)};
        if (!inner || !target)
            throw SystemError{errno, "cannot open the folder " + nacre::quoted(shown.string())};
        move(inner.get(), target.get(), shown);
        if (store::current_privilege() == store::Privilege::Root
            && ::fchown(target.get(), here.st_uid, here.st_gid) != 0)
            throw SystemError{errno, "cannot give away " + nacre::quoted(shown.string())};
        const timespec times[] = {here.st_atim, here.st_mtim};
        if (::fchmod(target.get(), here.st_mode & 07777U) != 0
            || ::futimens(target.get(), times) != 0)
            throw SystemError{
                errno, "cannot set mode and time of " + nacre::quoted(shown.string())};
    }
};

}  // namespace

store::LayerSummary write_root_folder(
    const store::BlobStore& blobs,
    const std::vector<oci::Descriptor>& layers,
    const fs::path& folder,
    std::stop_token stop) {
    fs::create_directories(folder);
    const os::TempDir temporary{folder, "nacre"};
    const store::LayerSummary summary = unpack(blobs, layers, temporary.path(), stop);
    // A small root is unpacked before anybody waits: the last moment at which nothing is in the folder yet.
    if (stop.stop_requested()) throw Cancelled{};
    const os::UniqueFd from = os::open_file(temporary.path(), O_RDONLY | O_DIRECTORY);
    const os::UniqueFd to = os::open_file(folder, O_RDONLY | O_DIRECTORY);
    Mover{}.move(from.get(), to.get(), folder);
    return summary;
}

}  // namespace nacre::output
