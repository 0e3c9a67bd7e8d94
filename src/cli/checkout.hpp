#pragma once

#include "os/process.hpp"

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

namespace nacre::cli {

/// The state of a dist-git checkout, as one `git status` shows it.
struct CheckoutStatus {
    std::string commit;  ///< of HEAD, in full
    std::string branch;  ///< empty when HEAD is detached
    std::string upstream;
    int ahead = 0;    ///< commits that are not pushed
    int changes = 0;  ///< changed or unknown files
};

/// Reads `git status --porcelain=v2 --branch`. Throws Error{DataCorrupt} for other text.
CheckoutStatus parse_status(std::string_view text);

/// What a build of the checkout needs to know.
struct Checkout {
    CheckoutStatus status;
    std::string name_space;  ///< "container"
    std::string name;        ///< "httpd"
    std::string clone_url;   ///< where it was cloned from, without credentials
};

/// "container" and "httpd" of "http://alice@host/git/container/httpd.git", with the address without credentials.
/// Throws Error{InvalidArgument}.
Checkout parse_remote(std::string_view url);

/// Looks at the checkout around `folder`. Throws Error{NotFound} when there is none.
Checkout read_checkout(
    os::ProcessRunner& runner, const std::filesystem::path& folder, std::stop_token stop);

/// Throws Error{Conflict} that says what to do when something is not committed or not pushed: a build is made
/// from what the service has.
void require_pushed(const Checkout& checkout);

/// "f40-container-candidate"; main, master and rawhide give "rawhide-container-candidate".
std::string default_target(const Checkout& checkout);

}  // namespace nacre::cli
