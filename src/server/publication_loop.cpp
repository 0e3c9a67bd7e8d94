#include "server/publication_loop.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace nacre::server {
namespace {

/// Longer than the largest image takes; then another thread or process may try.
constexpr std::chrono::seconds kLease{600};
constexpr std::chrono::seconds kIdleWait{30};
/// Between looks while a failed publication waits for its next attempt.
constexpr std::chrono::seconds kRetryWait{1};

struct Image {
    hub::Build build;
    hub::Archive archive;
};

/// What the archive's metadata says of its manifest: {"docker": {"digests": {MEDIA TYPE: DIGEST}, "repositories": […]}}.
publish::Publication describe(
    const Image& image, const std::string& destination, const store::BlobStore& blobs) {
    const json::Value extra = json::parse(image.archive.extra.value_or("{}"));
    const json::Reader docker = json::Reader{extra, "archive.extra"}.get_object("docker");
    const auto digests = docker.get_string_map("digests");
    if (digests.empty())
        throw Error{
            ErrorCode::DataCorrupt,
            "archive '" + image.archive.filename + "' does not name the digest of its manifest"};
    const oci::Digest digest = oci::Digest::parse(digests.front().second);
    const std::optional<std::uint64_t> size = blobs.find(digest);
    if (!size)
        throw Error{
            ErrorCode::NotFound,
            "manifest " + digest.str() + " of '" + image.build.nvr.str() + "' is not in the store"};
    const std::vector<std::string> repositories = docker.get_strings("repositories");
    return {
        .destination = destination,
        .name = image.build.nvr.name(),
        .version = image.build.nvr.version(),
        .release = image.build.nvr.release(),
        .architecture = image.archive.arch.value_or("noarch"),
        .manifest = {.media_type = digests.front().first, .digest = digest, .size = *size},
        .reference = repositories.empty() ? "" : repositories.front()};
}

json::Value render(const publish::Receipt& receipt) {
    json::Object fields;
    fields.set("location", receipt.location);
    fields.set("sha256", receipt.sha256);
    fields.set("size", static_cast<std::int64_t>(receipt.size));
    return fields;
}

}  // namespace

PublicationLoop::PublicationLoop(
    hub::Hub& hub,
    const store::BlobStore& blobs,
    publish::Publisher& publisher,
    std::vector<std::string> tag_globs,
    Log log)
    : hub_{hub},
      blobs_{blobs},
      publisher_{publisher},
      tag_globs_{std::move(tag_globs)},
      log_{log} {}

void PublicationLoop::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const std::uint64_t seen = hub_.bells.publications.count();
        std::chrono::nanoseconds wait = kIdleWait;
        try {
            while (!stop.stop_requested() && publish_next()) {
            }
            hub::Call call = hub_.begin_as_service(sql::Access::Read);
            if (hub_.publications.next_due_us(call)) wait = kRetryWait;
        } catch (const Error& error) {
            log_.error("publication.loop_failed", {{"error", error.describe()}});
        }
        hub_.bells.publications.wait(seen, wait, stop);
    }
}

bool PublicationLoop::publish_next() {
    std::optional<hub::Publication> publication;
    {
        hub::Call call = hub_.begin_as_service(sql::Access::Write);
        publication = hub_.publications.claim(call, kLease);
        call.commit();
    }
    if (!publication) return false;
    std::optional<std::string> receipt;
    std::string failure;
    try {
        receipt = publish(*publication);
    } catch (const Error& error) {
        failure = error.describe();
    }
    hub::Call call = hub_.begin_as_service(sql::Access::Write);
    if (receipt)
        hub_.publications.finish(call, publication->id, *receipt);
    else
        hub_.publications.fail(call, publication->id, failure);
    call.commit();
    if (receipt)
        log_.info(
            "publication.done", {{"build", publication->nvr}, {"tag", publication->tag_name}});
    else
        log_.warning(
            "publication.failed",
            {{"build", publication->nvr}, {"tag", publication->tag_name}, {"error", failure}});
    return true;
}

std::string PublicationLoop::publish(const hub::Publication& publication) {
    const bool wanted = std::ranges::any_of(tag_globs_, [&](const std::string& glob) {
        return matches_glob(glob, publication.tag_name);
    });
    json::Array receipts;
    if (!wanted) return json::render(receipts);
    std::vector<Image> images;
    {
        hub::Call call = hub_.begin_as_service(sql::Access::Read);
        const hub::Build build = hub_.builds.get(call, hub::BuildKey{publication.build.value()});
        for (hub::Archive& archive :
             hub_.archives.list(call, {.build = publication.build, .type = "image"}))
            images.push_back({build, std::move(archive)});
    }
    for (const Image& image : images)
        receipts.push_back(
            render(publisher_.publish(describe(image, publication.tag_name, blobs_))));
    return json::render(receipts);
}

}  // namespace nacre::server
