#pragma once

#include "base/strong_id.hpp"

#include <string>
#include <variant>

namespace nacre::hub {

using ArchiveId = StrongId<struct ArchiveTag>;
using BuildId = StrongId<struct BuildTag>;
using BuildrootId = StrongId<struct BuildrootTag>;
using ChannelId = StrongId<struct ChannelTag>;
using ContentGeneratorId = StrongId<struct ContentGeneratorTag>;
using EventId = StrongId<struct EventTag>;
using HostId = StrongId<struct HostTag>;
using PackageId = StrongId<struct PackageTag>;
using PermissionId = StrongId<struct PermissionTag>;
using PublicationId = StrongId<struct PublicationTag>;
using SessionId = StrongId<struct SessionTag>;
using TagId = StrongId<struct TagTag>;
using TargetId = StrongId<struct TargetTag>;
using TaskId = StrongId<struct TaskTag>;
using UserId = StrongId<struct UserTag>;

/// How a client names a thing: by its id or by its name.
using NameOrId = std::variant<std::int64_t, std::string>;

/// As Koji's fault texts show it: 7 or 'f40-build'.
std::string shown(const NameOrId& key);
/// The same without quotes.
std::string plain(const NameOrId& key);

}  // namespace nacre::hub
