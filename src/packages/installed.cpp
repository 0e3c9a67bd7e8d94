#include "packages/installed.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "packages/detail/stanzas.hpp"

#include <algorithm>
#include <iterator>

namespace nacre::packages {
namespace {

constexpr std::string_view kDpkgStatusFolder = "var/lib/dpkg/status.d/";

Inventory parse(const DatabaseFile& file, DatabaseKind kind) {
    switch (kind) {
        case DatabaseKind::Dpkg:
            return parse_dpkg_status(file.content, file.path);
        case DatabaseKind::Apk:
            return parse_apk_installed(file.content, file.path);
        case DatabaseKind::Rpm:
            break;
    }
    throw Error{
        ErrorCode::Unsupported,
        "the packages of the image cannot be listed: " + nacre::quoted(file.path)
            + " belongs to an rpm database, read are the databases of dpkg and apk"}
        .with_hint(
            "build without a list of components, or from a base image of deb or apk packages");
}

}  // namespace

std::optional<DatabaseKind> find_database_kind(std::string_view path) noexcept {
    while (path.starts_with("./"))
        path.remove_prefix(2);
    while (path.starts_with('/'))
        path.remove_prefix(1);
    if (path == "var/lib/dpkg/status") return DatabaseKind::Dpkg;
    // Distroless images have "NAME.md5sums" beside "NAME".
    if (path.starts_with(kDpkgStatusFolder) && path.size() > kDpkgStatusFolder.size()
        && path.find('/', kDpkgStatusFolder.size()) == std::string_view::npos
        && !path.ends_with(".md5sums"))
        return DatabaseKind::Dpkg;
    if (path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed")
        return DatabaseKind::Apk;
    for (const std::string_view folder : {"var/lib/rpm/", "usr/lib/sysimage/rpm/"}) {
        if (!path.starts_with(folder)) continue;
        const std::string_view name = path.substr(folder.size());
        if (name == "rpmdb.sqlite" || name == "Packages" || name == "Packages.db")
            return DatabaseKind::Rpm;
    }
    return std::nullopt;
}

Inventory read_inventory(const std::vector<DatabaseFile>& files) {
    Inventory all;
    for (const DatabaseFile& file : files) {
        const auto kind = find_database_kind(file.path);
        if (!kind) continue;
        Inventory found = parse(file, *kind);
        std::ranges::move(found.packages, std::back_inserter(all.packages));
        std::ranges::move(found.findings, std::back_inserter(all.findings));
    }
    detail::put_in_order(all);
    return all;
}

}  // namespace nacre::packages
