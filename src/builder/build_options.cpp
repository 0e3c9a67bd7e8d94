#include "builder/build_options.hpp"

#include "base/text.hpp"
#include "koji/fault.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace nacre::builder {
namespace {

/// Options that Koji's plugin has and that would change the image: refused rather than ignored.
constexpr std::array<std::string_view, 8> kUnsupported{
    "dependency_replacements",
    "flatpak",
    "compose_ids",
    "signing_intent",
    "skip_build",
    "operator_csv_modifications_url",
    "userdata",
    "yum_repourls"};

/// Options without influence on the image: what they ask for is done by others or not at all.
constexpr std::array<std::string_view, 2> kWithoutEffect{"push_url", "triggered_after_koji_task"};

bool asks_for_nothing(const koji::Value& value) {
    if (value.is_nil()) return true;
    if (const bool* flag = value.if_bool()) return !*flag;
    if (const std::string* text = value.if_string()) return text->empty();
    if (const koji::Array* list = value.if_array()) return list->empty();
    if (const koji::Struct* fields = value.if_struct()) return fields->empty();
    return false;
}

class OptionReader {
public:
    OptionReader(const koji::Struct& options, std::vector<std::string>& problems)
        : options_{options},
          problems_{problems} {}

    std::string text(std::string_view name) {
        const koji::Value* value = find(name);
        if (value == nullptr) return {};
        if (const std::string* found = value->if_string()) return *found;
        complain(name, "a string", *value);
        return {};
    }

    bool flag(std::string_view name) {
        const koji::Value* value = find(name);
        if (value == nullptr) return false;
        if (const bool* found = value->if_bool()) return *found;
        complain(name, "a boolean", *value);
        return false;
    }

    void refuse_unknown() {
        for (const auto& [name, value] : options_.members()) {
            if (std::ranges::find(known_, name) != known_.end()) continue;
            if (std::ranges::find(kWithoutEffect, name) != kWithoutEffect.end()) continue;
            if (asks_for_nothing(value)) continue;
            const bool unsupported = std::ranges::find(kUnsupported, name) != kUnsupported.end();
            problems_.push_back(
                unsupported ? "option '" + name + "' is not supported by this builder"
                            : "unknown option " + quoted(name));
        }
    }

private:
    const koji::Value* find(std::string_view name) {
        known_.emplace_back(name);
        const koji::Value* value = options_.find(name);
        return value == nullptr || value->is_nil() ? nullptr : value;
    }

    void complain(std::string_view name, std::string_view expected, const koji::Value& value) {
        problems_.push_back(
            "option '" + std::string{name} + "' must be " + std::string{expected} + ", found "
            + std::string{value.type_name()});
    }

    const koji::Struct& options_;
    std::vector<std::string>& problems_;
    std::vector<std::string> known_;
};

std::vector<std::string> parse_arches(const std::string& text) {
    return split_words(replace_all(text, ",", " "));
}

void check_combinations(const BuildOptions& options, std::vector<std::string>& problems) {
    if (options.git_branch.empty()) problems.emplace_back("Git branch must be specified");
    if (options.isolated && options.scratch)
        problems.emplace_back("Build cannot be both isolated and scratch");
    if (options.isolated && options.release.empty())
        problems.emplace_back("an isolated build needs a release, such as '1.2'");
    if (!options.arches.empty() && !options.scratch && !options.isolated)
        problems.emplace_back("arch-override is only allowed for isolated or scratch builds");
}

std::string text_at(const koji::Array& request, std::size_t index, std::string_view name) {
    const std::string* text = index < request.size() ? request[index].if_string() : nullptr;
    if (text == nullptr)
        throw koji::Fault{
            koji::FaultCode::BuildError,
            "the request's " + std::string{name} + " must be a string"};
    return *text;
}

}  // namespace

BuildOptions BuildOptions::parse(const koji::Array& request) {
    BuildOptions options;
    options.source = text_at(request, 0, "source");
    options.target = text_at(request, 1, "target");
    const koji::Struct none;
    const koji::Struct* given = request.size() > 2 ? request[2].if_struct() : &none;
    if (given == nullptr && !request[2].is_nil())
        throw koji::Fault{koji::FaultCode::BuildError, "the request's options must be a struct"};
    std::vector<std::string> problems;
    OptionReader reader{given == nullptr ? none : *given, problems};
    options.git_branch = reader.text("git_branch");
    options.scratch = reader.flag("scratch");
    options.isolated = reader.flag("isolated");
    options.release = reader.text("release");
    options.koji_parent_build = reader.text("koji_parent_build");
    options.arches = parse_arches(reader.text("arch_override"));
    reader.refuse_unknown();
    check_combinations(options, problems);
    if (!problems.empty()) throw koji::Fault{koji::FaultCode::BuildError, join(problems, "\n")};
    return options;
}

}  // namespace nacre::builder
