#include "api/registry/detail/uploads.hpp"

#include "api/registry/detail/refusal.hpp"
#include "base/text.hpp"

#include <utility>
#include <vector>

namespace nacre::api::registry::detail {
namespace {

constexpr std::size_t kIdLength = 32;

}  // namespace

Uploads::Use::~Use() {
    if (ingest_ != nullptr) uploads_->give_back(id_, std::move(ingest_));
}

void Uploads::Use::close() {
    ingest_.reset();
    uploads_->forget(id_);
}

Uploads::Use Uploads::open(std::string_view repository) {
    sweep();
    std::string id = random_word(parts_.random, kIdLength);
    {
        auto sessions = sessions_.lock();
        if (sessions->size() >= limits_.uploads_max)
            throw Refusal{
                429,
                "TOOMANYREQUESTS",
                "there are " + std::to_string(sessions->size())
                    + " uploads open, as many as allowed"};
        sessions->emplace(id, Session{std::string{repository}, nullptr, parts_.clock.steady_now()});
    }
    try {
        return {*this, id, parts_.blobs.ingest()};
    } catch (const Error&) {
        forget(id);
        throw;
    }
}

Uploads::Use Uploads::use(std::string_view repository, const std::string& id) {
    auto sessions = sessions_.lock();
    const auto found = sessions->find(id);
    if (found == sessions->end() || found->second.repository != repository)
        throw Refusal{404, "BLOB_UPLOAD_UNKNOWN", "there is no upload " + nacre::quoted(id)};
    if (found->second.ingest == nullptr)
        throw Refusal{
            409, "BLOB_UPLOAD_INVALID", "another request works on upload " + nacre::quoted(id)};
    return {*this, id, std::move(found->second.ingest)};
}

void Uploads::give_back(const std::string& id, std::unique_ptr<store::Ingest> ingest) noexcept {
    auto sessions = sessions_.lock();
    const auto found = sessions->find(id);
    if (found == sessions->end()) return;
    found->second.ingest = std::move(ingest);
    found->second.last_use = parts_.clock.steady_now();
}

void Uploads::forget(const std::string& id) noexcept {
    sessions_.lock()->erase(id);
}

/// Returns what the swept sessions held, to be dropped outside the lock.
std::vector<std::unique_ptr<store::Ingest>> Uploads::sweep() {
    std::vector<std::unique_ptr<store::Ingest>> dropped;
    const SteadyTime oldest = parts_.clock.steady_now() - limits_.upload_age_max;
    auto sessions = sessions_.lock();
    for (auto next = sessions->begin(); next != sessions->end();) {
        const auto session = next++;
        if (session->second.ingest == nullptr || session->second.last_use > oldest) continue;
        dropped.push_back(std::move(session->second.ingest));
        sessions->erase(session);
    }
    return dropped;
}

}  // namespace nacre::api::registry::detail
