#include "base/text.hpp"
#include "packages/detail/stanzas.hpp"
#include "packages/installed.hpp"

#include <algorithm>

namespace nacre::packages {
namespace {

/// "1.36.1-r5": the build number follows the last "-r".
void split_version(std::string_view text, InstalledPackage& package) {
    const std::size_t mark = text.rfind("-r");
    const std::string_view digits =
        mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 2);
    const bool has_release =
        !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    package.version = has_release ? text.substr(0, mark) : text;
    if (has_release) package.release = text.substr(mark + 1);
}

}  // namespace

Inventory parse_apk_installed(std::string_view text, std::string_view file) {
    Inventory inventory;
    detail::read_stanzas(text, file, inventory.findings, [&](const detail::Stanza& stanza) {
        const auto name = stanza.find("P");
        const auto version = stanza.find("V");
        if (!name || !version || !detail::is_word(*name) || !detail::is_word(*version)) {
            detail::report(
                inventory.findings,
                file,
                stanza.line,
                "package " + nacre::quoted(name.value_or("")) + " has version "
                    + nacre::quoted(version.value_or(""))
                    + ", needed are 'P:name' and 'V:version'");
            return;
        }
        InstalledPackage package{.type = "apk", .name = std::string{*name}};
        split_version(*version, package);
        package.arch = stanza.find("A").value_or("");
        package.source = stanza.find("o").value_or(package.name);
        inventory.packages.push_back(std::move(package));
    });
    detail::put_in_order(inventory);
    return inventory;
}

}  // namespace nacre::packages
