#include "publish/mirror_publisher.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "publish/oci_archive.hpp"
#include "publish/publication_path.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

namespace nacre::publish {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChecksumMax = 4096;
constexpr std::size_t kReadBuffer = 256U << 10U;

/// What is in a file or would be.
struct Content {
    std::string sha256;
    std::uint64_t size = 0;

    bool operator==(const Content&) const = default;
};

Content write_archive(
    const store::BlobStore& blobs, const Publication& publication, ByteSink& out) {
    archive::DigestingSink digesting{archive::HashAlgorithm::Sha256, out};
    BufferedSink buffered{digesting};
    write_oci_archive(blobs, publication.manifest, publication.reference, buffered);
    buffered.flush();
    return {digesting.finish_hex(), digesting.size()};
}

Content read_content(const fs::path& file) {
    os::FileSource source{os::open_file(file, O_RDONLY)};
    archive::Digester digester{archive::HashAlgorithm::Sha256};
    std::vector<std::byte> buffer(kReadBuffer);
    Content content;
    while (const std::size_t got = source.read(buffer)) {
        digester.update(Bytes{buffer}.first(got));
        content.size += got;
    }
    content.sha256 = digester.finish_hex();
    return content;
}

std::string render_checksum(const std::string& file, const Content& content) {
    return fmt::format(
        "# {}: {} bytes\nSHA256 ({}) = {}\n", file, content.size, file, content.sha256);
}

/// Gives the file its name, which must be free; false when it is taken.
bool link_file(int file, const fs::path& target) {
    const std::string source = "/proc/self/fd/" + std::to_string(file);
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW) == 0)
        return true;
    if (errno == EEXIST) return false;
    throw SystemError{errno, "cannot publish " + nacre::quoted(target.string())};
}

/// New folders must survive a power cut as what is in them does.
void ensure_folder(const fs::path& root, const fs::path& folder) {
    if (fs::is_directory(root / folder)) return;
    os::ensure_directory(root / folder);
    for (fs::path at = root / folder; at != root; at = at.parent_path())
        os::sync_directory(at.parent_path());
}

bool remove_file(const fs::path& file) {
    if (::unlink(file.c_str()) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw SystemError{errno, "cannot remove " + nacre::quoted(file.string())};
}

}  // namespace

MirrorPublisher::MirrorPublisher(fs::path root, const store::BlobStore& blobs)
    : root_{std::move(root)},
      blobs_{blobs} {
    os::ensure_directory(root_);
}

Receipt MirrorPublisher::publish(const Publication& publication) {
    const PublicationPath path = path_of(publication);
    ensure_folder(root_, path.folder);
    const fs::path folder = root_ / path.folder;
    os::UniqueFd file = os::open_file(folder, O_TMPFILE | O_RDWR);
    os::FdSink sink{file.get()};
    const Content content = with_context(
        "publishing " + path.archive, [&] { return write_archive(blobs_, publication, sink); });
    if (!fs::exists(folder / path.archive) && ::fsync(file.get()) != 0)
        throw SystemError{errno, "cannot write " + nacre::quoted((folder / path.archive).string())};
    if (!link_file(file.get(), folder / path.archive)
        && read_content(folder / path.archive) != content)
        throw Error{
            ErrorCode::Conflict,
            "another image is published as " + nacre::quoted((path.folder / path.archive).string())}
            .with_hint("build with a new release, or retract what is there");
    const std::string checksum = render_checksum(path.archive, content);
    if (os::find_file(folder / path.checksum, kChecksumMax) != checksum)
        os::write_file_atomically(folder / path.checksum, checksum);
    os::sync_directory(folder);
    return {(path.folder / path.archive).string(), content.sha256, content.size};
}

bool MirrorPublisher::retract(const Publication& publication) {
    const PublicationPath path = path_of(publication);
    const fs::path folder = root_ / path.folder;
    // The archive last: while it is there, retracting can be repeated.
    remove_file(folder / path.checksum);
    if (!remove_file(folder / path.archive)) return false;
    os::sync_directory(folder);
    return true;
}

}  // namespace nacre::publish
