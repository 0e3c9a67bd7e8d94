#include "base/text.hpp"
#include "packages/detail/stanzas.hpp"
#include "packages/installed.hpp"

namespace nacre::packages {
namespace {

using detail::Stanza;

/// "install ok installed": the third word decides. Packages that were removed keep a stanza for their
/// configuration files.
bool is_installed(const Stanza& stanza) {
    const auto status = stanza.find("Status");
    if (!status) return true;
    const std::vector<std::string> words = split_words(*status);
    return words.size() == 3 && words[2] == "installed";
}

/// [epoch:]upstream[-revision] (deb-version(7)).
void split_version(std::string_view text, InstalledPackage& package) {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos) {
        package.epoch = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    const std::size_t dash = text.rfind('-');
    package.version = text.substr(0, dash);
    if (dash != std::string_view::npos) package.release = text.substr(dash + 1);
}

/// "glibc (2.36-9)" is a source with a version of its own.
std::string source_name(const Stanza& stanza, const std::string& name) {
    const auto source = stanza.find("Source");
    return source ? std::string{trim(source->substr(0, source->find('(')))} : name;
}

}  // namespace

Inventory parse_dpkg_status(std::string_view text, std::string_view file) {
    Inventory inventory;
    detail::read_stanzas(text, file, inventory.findings, [&](const Stanza& stanza) {
        if (!is_installed(stanza)) return;
        const auto name = stanza.find("Package");
        const auto version = stanza.find("Version");
        if (!name || !version || !detail::is_word(*name) || !detail::is_word(*version)) {
            detail::report(
                inventory.findings,
                file,
                stanza.line,
                "package " + nacre::quoted(name.value_or("")) + " has version "
                    + nacre::quoted(version.value_or("")) + ", needed are a name and a version");
            return;
        }
        InstalledPackage package{.type = "deb", .name = std::string{*name}};
        split_version(*version, package);
        package.arch = stanza.find("Architecture").value_or("");
        package.source = source_name(stanza, package.name);
        inventory.packages.push_back(std::move(package));
    });
    detail::put_in_order(inventory);
    return inventory;
}

}  // namespace nacre::packages
