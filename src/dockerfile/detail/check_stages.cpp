#include "base/error.hpp"
#include "base/text.hpp"
#include "dockerfile/detail/findings.hpp"

#include <algorithm>
#include <set>

namespace nacre::dockerfile::detail {
namespace {

bool is_upper(std::string_view text) {
    return text == to_upper(text);
}

void check_name(const Dockerfile& file, std::size_t index, Findings& findings) {
    const Stage& stage = file.stages[index];
    if (stage.name.empty()) return;
    if (stage.name_word.raw != stage.name) {
        findings.add(
            "StageNameCasing",
            stage.name_word.at,
            "stage name " + quoted(stage.name_word.raw) + " should be in lower case",
            "write '" + stage.name + "'");
    }
    if (is_upper(stage.keyword) != is_upper(stage.as_keyword)) {
        findings.add(
            "FromAsCasing",
            stage.at,
            "the casing of '" + stage.keyword + "' and '" + stage.as_keyword + "' does not match",
            "write both in upper case, or both in lower case");
    }
    if (stage.name == "scratch" || stage.name == "context") {
        findings.add(
            "ReservedStageName",
            stage.name_word.at,
            "'" + stage.name + "' is reserved and should not be the name of a stage",
            "give the stage another name");
    }
    if (find_stage(file.stages, stage.name, index, StageLookup::NameOnly)) {
        findings.add(
            "DuplicateStageName",
            stage.name_word.at,
            "stage name '" + stage.name + "' is used twice, names should be unique",
            "give this stage another name: the last one of a name is the one that is found");
    }
}

void check_platform(const Stage& stage, Findings& findings) {
    if (!stage.platform) return;
    const std::string& raw = stage.platform->raw;
    if (raw == "$TARGETPLATFORM" || raw == "${TARGETPLATFORM}") {
        findings.add(
            "RedundantTargetPlatform",
            stage.platform->at,
            "--platform=" + raw + " is what FROM does without it",
            "remove the flag");
    }
    if (raw.find('$') != std::string::npos) return;
    // A stage that carries the architecture in its name is meant for it alone.
    const std::vector<std::string> parts = split(raw, '/');
    const bool named_after_it =
        parts.size() > 1 && stage.name.find(to_lower(parts[1])) != std::string::npos;
    if (named_after_it) return;
    findings.add(
        "FromPlatformFlagConstDisallowed",
        stage.platform->at,
        "--platform of FROM should not be the constant " + quoted(raw),
        "use $BUILDPLATFORM, or name the stage after the architecture");
}

/// The arguments before the first FROM, with and without what the caller gives.
struct GlobalScope {
    std::set<std::string> declared;
    Variables defaults;
    Variables values;
};

std::string expand_or_nothing(const std::string& raw, const Variables& scope, char escape) {
    try {
        return expand_text(
            raw, [&](std::string_view name) { return scope.find(name); }, {.escape = escape});
    } catch (const Error&) {
        // A required variable without a value: evaluation of the file reports it.
        return {};
    }
}

GlobalScope make_scope(const Dockerfile& file, const CheckContext& context) {
    static const Variables kPlatform = make_platform_arguments("linux/amd64", "linux/amd64");
    GlobalScope scope;
    scope.defaults = kPlatform;
    for (const auto& [name, value] : kPlatform.items())
        scope.declared.insert(name);
    for (const auto& [name, value] : context.inputs.platform_args.items()) {
        scope.declared.insert(name);
        scope.defaults.set(name, value);
    }
    scope.values = scope.defaults;
    for (const Instruction& instruction : file.global_args) {
        const auto* arg = std::get_if<Arg>(&instruction.command);
        if (arg == nullptr) continue;
        for (const ArgItem& item : arg->items) {
            const std::string& name = item.name.raw;
            scope.declared.insert(name);
            const char escape = file.directives.escape;
            if (item.value) {
                scope.defaults.set(
                    name, expand_or_nothing(item.value->raw, scope.defaults, escape));
                scope.values.set(name, expand_or_nothing(item.value->raw, scope.values, escape));
            }
            if (const auto given = context.inputs.build_args.find(name))
                scope.values.set(name, *given);
        }
    }
    return scope;
}

bool is_image_like(std::string_view text) {
    if (text.empty() || text.ends_with(':') || text.ends_with('@') || text.starts_with(':'))
        return false;
    return text.find("/:") == std::string_view::npos && text.find("//") == std::string_view::npos
           && !text.ends_with('/') && !text.starts_with('/');
}

void check_undeclared(const Word& word, const GlobalScope& scope, char escape, Findings& findings) {
    Expansion expansion;
    try {
        expansion = expand(
            word.raw,
            [&](std::string_view name) { return scope.values.find(name); },
            {.escape = escape});
    } catch (const Error&) {
        // find_image_uses() reports it as an error.
        return;
    }
    for (const std::string& name : expansion.unset) {
        if (scope.declared.contains(name)) continue;
        const std::vector<std::string> known{scope.declared.begin(), scope.declared.end()};
        const auto best = name.size() <= 64 ? nearest(name, known) : std::nullopt;
        findings.add(
            "UndefinedArgInFrom",
            word.at,
            "argument '" + name + "' of FROM is not declared before it",
            best ? "did you mean '" + *best + "'?" : "declare it with ARG before the first FROM");
    }
}

void check_default(const Stage& stage, const GlobalScope& scope, char escape, Findings& findings) {
    if (stage.base.raw.find('$') == std::string::npos) return;
    const std::string value = expand_or_nothing(stage.base.raw, scope.defaults, escape);
    if (is_image_like(value)) return;
    findings.add(
        "InvalidDefaultArgInFrom",
        stage.base.at,
        "without build arguments " + quoted(stage.base.raw) + " is " + quoted(value)
            + ", which names no image",
        "give the argument a default, or write ${NAME:-default}");
}

/// A comment just above a stage or an argument describes it: "# name what it is".
void check_description(
    const std::vector<std::string>& comments,
    std::string_view name,
    Location at,
    Findings& findings) {
    if (comments.empty() || name.empty()) return;
    const std::string& last = comments.back();
    if (last.starts_with(std::string{name} + " ") || last == name) return;
    findings.add(
        "InvalidDefinitionDescription",
        at,
        "the comment above '" + std::string{name} + "' should be '# " + std::string{name}
            + " description'",
        "put an empty line between them when it describes something else");
}

void check_descriptions(const Dockerfile& file, Findings& findings) {
    for (const Instruction& instruction : file.global_args) {
        const auto* arg = std::get_if<Arg>(&instruction.command);
        if (arg != nullptr && !arg->items.empty()) {
            check_description(
                instruction.comments, arg->items[0].name.raw, instruction.at, findings);
        }
    }
    for (const Stage& stage : file.stages)
        check_description(stage.comments, stage.name, stage.at, findings);
}

}  // namespace

void check_stages(const Dockerfile& file, const CheckContext& context, Findings& findings) {
    const GlobalScope scope = make_scope(file, context);
    const char escape = file.directives.escape;
    for (std::size_t i = 0; i < file.stages.size(); ++i) {
        const Stage& stage = file.stages[i];
        check_name(file, i, findings);
        check_platform(stage, findings);
        check_undeclared(stage.base, scope, escape, findings);
        if (stage.platform) check_undeclared(*stage.platform, scope, escape, findings);
        check_default(stage, scope, escape, findings);
    }
    check_descriptions(file, findings);
}

}  // namespace nacre::dockerfile::detail
