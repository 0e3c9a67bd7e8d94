#pragma once

#include "hub/call.hpp"
#include "hub/query.hpp"
#include "hub/sessions.hpp"
#include "koji/nvr.hpp"
#include "koji/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nacre::hub {

using koji::Nvr;

/// A build by its id, its "n-v-r" or the struct {name, version, release}.
using BuildKey = std::variant<std::int64_t, std::string, Nvr>;

struct Build {
    BuildId id;
    PackageId package;
    Nvr nvr;
    std::optional<std::int64_t> epoch;
    bool draft = false;
    BuildState state = BuildState::Building;
    std::optional<TaskId> task;
    std::optional<UserId> owner;
    std::string owner_name;
    std::optional<std::string> source;
    std::optional<std::string> extra;  ///< JSON: decode_extra()
    std::optional<ContentGeneratorId> generator;
    std::optional<std::string> generator_name;
    EventId creation_event;
    std::int64_t creation_us = 0;
    std::optional<std::int64_t> start_us;
    std::optional<std::int64_t> completion_us;
};

/// The one volume there is: "DEFAULT", id 0.
inline constexpr std::string_view kVolumeName = "DEFAULT";

struct BuildFilter {
    std::optional<PackageId> package;
    std::optional<UserId> owner;
    std::optional<TaskId> task;
    std::optional<std::string> prefix;   ///< of the package name, any case
    std::optional<std::string> pattern;  ///< glob over the NVR
    std::optional<BuildState> state;
    std::optional<std::string> source;  ///< glob
    std::optional<std::string> type;    ///< btype: "image"
    std::optional<ContentGeneratorId> generator;
    std::optional<double> created_before, created_after;
    std::optional<double> completed_before, completed_after;
};

struct NewBuild {
    Nvr nvr;
    std::optional<std::int64_t> epoch;
    BuildState state = BuildState::Building;
    std::optional<TaskId> task;
    std::optional<UserId> owner;  ///< the caller when absent
    std::optional<std::string> source;
    koji::Struct extra;
    std::optional<ContentGeneratorId> generator;
    std::optional<std::int64_t> start_us;
    std::optional<std::int64_t> completion_us;
};

/// Stateless: thread-safe.
class Builds {
public:
    std::optional<Build> find(Call& call, const BuildKey& key) const;
    Build get(Call& call, const BuildKey& key) const;  ///< fault 1000 "No such build: 'x'"
    std::vector<Build> list(
        Call& call, const BuildFilter& filter, const QueryOptions& options = {}) const;
    std::int64_t count(Call& call, const BuildFilter& filter) const;
    std::vector<std::string> types_of(Call& call, BuildId build) const;

    /// The NVR must be new, or that of a FAILED or CANCELED build, which is then reused with its id.
    /// Fault 1000 "Build already exists (id=1, state=COMPLETE): n-v-r".
    BuildId create(Call& call, const NewBuild& build) const;
    void set_type(Call& call, BuildId build, std::string_view btype) const;
    void set_state(Call& call, BuildId build, BuildState state) const;

    /// "5" -> "6", "5.f40" -> "6.f40", "5.f40.1" -> "5.f40.2"; "1" for the first build of the version. Fault 1005
    /// for another form.
    std::string next_release(
        Call& call,
        std::string_view name,
        std::string_view version,
        std::int64_t increment = 1) const;

    /// Owner or admin; a build that is not BUILDING stays: false. Its task is cancelled by the caller.
    bool cancel(Call& call, const BuildKey& key, bool strict) const;
    /// Admin. Back to CANCELED without archives and tags, so that the NVR can be used again.
    void reset(Call& call, const BuildKey& key) const;

private:
    /// Without archives, types, reservation and tags.
    void clear(Call& call, BuildId build) const;
};

/// The release after `release` (Builds::next_release without the database).
std::string increment_release(std::string_view release, std::int64_t increment);

koji::Value decode_extra(const std::optional<std::string>& text);
std::string encode_extra(const koji::Struct& extra);

/// "packages/N/V/R".
std::string build_folder(const Nvr& nvr);

}  // namespace nacre::hub
