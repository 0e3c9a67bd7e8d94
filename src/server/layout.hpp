#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace nacre::server {

/// Where everything of one service is on disk (docs/architecture.md, "Data at rest").
struct Layout {
    static constexpr std::string_view kTaskPrefix = "task-";

    std::filesystem::path root;

    std::filesystem::path database() const { return root / "db.sqlite"; }

    std::filesystem::path blobs() const { return root / "blobs"; }

    std::filesystem::path images() const { return root / "images"; }

    std::filesystem::path snapshots() const { return root / "snapshots"; }

    std::filesystem::path cache() const { return root / "cache"; }

    std::filesystem::path git() const { return root / "git"; }

    std::filesystem::path lookaside() const { return root / "lookaside"; }

    /// Koji's topdir: holds work/ and packages/.
    std::filesystem::path koji_top() const { return root / "koji"; }

    std::filesystem::path mirror() const { return root / "mirror"; }

    std::filesystem::path journals() const { return root / "journals"; }

    std::filesystem::path containers() const { return root / "run" / "containers"; }

    /// The state of one task's containers; its name starts with kTaskPrefix.
    std::filesystem::path containers_of(std::int64_t task) const {
        return containers() / (std::string{kTaskPrefix} + std::to_string(task));
    }

    /// The service's own authority and certificate.
    std::filesystem::path tls() const { return root / "tls"; }

    /// Kerberos tickets that were used.
    std::filesystem::path replays() const { return root / "run" / "replays"; }

    std::filesystem::path locks() const { return root / "run" / "locks"; }

    std::filesystem::path temporary() const { return root / "tmp"; }

    std::filesystem::path lock_file() const { return root / "run" / "nacred.lock"; }

    /// Where a running service can be reached: its address, one line.
    std::filesystem::path address_file() const { return root / "run" / "nacred.url"; }

    std::filesystem::path config_file() const { return root / "nacred.toml"; }

    std::filesystem::path policy_file() const { return root / "hub.conf"; }

    /// Creates what is missing; throws SystemError.
    void ensure() const;
};

/// $NACRE_ROOT, else /var/lib/nacre for root, else ~/.local/share/nacre. Reads the environment: for the composition
/// root of a program only. Throws Error{NotFound} when there is neither a root nor a home.
Layout default_layout();

}  // namespace nacre::server
