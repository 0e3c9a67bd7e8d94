#include "packages/detail/stanzas.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <tuple>

namespace nacre::packages::detail {
namespace {

/// The next line without its end; removes it from `rest`.
std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

auto key(const InstalledPackage& package) {
    return std::tie(
        package.name,
        package.epoch,
        package.version,
        package.release,
        package.arch,
        package.type,
        package.source);
}

}  // namespace

std::optional<std::string_view> Stanza::find(std::string_view name) const noexcept {
    for (const auto& [field, value] : fields)
        if (field == name && !value.empty()) return value;
    return std::nullopt;
}

void report(Diagnostics& findings, std::string_view file, int line, std::string message) {
    if (findings.size() >= kFindingsMax) return;
    findings.push_back(
        {.severity = Severity::Warning,
         .code = "BrokenPackageStanza",
         .file = std::string{file},
         .line = line,
         .message = std::move(message)});
}

void read_stanzas(
    std::string_view text,
    std::string_view file,
    Diagnostics& findings,
    const std::function<void(const Stanza&)>& take) {
    Stanza stanza;
    bool broken = false;
    const auto finish = [&] {
        if (!stanza.fields.empty() && !broken) take(stanza);
        stanza = {};
        broken = false;
    };
    for (int number = 1; !text.empty(); ++number) {
        const std::string_view line = take_line(text);
        if (trim(line).empty()) {
            finish();
            continue;
        }
        if (line.front() == ' ' || line.front() == '\t') continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0) {
            report(
                findings, file, number, "expected 'Name: value', found " + nacre::quoted(line, 60));
            broken = true;
            continue;
        }
        if (stanza.fields.empty()) stanza.line = number;
        stanza.fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
    finish();
}

bool is_word(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || std::string_view{"+-._~:@"}.find(c) != std::string_view::npos;
    });
}

void put_in_order(Inventory& inventory) {
    auto& packages = inventory.packages;
    std::ranges::sort(
        packages, [](const auto& left, const auto& right) { return key(left) < key(right); });
    packages.erase(std::unique(packages.begin(), packages.end()), packages.end());
}

}  // namespace nacre::packages::detail
