#pragma once

#include "dockerfile/syntax.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace nacre::dockerfile {

enum class Access : std::uint8_t { ReadOnly, ReadWrite };
enum class Sharing : std::uint8_t { Shared, Private, Locked };

struct BindMount {
    std::string from;  ///< empty: the build context
    std::string source = "/";
    std::string target;
    Access access = Access::ReadOnly;  ///< what is written to a ReadWrite one is discarded

    bool operator==(const BindMount&) const = default;
};

struct CacheMount {
    std::string id;  ///< the target when not given
    std::string target;
    std::string from;
    std::string source = "/";
    Access access = Access::ReadWrite;
    Sharing sharing = Sharing::Shared;
    std::uint32_t mode = 0755;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    bool operator==(const CacheMount&) const = default;
};

struct TmpfsMount {
    std::string target;
    std::uint64_t size = 0;  ///< bytes; 0 is no limit of its own

    bool operator==(const TmpfsMount&) const = default;
};

struct SecretMount {
    std::string id;
    std::string target;  ///< empty when only `env` is asked for
    std::string env;     ///< name of a variable that gets the content; may be empty
    bool required = false;
    std::uint32_t mode = 0400;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    bool operator==(const SecretMount&) const = default;
};

struct SshMount {
    std::string id = "default";
    std::string target;  ///< empty: /run/buildkit/ssh_agent.N
    bool required = false;
    std::uint32_t mode = 0600;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;

    bool operator==(const SshMount&) const = default;
};

using Mount = std::variant<BindMount, CacheMount, TmpfsMount, SecretMount, SshMount>;

/// Gives the value of one raw word.
using WordExpander = std::function<std::string(const std::string&)>;

/// Expands the values of the options and checks all of them. Throws Error{InvalidArgument} that names the option.
Mount make_mount(const MountFlag& flag, const WordExpander& expand);

}  // namespace nacre::dockerfile
