#pragma once

#include "hub/archives.hpp"
#include "hub/content_generators.hpp"
#include "hub/policies.hpp"
#include "hub/task_files.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nacre::hub {

struct ImportRequest {
    koji::Struct metadata;
    std::string folder;  ///< the upload folder below work/
    std::optional<std::string> token;
};

/// CGImport (reference C.5): every rule is checked, the files' sizes and digests are recomputed, and a build
/// appears whole, files and rows, or not at all.
class CgImport {
public:
    struct Parts {
        const Policies& policies;
        const Users& users;
        const Builds& builds;
        const Archives& archives;
        const ContentGenerators& generators;
        const TaskFiles& files;
    };

    explicit CgImport(const Parts& parts) : parts_{parts} {}

    /// The build, COMPLETE once `call` commits; when it does not, the files are taken back. Throws koji::Fault.
    Build run(Call& call, const ImportRequest& request) const;

    /// At start: takes back the files of imports that a killed process did not commit. Returns how many.
    int sweep(Call& call) const;

private:
    Parts parts_;
};

/// The metadata of a file named metadata.json in an upload folder; fault 1000 when it is not a JSON object.
koji::Struct read_metadata(const TaskFiles& files, const UploadTarget& file);

}  // namespace nacre::hub
