#include "store/directory_image_names.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"
#include "os/file.hpp"
#include "os/file_lock.hpp"
#include "store/memory_image_names.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stop_token>

namespace nacre::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kContentMax = 4096;
/// A change writes two small files; who waits longer than this waits for a broken disk.
constexpr std::chrono::milliseconds kLockWaitMax{30'000};

constexpr const char* kManifests = "_manifests";
constexpr const char* kTags = "_tags";

fs::path manifest_file(const fs::path& folder, const oci::Digest& digest) {
    return folder / kManifests / std::string{digest.algorithm()} / std::string{digest.hex()};
}

fs::path tag_file(const fs::path& folder, std::string_view image_tag) {
    return folder / kTags / std::string{image_tag};
}

/// Excludes other changes of the repository.
os::FileLock lock(const fs::path& folder) {
    return os::FileLock::acquire(folder / "_lock", kLockWaitMax, std::stop_token{});
}

/// Under the lock. The temporary name is outside the folders that are listed: any name there is a tag.
void put(const fs::path& folder, const fs::path& file, std::string_view content) {
    os::ensure_directory(file.parent_path());
    const fs::path temporary = folder / "_new";
    {
        os::UniqueFd fd = os::open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
        os::write_all(fd.get(), as_bytes(content));
        if (::fsync(fd.get()) != 0)
            throw SystemError{errno, "cannot flush " + nacre::quoted(temporary.string())};
        fd.close();
    }
    if (::rename(temporary.c_str(), file.c_str()) != 0)
        throw SystemError{errno, "cannot write " + nacre::quoted(file.string())};
    os::sync_directory(file.parent_path());
}

bool remove_file(const fs::path& file) {
    if (::unlink(file.c_str()) == 0) {
        os::sync_directory(file.parent_path());
        return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw SystemError{errno, "cannot remove " + nacre::quoted(file.string())};
}

/// Folders which are new must survive a power cut as what is in them does.
void ensure_synced_directory(const fs::path& root, const fs::path& folder) {
    os::ensure_directory(folder);
    for (fs::path at = folder; at != root; at = at.parent_path())
        os::sync_directory(at.parent_path());
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator{folder, missing})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

std::optional<NamedManifest> read_manifest(const fs::path& folder, const oci::Digest& digest) {
    auto media_type = os::find_file(manifest_file(folder, digest), kContentMax);
    if (!media_type) return std::nullopt;
    return NamedManifest{digest, std::move(*media_type)};
}

std::optional<oci::Digest> read_tag(const fs::path& folder, std::string_view image_tag) {
    const auto content = os::find_file(tag_file(folder, image_tag), kContentMax);
    if (!content) return std::nullopt;
    return with_context("tag file " + nacre::quoted(tag_file(folder, image_tag).string()), [&] {
        return oci::Digest::parse(*content);
    });
}

std::vector<NamedManifest> read_manifests(const fs::path& folder) {
    std::vector<NamedManifest> result;
    for (const std::string& algorithm : names_in(folder / kManifests))
        for (const std::string& hex : names_in(folder / kManifests / algorithm)) {
            const auto digest = oci::Digest::try_parse(algorithm + ":" + hex);
            if (!digest) continue;
            if (auto manifest = read_manifest(folder, *digest))
                result.push_back(std::move(*manifest));
        }
    return result;
}

void collect(const fs::path& folder, const std::string& name, std::vector<std::string>& found) {
    for (const std::string& part : names_in(folder)) {
        if (part.starts_with('_')) continue;
        const std::string repository = name.empty() ? part : name + "/" + part;
        if (!oci::is_repository(repository)) continue;
        if (!read_manifests(folder / part).empty()) found.push_back(repository);
        collect(folder / part, repository, found);
    }
}

}  // namespace

DirectoryImageNames::DirectoryImageNames(fs::path root) : root_{std::move(root)} {
    os::ensure_directory(root_);
}

fs::path DirectoryImageNames::folder_of(std::string_view repository) const {
    require_repository(repository);
    return root_ / std::string{repository};
}

void DirectoryImageNames::add_manifest(std::string_view repository, const NamedManifest& manifest) {
    const fs::path folder = folder_of(repository);
    ensure_synced_directory(root_, folder);
    const os::FileLock held = lock(folder);
    if (read_manifest(folder, manifest.digest) == manifest) return;
    const fs::path file = manifest_file(folder, manifest.digest);
    ensure_synced_directory(root_, file.parent_path());
    put(folder, file, manifest.media_type);
}

std::optional<NamedManifest> DirectoryImageNames::find_manifest(
    std::string_view repository, const oci::Digest& digest) const {
    return read_manifest(folder_of(repository), digest);
}

bool DirectoryImageNames::remove_manifest(std::string_view repository, const oci::Digest& digest) {
    const fs::path folder = folder_of(repository);
    if (!fs::exists(folder)) return false;
    const os::FileLock held = lock(folder);
    if (!read_manifest(folder, digest)) return false;
    // Tags first: when the power goes in between, no tag means what is not there.
    for (const std::string& name : names_in(folder / kTags))
        if (read_tag(folder, name) == digest) remove_file(tag_file(folder, name));
    return remove_file(manifest_file(folder, digest));
}

void DirectoryImageNames::set_tag(
    std::string_view repository, std::string_view image_tag, const oci::Digest& manifest) {
    const fs::path folder = folder_of(repository);
    require_image_tag(image_tag);
    const auto refuse = [&] {
        throw Error{
            ErrorCode::NotFound,
            "repository " + nacre::quoted(repository) + " has no manifest " + manifest.str()};
    };
    if (!fs::exists(folder)) refuse();
    const os::FileLock held = lock(folder);
    if (!read_manifest(folder, manifest)) refuse();
    if (read_tag(folder, image_tag) == manifest) return;
    ensure_synced_directory(root_, folder / kTags);
    put(folder, tag_file(folder, image_tag), manifest.str());
}

std::optional<NamedManifest> DirectoryImageNames::find_tag(
    std::string_view repository, std::string_view image_tag) const {
    const fs::path folder = folder_of(repository);
    require_image_tag(image_tag);
    const auto digest = read_tag(folder, image_tag);
    return digest ? read_manifest(folder, *digest) : std::nullopt;
}

bool DirectoryImageNames::remove_tag(std::string_view repository, std::string_view image_tag) {
    const fs::path folder = folder_of(repository);
    require_image_tag(image_tag);
    if (!fs::exists(folder)) return false;
    const os::FileLock held = lock(folder);
    return remove_file(tag_file(folder, image_tag));
}

std::vector<std::string> DirectoryImageNames::tags(std::string_view repository) const {
    return names_in(folder_of(repository) / kTags);
}

std::vector<NamedManifest> DirectoryImageNames::manifests(std::string_view repository) const {
    return read_manifests(folder_of(repository));
}

std::vector<std::string> DirectoryImageNames::repositories() const {
    std::vector<std::string> found;
    collect(root_, "", found);
    std::ranges::sort(found);
    return found;
}

}  // namespace nacre::store
