#include "base/error.hpp"
#include "base/text.hpp"
#include "dockerfile/detail/findings.hpp"

#include <algorithm>
#include <set>

namespace nacre::dockerfile::detail {
namespace {

/// Names that are visible at one point of a stage. Nothing is known when the base image is not.
struct Scope {
    bool complete = false;
    std::set<std::string, std::less<>> names;
};

class VariableChecker {
public:
    VariableChecker(const Dockerfile& file, Scope& scope, Findings& findings)
        : file_{&file},
          scope_{&scope},
          findings_{&findings} {}

    void visit(const Instruction& instruction) {
        const Command& command = instruction.command;
        if (const auto* env = std::get_if<Env>(&command)) {
            check_pairs(env->pairs);
            for (const KeyValue& pair : env->pairs)
                scope_->names.insert(pair.key.raw);
        } else if (const auto* label = std::get_if<Label>(&command)) {
            check_pairs(label->pairs);
        } else if (const auto* arg = std::get_if<Arg>(&command)) {
            for (const ArgItem& item : arg->items) {
                if (item.value) check(*item.value);
                scope_->names.insert(item.name.raw);
            }
        } else if (const auto* copy = std::get_if<Copy>(&command)) {
            visit_copy(*copy);
        } else if (const auto* workdir = std::get_if<Workdir>(&command)) {
            check(workdir->path);
        } else if (const auto* user = std::get_if<User>(&command)) {
            check(user->user);
        } else if (const auto* expose = std::get_if<Expose>(&command)) {
            check_all(expose->ports);
        } else if (const auto* volume = std::get_if<Volume>(&command)) {
            check_all(volume->paths);
        } else if (const auto* stop = std::get_if<StopSignal>(&command)) {
            check(stop->signal);
        }
    }

private:
    void visit_copy(const Copy& copy) {
        for (const std::optional<Word>& word : {copy.chown, copy.chmod, copy.checksum}) {
            if (word) check(*word);
        }
        check_all(copy.excludes);
        check_all(copy.sources);
        check(copy.destination);
    }

    void check_pairs(const std::vector<KeyValue>& pairs) {
        for (const KeyValue& pair : pairs) {
            check(pair.key);
            check(pair.value);
        }
    }

    void check_all(const std::vector<Word>& words) {
        for (const Word& word : words)
            check(word);
    }

    void check(const Word& word) {
        if (!scope_->complete || word.raw.find('$') == std::string::npos) return;
        Expansion expansion;
        try {
            expansion = expand(
                word.raw,
                [&](std::string_view name) {
                    return scope_->names.contains(name) ? std::optional<std::string>{"x"}
                                                        : std::nullopt;
                },
                {.escape = file_->directives.escape});
        } catch (const Error&) {
            // A bad or unmet substitution is an error of the build itself.
            return;
        }
        for (const std::string& name : expansion.unset) {
            const std::vector<std::string> known{scope_->names.begin(), scope_->names.end()};
            const auto best = name.size() <= 64 ? nearest(name, known) : std::nullopt;
            findings_->add(
                "UndefinedVar",
                word.at,
                "variable '$" + name.substr(0, 100) + "' is not defined here",
                best ? "did you mean '$" + *best + "'?" : "declare it with ARG or ENV before");
        }
    }

    const Dockerfile* file_;
    Scope* scope_;
    Findings* findings_;
};

Scope start_scope(
    const ImageUse& use, const std::vector<Scope>& ends, const CheckContext& context) {
    if (use.source_stage) return ends[*use.source_stage];
    Scope scope;
    // The engine gives every step a PATH.
    scope.names.insert("PATH");
    if (use.scratch) {
        scope.complete = true;
    } else if (context.base_environment) {
        const std::optional<Variables> env = context.base_environment(use.text);
        scope.complete = env.has_value();
        if (env) {
            for (const auto& [name, value] : env->items())
                scope.names.insert(name);
        }
    }
    return scope;
}

}  // namespace

void check_variables(const Dockerfile& file, const CheckContext& context, Findings& findings) {
    const ImageUses images = find_image_uses(file, context.inputs);
    std::vector<Scope> ends;
    for (const ImageUse& use : images.uses) {
        if (use.kind != ImageUseKind::From) continue;
        Scope scope = start_scope(use, ends, context);
        VariableChecker checker{file, scope, findings};
        for (const Instruction& instruction : file.stages[use.stage].instructions)
            checker.visit(instruction);
        ends.push_back(std::move(scope));
    }
}

}  // namespace nacre::dockerfile::detail
