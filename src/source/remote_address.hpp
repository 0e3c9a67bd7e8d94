#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace nacre::source {

// The addresses that ADD takes (Dockerfile reference, "ADD"), as values. Reading one needs no I/O.

/// A file at an http or https address.
struct UrlAddress {
    std::string url;
    std::string file_name;  ///< what the file is called where the destination is a folder
    std::string checksum;   ///< "sha256:<hex>" that the content must have; empty: any

    bool operator==(const UrlAddress&) const = default;
};

enum class GitFolder : std::uint8_t { Leave, Keep };

/// A commit of a git repository, or a folder of it.
struct GitAddress {
    std::string remote;    ///< as git takes it
    std::string ref;       ///< a branch, a tag, a full ref or a commit id; empty: the remote's HEAD
    std::string folder;    ///< below the root; empty: all
    std::string checksum;  ///< the beginning of the commit id that must come out; empty: any
    GitFolder git_folder = GitFolder::Leave;

    bool operator==(const GitAddress&) const = default;
};

using RemoteAddress = std::variant<UrlAddress, GitAddress>;

/// "https://example.org/x.tar", "https://example.org/x.git?branch=b&subdir=d", "git@example.org:x.git#ref:folder",
/// "ssh://…", "git://…". Nothing for the path of a file. Throws Error{InvalidArgument} for an address of git that is wrong.
std::optional<RemoteAddress> parse_remote_address(std::string_view text);

/// The text without the user and password of an address: for histories, logs and messages.
std::string without_credentials(std::string_view text);

/// As a message shows it.
std::string render(const RemoteAddress& address);

}  // namespace nacre::source
