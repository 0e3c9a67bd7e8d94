#pragma once

#include "hub/call.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::hub {

/// What a new database knows (reference C.1.5 item 10).
std::vector<std::string_view> builtin_permissions();

/// The caller's own permissions, those of its groups included; "admin" stands for itself only here.
const std::set<std::string, std::less<>>& caller_permissions(Call& call);
/// `admin` implies all.
bool has_permission(Call& call, std::string_view permission);

/// Throw koji::Fault{ActionNotAllowed} with Koji's texts: "you must be logged in for this operation", "x
/// permission required".
void require_login(const Call& call);
void require_permission(Call& call, std::string_view permission);

}  // namespace nacre::hub
