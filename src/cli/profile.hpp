#pragma once

#include "base/secret.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::cli {

/// How to reach a service: one section of a client configuration, which has the keys of Koji's own (server, weburl,
/// topurl, user, password, serverca) and rpkg's (gitbaseurl). Only `server` is needed; the other addresses follow from it.
struct Profile {
    std::string server;  ///< "http://host:port/kojihub"
    std::string weburl;  ///< "http://host:port/koji"
    std::string topurl;  ///< "http://host:port/kojifiles"
    std::string
        gitbaseurl;  ///< "http://host:port/git": repositories are "<gitbaseurl>/container/httpd.git"
    std::string apiurl;  ///< "http://host:port/api/0"
    std::string user;
    Secret password;
    std::string
        serverca;  ///< PEM file of the authority that signed the server's certificate; empty: the system's
};

/// Where a profile comes from, in this order: explicit values, the file, addresses derived from `server`.
struct ProfileSource {
    std::filesystem::path file;
    std::string section = "nacre";
    std::optional<std::string> server;
    std::optional<std::string> user;
    std::optional<std::string> ca_file;
};

/// Throws Error{InvalidArgument} with file and line for a malformed file, Error{NotFound} when no `server` is known.
/// A missing file is an empty one.
Profile load_profile(const ProfileSource& source);

/// Pure half of load_profile: `text` is the content of the file.
Profile parse_profile(std::string_view text, const ProfileSource& source);

/// Profile::serverca alone, which is needed before anything is asked for; does not need a server.
std::string find_server_ca(const ProfileSource& source);

/// The file as it is with `server`, `user`, `password` and, where there is one, `serverca` set in the section; other lines stay.
std::string render_profile(
    std::string_view text, const std::string& section, const Profile& profile);

}  // namespace nacre::cli
