#pragma once

#include "http/server.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace nacre::http {

enum class Listing : std::uint8_t { Refused, Html };

struct FilesConfig {
    std::filesystem::path root;  ///< need not exist yet
    std::string prefix;  ///< of request paths, "/mirror"; what follows it is looked up below `root`
    Listing listing = Listing::Refused;
};

/// Read-only access to the regular files below a folder, for GET and HEAD. No link leads out of it, and names that
/// start with a dot are not there. A file that grows is served as long as it is when the request comes.
class Files final : public Handler {
public:
    explicit Files(FilesConfig config);

    /// Throws Error{NotFound}.
    Response handle(const Request& request) override;

private:
    FilesConfig config_;
};

/// "application/gzip" for "x.tar.gz": by the end of the name, "application/octet-stream" when it says nothing.
std::string_view content_type_of(std::string_view file_name) noexcept;

}  // namespace nacre::http
