#pragma once

#include "api/koji/signature.hpp"
#include "hub/builds.hpp"
#include "hub/ids.hpp"
#include "hub/query.hpp"
#include "hub/sessions.hpp"
#include "hub/users.hpp"
#include "koji/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::api::koji {

using nacre::koji::Array;
using nacre::koji::Struct;
using nacre::koji::Value;

/// queryOpts: what the hub's services take, and what only the answer shows.
struct Query {
    hub::QueryOptions options;
    bool count_only = false;
};

/// The arguments of a call with their types. find_ gives nothing for nil, get_ refuses nil; a value of another
/// type is koji::Fault{ParameterError} with the name of the parameter and what it was.
class Parameters {
public:
    Parameters(const Signature& signature, Bound bound)
        : signature_{&signature},
          bound_{std::move(bound)} {}

    const Value& value(std::string_view name) const;

    std::string get_text(std::string_view name) const;
    std::optional<std::string> find_text(std::string_view name) const;
    std::int64_t get_integer(std::string_view name) const;
    std::optional<std::int64_t> find_integer(std::string_view name) const;
    std::optional<double> find_number(std::string_view name) const;
    /// As Python judges the truth of a value; nil is false.
    bool flag(std::string_view name) const;
    std::optional<bool> find_flag(std::string_view name) const;
    /// An id, a name, or a row with "id" or "name".
    hub::NameOrId get_key(std::string_view name) const;
    std::optional<hub::NameOrId> find_key(std::string_view name) const;
    hub::BuildKey get_build(std::string_view name) const;
    std::optional<hub::BuildKey> find_build(std::string_view name) const;
    /// A list; one value alone is a list of one, nil an empty one.
    std::vector<std::string> texts(std::string_view name) const;
    std::vector<std::int64_t> integers(std::string_view name) const;
    Array get_array(std::string_view name) const;
    /// nil is an empty one.
    Struct structure(std::string_view name) const;

    hub::AsOf as_of(std::string_view name) const;
    hub::Force force(std::string_view name) const;
    hub::IfMissing if_missing(std::string_view name) const;
    Query query(std::string_view name) const;

    const Array& rest() const noexcept { return bound_.rest; }

    const Struct& keywords() const noexcept { return bound_.keywords; }

private:
    [[noreturn]] void refuse(std::string_view name, std::string_view expected) const;

    const Signature* signature_;
    Bound bound_;
};

/// Members of a struct that a client sent, with the same rules: the struct is bound like a call's keywords, so that a
/// member nobody knows is refused.
Parameters read_members(const Signature& signature, const Struct& members);

std::optional<hub::NameOrId> key_of(const Value& value);
bool is_true(const Value& value) noexcept;

}  // namespace nacre::api::koji
