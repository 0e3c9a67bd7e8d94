#pragma once

#include "http/files.hpp"
#include "http/server.hpp"

#include <filesystem>

namespace nacre::api::files {

/// What Koji calls its topurl: "/kojifiles/work/…" and "/kojifiles/packages/…" are the folders of that name in the data
/// folder, read-only, with listings. Nothing else of the data folder can be reached.
class KojiFiles final : public http::Handler {
public:
    explicit KojiFiles(const std::filesystem::path& data);

    http::Response handle(const http::Request& request) override;

private:
    http::Files work_;
    http::Files packages_;
};

/// The published tree: "/mirror/…" is the folder "mirror" of the data folder, read-only, with listings.
class MirrorFiles final : public http::Handler {
public:
    explicit MirrorFiles(const std::filesystem::path& data);

    http::Response handle(const http::Request& request) override { return files_.handle(request); }

private:
    http::Files files_;
};

}  // namespace nacre::api::files
