#pragma once

#include "hub/hub.hpp"
#include "web/facts.hpp"

namespace nacre::server {

/// What the web pages show, read from the hub. Thread-safe.
class HubFacts final : public web::Facts {
public:
    explicit HubFacts(hub::Hub& hub) : hub_{hub} {}

    std::vector<web::TaskFacts> recent_tasks(std::size_t limit) const override;
    std::vector<web::BuildFacts> recent_builds(std::size_t limit) const override;
    std::optional<web::TaskDetails> find_task(std::int64_t id) const override;
    std::optional<web::BuildDetails> find_build(std::int64_t id) const override;
    std::optional<web::LogTail> find_log_tail(std::int64_t task, std::size_t limit) const override;

private:
    web::TaskFacts facts_of(hub::Call& call, const hub::Task& task) const;

    hub::Hub& hub_;
};

}  // namespace nacre::server
