#pragma once

#include "base/diagnostic.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::packages {

/// A package of an image, as content generators report it ("components").
struct InstalledPackage {
    std::string type;  ///< "deb", "apk" or "rpm"
    std::string name;
    std::string version;  ///< deb: upstream version; apk: without the "-rN"
    std::string release;  ///< deb: Debian revision; apk: "r0"; may be empty
    std::string epoch;    ///< empty when there is none
    std::string arch;
    std::string source;  ///< name of the source package it was built from

    bool operator==(const InstalledPackage&) const = default;
};

/// What a database holds. Stanzas that cannot be read are left out and are findings, so that one broken stanza
/// does not hide the others.
struct Inventory {
    std::vector<InstalledPackage>
        packages;  ///< by name, then by version and architecture; no two the same
    Diagnostics findings;
};

enum class DatabaseKind : std::uint8_t { Dpkg, Apk, Rpm };

/// One file of a database.
struct DatabaseFile {
    std::string path;  ///< in the image, such as "var/lib/dpkg/status"
    std::string content;
};

/// Which database the file at `path` of an image belongs to: deb's "var/lib/dpkg/status" and
/// "var/lib/dpkg/status.d/NAME" (distroless images), apk's "lib/apk/db/installed" and "usr/lib/apk/db/installed", rpm's
/// "Packages", "Packages.db" or "rpmdb.sqlite" in "var/lib/rpm" and
/// "usr/lib/sysimage/rpm". A leading "/" or "./" does not matter.
std::optional<DatabaseKind> find_database_kind(std::string_view path) noexcept;

/// Deb822 stanzas (deb-control(5)); only packages whose status is "installed", or that have no Status (status.d).
/// `file` is how findings name the text.
Inventory parse_dpkg_status(std::string_view text, std::string_view file);

/// Alpine's installed database: lines "K:value", stanzas separated by empty lines.
Inventory parse_apk_installed(std::string_view text, std::string_view file);

/// All packages of an image. Throws Error{Unsupported}, with what to do about it, when one of the files belongs to an rpm
/// database, whose content is not text: a list without those packages would be wrong, not short.
Inventory read_inventory(const std::vector<DatabaseFile>& files);

}  // namespace nacre::packages
