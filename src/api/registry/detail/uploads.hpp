#pragma once

#include "api/registry/registry.hpp"
#include "base/guarded.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace nacre::api::registry::detail {

/// The upload sessions that are open. Thread-safe. Sessions that nobody used for long go when another one is opened.
class Uploads {
public:
    Uploads(const RegistryParts& parts, const RegistryLimits& limits)
        : parts_{parts},
          limits_{limits} {}

    /// A session while one request works on it; the session stays open when this is dropped.
    class Use {
    public:
        Use(Uploads& uploads, std::string id, std::unique_ptr<store::Ingest> ingest)
            : uploads_{&uploads},
              id_{std::move(id)},
              ingest_{std::move(ingest)} {}

        Use(Use&& other) noexcept = default;
        Use& operator=(Use&&) = delete;
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        ~Use();

        const std::string& id() const noexcept { return id_; }

        store::Ingest& ingest() noexcept { return *ingest_; }

        /// Ends the session; what was written and not committed is discarded.
        void close();

    private:
        Uploads* uploads_;
        std::string id_;
        std::unique_ptr<store::Ingest> ingest_;
    };

    /// Throws Refusal TOOMANYREQUESTS.
    Use open(std::string_view repository);
    /// Throws Refusal BLOB_UPLOAD_UNKNOWN, or BLOB_UPLOAD_INVALID while another request uses it.
    Use use(std::string_view repository, const std::string& id);

private:
    struct Session {
        std::string repository;
        std::unique_ptr<store::Ingest> ingest;  ///< null while a request uses it
        SteadyTime last_use;
    };

    using Sessions = std::map<std::string, Session>;

    void give_back(const std::string& id, std::unique_ptr<store::Ingest> ingest) noexcept;
    void forget(const std::string& id) noexcept;
    std::vector<std::unique_ptr<store::Ingest>> sweep();

    RegistryParts parts_;
    RegistryLimits limits_;
    Guarded<Sessions> sessions_;
};

}  // namespace nacre::api::registry::detail
