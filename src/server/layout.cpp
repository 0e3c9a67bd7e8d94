#include "server/layout.hpp"

#include "base/error.hpp"
#include "os/environment.hpp"
#include "os/file.hpp"

#include <unistd.h>

namespace nacre::server {

void Layout::ensure() const {
    for (const std::filesystem::path& folder :
         {root,
          blobs(),
          images(),
          snapshots(),
          cache(),
          git(),
          lookaside(),
          koji_top() / "work",
          koji_top() / "packages",
          mirror(),
          journals(),
          containers(),
          locks(),
          temporary()})
        os::ensure_directory(folder);
}

Layout default_layout() {
    if (const auto given = os::find_environment("NACRE_ROOT"); given && !given->empty())
        return {std::filesystem::absolute(*given).lexically_normal()};
    if (::geteuid() == 0) return {"/var/lib/nacre"};
    const auto home = os::find_environment("HOME");
    if (!home || home->empty())
        throw Error{ErrorCode::NotFound, "neither NACRE_ROOT nor HOME is set"}.with_hint(
            "set NACRE_ROOT to the folder that shall hold the data");
    return {std::filesystem::path{*home} / ".local/share/nacre"};
}

}  // namespace nacre::server
