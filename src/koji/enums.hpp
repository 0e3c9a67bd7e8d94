#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nacre::koji {

/// The numbers of Koji's enumerations, as they stand on the wire and in the database (reference C.1.4).

enum class TaskState : std::uint8_t {
    Free = 0,
    Open = 1,
    Closed = 2,
    Canceled = 3,
    Assigned = 4,
    Failed = 5,
};

enum class BuildState : std::uint8_t {
    Building = 0,
    Complete = 1,
    Deleted = 2,
    Failed = 3,
    Canceled = 4,
};

enum class UserType : std::uint8_t { Normal = 0, Host = 1, Group = 2 };

enum class UserStatus : std::uint8_t { Normal = 0, Blocked = 1 };

enum class AuthType : std::uint8_t { Normal = 0, Kerberos = 1, Ssl = 2, Gssapi = 3 };

enum class RepoState : std::uint8_t { Init = 0, Ready = 1, Expired = 2, Deleted = 3, Problem = 4 };

enum class ChecksumType : std::uint8_t { Md5 = 0, Sha1 = 1, Sha256 = 2 };

/// "FREE", "OPEN", ...: how Koji prints them.
std::string_view to_string(TaskState state) noexcept;
std::string_view to_string(BuildState state) noexcept;
/// "md5", "sha1", "sha256".
std::string_view to_string(ChecksumType type) noexcept;

/// Nothing for a number that is no state.
std::optional<TaskState> find_task_state(std::int64_t number) noexcept;
std::optional<BuildState> find_build_state(std::int64_t number) noexcept;
/// The reverse of to_string.
std::optional<BuildState> find_build_state(std::string_view name) noexcept;
std::optional<ChecksumType> find_checksum_type(std::string_view name) noexcept;

/// Closed, Canceled and Failed tasks never change again.
bool is_final(TaskState state) noexcept;

/// Lower numbers run first.
constexpr int kDefaultPriority = 20;
constexpr int kBackgroundPriority = 25;
constexpr int kTagBuildPriority = 10;

constexpr int kApiVersion = 1;

}  // namespace nacre::koji
