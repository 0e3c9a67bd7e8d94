#include "registry/oci_layout_registry.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "os/file_lock.hpp"
#include "registry/detail/image_parts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace nacre::registry {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexFile = "index.json";
constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr std::chrono::seconds kLockWaitMax{60};
constexpr std::size_t kCopyBytes = 1U << 20U;

void check_stop(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Cancelled{};
}

bool is_layout(const Repository& repository) {
    return repository.registry == kLayoutRegistry;
}

fs::path blob_path(const fs::path& folder, const oci::Digest& digest) {
    return folder / "blobs" / std::string{digest.algorithm()} / std::string{digest.hex()};
}

oci::Index read_index(const fs::path& folder) {
    const auto text = os::find_file(folder / kIndexFile, kManifestBytesMax);
    if (!text) return {.media_type = std::string{oci::kMediaTypeIndex}};
    return with_context((folder / kIndexFile).string(), [&] {
        return oci::parse_index(*text, oci::kMediaTypeIndex);
    });
}

std::string name_of(const oci::Descriptor& image) {
    for (const auto& [key, value] : image.annotations)
        if (key == kRefName) return value;
    return "";
}

/// Some programs write the whole reference where others write the tag.
bool is_named(const oci::Descriptor& image, const std::string& image_tag) {
    const std::string name = name_of(image);
    return name == image_tag || name.ends_with(":" + image_tag);
}

const oci::Descriptor* find_image(const oci::Index& index, const oci::Reference& reference) {
    const auto found = std::ranges::find_if(index.manifests, [&](const oci::Descriptor& image) {
        return reference.digest ? image.digest == *reference.digest
                                : is_named(image, reference.effective_tag());
    });
    if (found != index.manifests.end()) return &*found;
    const bool names_nothing = reference.image_tag.empty() && !reference.digest;
    return names_nothing && index.manifests.size() == 1 ? &index.manifests.front() : nullptr;
}

std::string media_type_of(const std::string& bytes) {
    const json::Value value = json::parse(bytes);
    const json::Reader reader{value, "manifest"};
    const std::string_view fallback =
        reader.has("manifests") ? oci::kMediaTypeIndex : oci::kMediaTypeManifest;
    return reader.get_string_or("mediaType", fallback);
}

[[noreturn]] void refuse_size(const oci::Descriptor& blob, std::uint64_t found) {
    throw Error{
        ErrorCode::DataCorrupt,
        "blob " + blob.digest.str() + " has " + std::to_string(found)
            + " bytes, its descriptor says " + std::to_string(blob.size)};
}

/// Ends only after bytes with the digest.
class VerifiedSource final : public ByteSource {
public:
    VerifiedSource(std::unique_ptr<ByteSource> next, oci::Descriptor blob, std::string place)
        : next_{std::move(next)},
          blob_{std::move(blob)},
          place_{std::move(place)},
          digester_{archive::algorithm_of_digest(blob_.digest.algorithm())} {}

    std::size_t read(std::span<std::byte> buffer) override {
        if (is_verified_) return 0;
        const std::size_t count = next_->read(buffer);
        if (count > 0) {
            digester_.update(buffer.first(count));
            return count;
        }
        const std::string found = digester_.finish_hex();
        if (found != blob_.digest.hex())
            throw Error{
                ErrorCode::DataCorrupt,
                "blob " + blob_.digest.str() + " of '" + place_ + "': its bytes have the digest "
                    + found};
        is_verified_ = true;
        return 0;
    }

private:
    const std::unique_ptr<ByteSource> next_;
    const oci::Descriptor blob_;
    const std::string place_;
    archive::Digester digester_;
    bool is_verified_ = false;
};

/// A blob's file, which has its name when it is whole.
class NewBlob {
public:
    NewBlob(const fs::path& folder, const oci::Digest& digest)
        : path_{blob_path(folder, digest)},
          temporary_{
              path_.parent_path()
              / (".part-" + std::to_string(::getpid()) + "-" + path_.filename().string())} {
        os::ensure_directory(path_.parent_path());
        fd_ = os::open_file(temporary_, O_WRONLY | O_CREAT | O_TRUNC);
    }

    NewBlob(const NewBlob&) = delete;
    NewBlob& operator=(const NewBlob&) = delete;

    ~NewBlob() {
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
    }

    int fd() const noexcept { return fd_.get(); }

    void commit() {
        fd_.close();
        if (::rename(temporary_.c_str(), path_.c_str()) != 0)
            throw SystemError{errno, "cannot name the file " + quoted(path_.string())};
        temporary_.clear();
    }

private:
    const fs::path path_;
    fs::path temporary_;
    os::UniqueFd fd_;
};

std::optional<std::uint64_t> size_of(const fs::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode))
        return static_cast<std::uint64_t>(status.st_size);
    return std::nullopt;
}

void ensure_layout(const fs::path& folder) {
    os::ensure_directory(folder);
    if (!fs::exists(folder / "oci-layout"))
        os::write_file_atomically(
            folder / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})", os::Durability::Buffered);
}

/// Changes index.json in one step, one process after another.
template <class Change>
void change_index(const fs::path& folder, const std::stop_token& stop, Change change) {
    const os::FileLock lock = os::FileLock::acquire(
        folder / ".lock", kLockWaitMax, stop, os::FileLock::Afterwards::Remove);
    oci::Index index = read_index(folder);
    change(index);
    os::write_file_atomically(folder / kIndexFile, oci::render(index), os::Durability::Buffered);
}

void check_document(const Document& document, const fs::path& folder) {
    const std::string found = archive::hash_hex(
        archive::algorithm_of_digest(document.descriptor.digest.algorithm()),
        as_bytes(document.bytes));
    if (found != document.descriptor.digest.hex())
        throw Error{
            ErrorCode::DataCorrupt,
            "the manifest has the digest " + found + ", it was announced as "
                + document.descriptor.digest.str()};
    for (const oci::Descriptor& part : detail::parts_of(document))
        if (!size_of(blob_path(folder, part.digest)))
            throw Error{
                ErrorCode::NotFound, quoted(folder.string()) + " has no blob " + part.digest.str()};
}

}  // namespace

Repository layout_repository(const fs::path& folder) {
    return {
        .registry = std::string{kLayoutRegistry},
        .name = folder.lexically_normal().relative_path().string()};
}

fs::path OciLayoutRegistry::folder_of(const Repository& repository) const {
    return root_ / repository.name;
}

std::optional<Document> OciLayoutRegistry::find_manifest(
    const oci::Reference& reference, std::stop_token stop) {
    const Repository repository = repository_of(reference);
    if (!is_layout(repository)) return next_.find_manifest(reference, std::move(stop));
    check_stop(stop);
    const fs::path folder = folder_of(repository);
    const oci::Index index = read_index(folder);
    const oci::Descriptor* named = find_image(index, reference);
    if (named == nullptr && !reference.digest) return std::nullopt;
    const oci::Digest& digest = named == nullptr ? *reference.digest : named->digest;
    auto bytes = os::find_file(blob_path(folder, digest), kManifestBytesMax);
    if (!bytes) return std::nullopt;
    const std::string found =
        archive::hash_hex(archive::algorithm_of_digest(digest.algorithm()), as_bytes(*bytes));
    if (found != digest.hex())
        throw Error{
            ErrorCode::DataCorrupt,
            "manifest " + digest.str() + " of " + quoted(folder.string()) + " has the digest "
                + found};
    Document document{
        .descriptor =
            {.media_type = named == nullptr ? media_type_of(*bytes) : named->media_type,
             .digest = digest,
             .size = bytes->size()},
        .bytes = *std::move(bytes)};
    if (!oci::is_index(document.descriptor.media_type)
        && !oci::is_manifest(document.descriptor.media_type))
        return std::nullopt;
    return document;
}

std::optional<oci::Descriptor> OciLayoutRegistry::find_manifest_descriptor(
    const oci::Reference& reference, std::stop_token stop) {
    if (!is_layout(repository_of(reference)))
        return next_.find_manifest_descriptor(reference, std::move(stop));
    const auto found = find_manifest(reference, std::move(stop));
    return found ? std::optional{found->descriptor} : std::nullopt;
}

std::optional<std::uint64_t> OciLayoutRegistry::find_blob(
    const Repository& repository, const oci::Digest& digest, std::stop_token stop) {
    if (!is_layout(repository)) return next_.find_blob(repository, digest, std::move(stop));
    check_stop(stop);
    return size_of(blob_path(folder_of(repository), digest));
}

std::unique_ptr<ByteSource> OciLayoutRegistry::open_blob(
    const Repository& repository, const oci::Descriptor& blob, std::stop_token stop) {
    if (!is_layout(repository)) return next_.open_blob(repository, blob, std::move(stop));
    check_stop(stop);
    const fs::path path = blob_path(folder_of(repository), blob.digest);
    const auto size = size_of(path);
    if (!size)
        throw Error{ErrorCode::NotFound, repository.str() + " has no blob " + blob.digest.str()};
    if (*size != blob.size) refuse_size(blob, *size);
    return std::make_unique<VerifiedSource>(
        std::make_unique<os::FileSource>(os::open_file(path, O_RDONLY)), blob, repository.str());
}

bool OciLayoutRegistry::try_mount(
    const Repository& to, const Repository& from, const oci::Digest& digest, std::stop_token stop) {
    if (to.registry != from.registry)
        throw Error{
            ErrorCode::InvalidArgument,
            "blobs cannot be mounted from '" + from.str() + "' to another registry, '" + to.str()
                + "'"};
    if (!is_layout(to)) return next_.try_mount(to, from, digest, std::move(stop));
    check_stop(stop);
    const fs::path origin = blob_path(folder_of(from), digest);
    const fs::path copy = blob_path(folder_of(to), digest);
    if (!size_of(origin)) return false;
    ensure_layout(folder_of(to));
    os::ensure_directory(copy.parent_path());
    // Another file system: the bytes have to be copied.
    return ::link(origin.c_str(), copy.c_str()) == 0 || errno == EEXIST;
}

void OciLayoutRegistry::upload_blob(
    const Repository& repository,
    const oci::Descriptor& blob,
    const store::BlobStore& blobs,
    std::stop_token stop) {
    if (!is_layout(repository)) {
        next_.upload_blob(repository, blob, blobs, std::move(stop));
        return;
    }
    check_stop(stop);
    const auto source = blobs.open_once(blob.digest);
    const fs::path folder = folder_of(repository);
    ensure_layout(folder);
    NewBlob file{folder, blob.digest};
    std::vector<std::byte> buffer(kCopyBytes);
    std::uint64_t size = 0;
    while (const std::size_t count = source->read(buffer)) {
        check_stop(stop);
        os::write_all(file.fd(), Bytes{buffer}.first(count));
        size += count;
    }
    if (size != blob.size) refuse_size(blob, size);
    file.commit();
}

void OciLayoutRegistry::put_manifest(
    const Repository& repository,
    const std::string& image_tag,
    const Document& document,
    std::stop_token stop) {
    if (!is_layout(repository)) {
        next_.put_manifest(repository, image_tag, document, std::move(stop));
        return;
    }
    check_stop(stop);
    const fs::path folder = folder_of(repository);
    check_document(document, folder);
    NewBlob file{folder, document.descriptor.digest};
    os::write_all(file.fd(), as_bytes(document.bytes));
    file.commit();
    if (image_tag.empty()) return;
    change_index(folder, stop, [&](oci::Index& index) {
        std::erase_if(index.manifests, [&](const oci::Descriptor& image) {
            return name_of(image) == image_tag;
        });
        oci::Descriptor named = document.descriptor;
        named.annotations.emplace_back(kRefName, image_tag);
        index.manifests.push_back(std::move(named));
    });
}

bool OciLayoutRegistry::remove_manifest(
    const Repository& repository, const oci::Digest& digest, std::stop_token stop) {
    if (!is_layout(repository)) return next_.remove_manifest(repository, digest, std::move(stop));
    check_stop(stop);
    const fs::path folder = folder_of(repository);
    const fs::path path = blob_path(folder, digest);
    if (!size_of(path)) return false;
    change_index(folder, stop, [&](oci::Index& index) {
        std::erase_if(
            index.manifests, [&](const oci::Descriptor& image) { return image.digest == digest; });
    });
    return fs::remove(path);
}

std::vector<std::string> OciLayoutRegistry::tags(
    const Repository& repository, std::stop_token stop) {
    if (!is_layout(repository)) return next_.tags(repository, std::move(stop));
    check_stop(stop);
    std::vector<std::string> names;
    for (const oci::Descriptor& image : read_index(folder_of(repository)).manifests)
        if (const std::string name = name_of(image); !name.empty()) names.push_back(name);
    return names;
}

}  // namespace nacre::registry
