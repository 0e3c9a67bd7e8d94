#include "dockerfile/checks.hpp"

#include "base/text.hpp"
#include "dockerfile/detail/findings.hpp"

#include <algorithm>
#include <array>

namespace nacre::dockerfile {
namespace detail {

void Findings::add(std::string_view check, Location at, std::string message, std::string hint) {
    add(
        {.severity = Severity::Warning,
         .code = std::string{check},
         .file = file_->file,
         .line = at.line,
         .column = at.column,
         .message = std::move(message),
         .excerpt = std::string{file_->line(at.line)}.substr(0, 500),
         .hint = std::move(hint)});
}

void Findings::add(Diagnostic one) {
    const CheckDirective& directive = file_->directives.check;
    if (!is_check_enabled(directive, one.code) || found_.size() >= kDiagnosticsMax) return;
    if (directive.warnings_are_errors) one.severity = Severity::Error;
    found_.push_back(std::move(one));
}

Diagnostics Findings::take() {
    std::ranges::stable_sort(found_, [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair{a.line, a.column} < std::pair{b.line, b.column};
    });
    return std::move(found_);
}

}  // namespace detail

namespace {

using detail::Findings;

/// Words of names that say "secret", between underscores.
bool names_a_secret(std::string_view name) {
    static constexpr std::array<std::string_view, 11> kSecrets{
        "apikey",
        "auth",
        "credential",
        "credentials",
        "key",
        "password",
        "pword",
        "passwd",
        "secret",
        "token",
        "passphrase"};
    const std::vector<std::string> parts = split(to_lower(name), '_');
    if (std::ranges::find(parts, "public") != parts.end()) return false;
    return std::ranges::any_of(parts, [](const std::string& part) {
        return std::ranges::find(kSecrets, part) != kSecrets.end();
    });
}

void check_secret(std::string_view keyword, const Word& name, Findings& findings) {
    if (!names_a_secret(name.raw)) return;
    findings.add(
        "SecretsUsedInArgOrEnv",
        name.at,
        "do not use ARG or ENV for sensitive data (" + std::string{keyword} + " " + quoted(name.raw)
            + ")",
        "use RUN --mount=type=secret,id=NAME");
}

void check_expose(const Expose& expose, Findings& findings) {
    for (const Word& port : expose.ports) {
        const std::size_t slash = port.raw.find('/');
        const std::string number = port.raw.substr(0, slash);
        if (number.find(':') != std::string::npos && number.find('$') == std::string::npos) {
            findings.add(
                "ExposeInvalidFormat",
                port.at,
                "EXPOSE takes no IP address or host port, found " + quoted(port.raw),
                "write the container's port only; ports are mapped when the container starts");
        }
        if (slash == std::string::npos) continue;
        const std::string protocol = port.raw.substr(slash + 1);
        if (protocol.find('$') == std::string::npos && to_lower(protocol) != protocol) {
            findings.add(
                "ExposeProtoCasing",
                port.at,
                "the protocol of " + quoted(port.raw) + " should be in lower case",
                "write '" + port.raw.substr(0, slash) + "/" + to_lower(protocol) + "'");
        }
    }
}

/// The checks that look at one stage's instructions in their order.
class StageChecker {
public:
    StageChecker(const CheckContext& context, Findings& findings)
        : context_{&context},
          findings_{&findings} {}

    void check(const Stage& stage) {
        for (const Instruction& instruction : stage.instructions)
            visit(instruction);
        report_repeated("CMD", commands_);
        report_repeated("ENTRYPOINT", entrypoints_);
        report_repeated("HEALTHCHECK", healthchecks_);
    }

private:
    void visit(const Instruction& instruction) {
        const Command& command = instruction.command;
        if (const auto* cmd = std::get_if<Cmd>(&command)) {
            commands_.push_back(instruction.at);
            check_form("CMD", cmd->command, instruction.at);
        } else if (const auto* entrypoint = std::get_if<Entrypoint>(&command)) {
            entrypoints_.push_back(instruction.at);
            check_form("ENTRYPOINT", entrypoint->command, instruction.at);
        } else if (std::holds_alternative<Healthcheck>(command)) {
            healthchecks_.push_back(instruction.at);
        } else if (std::holds_alternative<Shell>(command)) {
            has_shell_ = true;
        } else if (std::holds_alternative<Maintainer>(command)) {
            findings_->add(
                "MaintainerDeprecated",
                instruction.at,
                "MAINTAINER is deprecated in favour of a label",
                "write LABEL org.opencontainers.image.authors=\"...\"");
        } else {
            visit_values(instruction);
        }
    }

    void visit_values(const Instruction& instruction) {
        const Command& command = instruction.command;
        if (const auto* workdir = std::get_if<Workdir>(&command)) check_workdir(*workdir);
        if (const auto* expose = std::get_if<Expose>(&command)) check_expose(*expose, *findings_);
        if (const auto* copy = std::get_if<Copy>(&command)) check_copy(*copy);
        if (const auto* env = std::get_if<Env>(&command)) {
            for (const KeyValue& pair : env->pairs)
                check_secret("ENV", pair.key, *findings_);
            if (env->legacy) report_legacy("ENV", instruction.at);
        }
        if (const auto* arg = std::get_if<Arg>(&command)) {
            for (const ArgItem& item : arg->items)
                check_secret("ARG", item.name, *findings_);
        }
        const auto* label = std::get_if<Label>(&command);
        if (label != nullptr && label->legacy) report_legacy("LABEL", instruction.at);
    }

    void report_legacy(const std::string& keyword, Location at) {
        findings_->add(
            "LegacyKeyValueFormat",
            at,
            "\"" + keyword + " key=value\" should be used instead of \"" + keyword + " key value\"",
            "put '=' between the name and the value, and quote a value with blanks");
    }

    void check_form(const std::string& keyword, const CommandLine& command, Location at) {
        if (command.exec_form || has_shell_ || command.words.empty()) return;
        findings_->add(
            "JSONArgsRecommended",
            at,
            "JSON form is recommended for " + keyword
                + ", the shell form keeps signals from the program",
            "write " + keyword
                + " [\"program\", \"argument\"], or set SHELL to say that you mean it");
    }

    void check_workdir(const Workdir& workdir) {
        const std::string& path = workdir.path.raw;
        if (path.starts_with('/') || path.starts_with('$') || path.starts_with("\"/")) {
            has_workdir_ = true;
        } else if (!has_workdir_) {
            findings_->add(
                "WorkdirRelativePath",
                workdir.path.at,
                "relative working directory " + quoted(path)
                    + " can change its meaning with the base image",
                "begin with an absolute WORKDIR");
        }
    }

    void check_copy(const Copy& copy) {
        if (copy.from || !context_->is_ignored) return;
        for (const Word& source : copy.sources) {
            std::string_view path = source.raw;
            while (path.starts_with("./") || path.starts_with('/'))
                path.remove_prefix(path.starts_with('/') ? 1 : 2);
            while (path.ends_with('/'))
                path.remove_suffix(1);
            const bool literal = path.find_first_of("*?[$\"'\\") == std::string_view::npos
                                 && path.find("://") == std::string_view::npos;
            if (path.empty() || path == "." || !literal || !context_->is_ignored(path)) continue;
            findings_->add(
                "CopyIgnoredFile",
                source.at,
                std::string{copy.is_add ? "ADD" : "COPY"} + " of " + quoted(source.raw)
                    + ", which the ignore file excludes",
                "take it back with '!" + std::string{path} + "' in the ignore file");
        }
    }

    void report_repeated(const std::string& keyword, const std::vector<Location>& places) {
        for (std::size_t i = 0; i + 1 < places.size(); ++i) {
            findings_->add(
                "MultipleInstructionsDisallowed",
                places[i],
                "several " + keyword + " in one stage: only the last one counts",
                "remove this one");
        }
    }

    const CheckContext* context_;
    Findings* findings_;
    std::vector<Location> commands_;
    std::vector<Location> entrypoints_;
    std::vector<Location> healthchecks_;
    bool has_shell_ = false;
    bool has_workdir_ = false;
};

struct Keyword {
    std::string text;
    Location at;
};

std::vector<Keyword> keywords_of(const Dockerfile& file) {
    std::vector<Keyword> keywords;
    for (const Instruction& instruction : file.global_args)
        keywords.push_back({instruction.keyword, instruction.at});
    for (const Stage& stage : file.stages) {
        keywords.push_back({stage.keyword, stage.at});
        for (const Instruction& instruction : stage.instructions)
            keywords.push_back({instruction.keyword, instruction.at});
    }
    return keywords;
}

void check_keyword_casing(const Dockerfile& file, Findings& findings) {
    const std::vector<Keyword> keywords = keywords_of(file);
    const auto lower = std::ranges::count_if(
        keywords, [](const Keyword& one) { return one.text == to_lower(one.text); });
    const auto upper = std::ranges::count_if(
        keywords, [](const Keyword& one) { return one.text == to_upper(one.text); });
    const bool majority_is_lower = lower > upper;
    for (const Keyword& one : keywords) {
        const std::string wanted = majority_is_lower ? to_lower(one.text) : to_upper(one.text);
        if (one.text == wanted) continue;
        findings.add(
            "ConsistentInstructionCasing",
            one.at,
            "instruction " + quoted(one.text) + " should be in "
                + (majority_is_lower ? "lower" : "upper") + " case as most of the others",
            "write '" + wanted + "'");
    }
}

/// "linux/arm64/v8" and "linux/arm64" are the same.
bool is_same_platform(std::string_view found, std::string_view wanted) {
    const std::vector<std::string> a = split(found, '/');
    const std::vector<std::string> b = split(wanted, '/');
    const std::size_t parts = std::min({a.size(), b.size(), std::size_t{3}});
    return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(parts), b.begin());
}

void check_base_platforms(const Dockerfile& file, const CheckContext& context, Findings& findings) {
    if (!context.base_platform) return;
    const std::string target = context.inputs.platform_args.find("TARGETPLATFORM").value_or("");
    for (const ImageUse& use : find_image_uses(file, context.inputs).uses) {
        const std::string& wanted = use.platform.empty() ? target : use.platform;
        if (use.kind != ImageUseKind::From || !use.is_image() || wanted.empty()) continue;
        const auto found = context.base_platform(use.text, wanted);
        if (!found || is_same_platform(*found, wanted)) continue;
        findings.add(
            "InvalidBaseImagePlatform",
            use.at,
            "base image " + quoted(use.text) + " is for platform '" + *found + "', expected '"
                + wanted + "' for this build",
            "take an image that is made for " + wanted + ", or build with --platform=" + *found);
    }
}

}  // namespace

const std::vector<std::string>& check_names() {
    static const std::vector<std::string> kNames{
        "StageNameCasing",
        "FromAsCasing",
        "NoEmptyContinuation",
        "ConsistentInstructionCasing",
        "DuplicateStageName",
        "ReservedStageName",
        "JSONArgsRecommended",
        "MaintainerDeprecated",
        "UndefinedArgInFrom",
        "WorkdirRelativePath",
        "UndefinedVar",
        "MultipleInstructionsDisallowed",
        "LegacyKeyValueFormat",
        "InvalidBaseImagePlatform",
        "RedundantTargetPlatform",
        "SecretsUsedInArgOrEnv",
        "InvalidDefaultArgInFrom",
        "FromPlatformFlagConstDisallowed",
        "CopyIgnoredFile",
        "InvalidDefinitionDescription",
        "ExposeProtoCasing",
        "ExposeInvalidFormat"};
    return kNames;
}

bool is_check_enabled(const CheckDirective& directive, std::string_view check) {
    const auto listed = [check](const std::vector<std::string>& names) {
        return std::ranges::any_of(
            names, [check](const std::string& name) { return equals_ignoring_case(name, check); });
    };
    if (directive.skip_all || listed(directive.skip)) return false;
    const bool experimental = check == "InvalidDefinitionDescription";
    return !experimental || directive.experimental_all || listed(directive.experimental);
}

Diagnostics run_checks(const ParseResult& parsed, const CheckContext& context) {
    const Dockerfile& file = parsed.tree;
    Findings findings{file};
    for (const Diagnostic& one : parsed.diagnostics)
        findings.add(one);
    check_keyword_casing(file, findings);
    detail::check_stages(file, context, findings);
    check_base_platforms(file, context, findings);
    for (const Instruction& instruction : file.global_args) {
        if (const auto* arg = std::get_if<Arg>(&instruction.command)) {
            for (const ArgItem& item : arg->items)
                check_secret("ARG", item.name, findings);
        }
    }
    for (const Stage& stage : file.stages)
        StageChecker{context, findings}.check(stage);
    detail::check_variables(file, context, findings);
    return findings.take();
}

}  // namespace nacre::dockerfile
