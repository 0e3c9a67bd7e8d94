#include "dockerfile/labels.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace nacre::dockerfile {
namespace {

Diagnostic finding(const Dockerfile& file, Location at, const Error& error) {
    return {
        .file = file.file,
        .line = at.line,
        .column = at.column,
        .message = error.what(),
        .excerpt = std::string{trim(file.line(at.line))}.substr(0, 500),
        .hint = error.hint()};
}

/// Expands words of one file and turns failures into findings.
class Evaluator {
public:
    Evaluator(const Dockerfile& file, Diagnostics& found) : file_{&file}, found_{&found} {}

    std::string text(const Word& word, const Variables& scope) const {
        try {
            return expand_text(
                word.raw,
                [&](std::string_view name) { return scope.find(name); },
                {.escape = file_->directives.escape});
        } catch (const Error& error) {
            found_->push_back(finding(*file_, word.at, error));
            return {};
        }
    }

private:
    const Dockerfile* file_;
    Diagnostics* found_;
};

Variables evaluate_globals(
    const Dockerfile& file, const BuildInputs& inputs, const Evaluator& evaluator) {
    Variables globals = inputs.platform_args;
    for (const Instruction& instruction : file.global_args) {
        const Arg* arg = std::get_if<Arg>(&instruction.command);
        if (arg == nullptr) continue;
        for (const ArgItem& item : arg->items) {
            const std::string name = evaluator.text(item.name, globals);
            const std::optional<std::string> given = inputs.build_args.find(name);
            if (given) {
                globals.set(name, *given);
            } else if (item.value) {
                globals.set(name, evaluator.text(*item.value, globals));
            }
        }
    }
    return globals;
}

class StageEvaluator {
public:
    StageEvaluator(
        const BuildInputs& inputs,
        const Variables& globals,
        const Variables& base_env,
        const Evaluator& evaluator)
        : inputs_{&inputs},
          globals_{&globals},
          evaluator_{&evaluator},
          scope_{base_env} {
        state_.env = base_env;
    }

    void apply(const Stage& stage) {
        for (const Instruction& instruction : stage.instructions) {
            if (const Arg* arg = std::get_if<Arg>(&instruction.command)) apply_arg(*arg);
            if (const Env* env = std::get_if<Env>(&instruction.command)) apply_env(*env);
            if (const Label* label = std::get_if<Label>(&instruction.command)) apply_label(*label);
            if (const User* user = std::get_if<User>(&instruction.command))
                state_.user = evaluator_->text(user->user, scope_);
        }
    }

    StageState take() { return std::move(state_); }

private:
    using Pairs = std::vector<std::pair<std::string, std::string>>;

    /// All pairs of one instruction see the values from before it.
    Pairs values_of(const std::vector<KeyValue>& pairs) const {
        Pairs values;
        for (const KeyValue& pair : pairs) {
            values.emplace_back(
                evaluator_->text(pair.key, scope_), evaluator_->text(pair.value, scope_));
        }
        return values;
    }

    void apply_env(const Env& env) {
        for (auto& [name, value] : values_of(env.pairs)) {
            scope_.set(name, value);
            state_.env.set(name, std::move(value));
        }
    }

    void apply_label(const Label& label) {
        for (auto& [name, value] : values_of(label.pairs))
            state_.labels.set(name, std::move(value));
    }

    void apply_arg(const Arg& arg) {
        for (const ArgItem& item : arg.items) {
            const std::string name = evaluator_->text(item.name, scope_);
            std::optional<std::string> value = inputs_->build_args.find(name);
            if (!value && item.value) value = evaluator_->text(*item.value, scope_);
            if (!value) value = globals_->find(name);
            if (value) scope_.set(name, std::move(*value));
        }
    }

    const BuildInputs* inputs_;
    const Variables* globals_;
    const Evaluator* evaluator_;
    Variables scope_;
    StageState state_;
};

class UseFinder {
public:
    UseFinder(
        const Dockerfile& file,
        const BuildInputs& inputs,
        const Evaluator& evaluator,
        ImageUses& result)
        : file_{&file},
          inputs_{&inputs},
          evaluator_{&evaluator},
          result_{&result} {}

    void visit(std::size_t index, const Variables& globals) {
        const Stage& stage = file_->stages[index];
        ImageUse use{ImageUseKind::From, index, evaluator_->text(stage.base, globals)};
        use.at = stage.base.at;
        if (stage.platform) use.platform = evaluator_->text(*stage.platform, globals);
        const auto replaced =
            stage.name.empty() ? std::nullopt : find_context_name(inputs_->contexts, stage.name);
        use.is_replaced = replaced.has_value();
        if (replaced) {
            apply_context(use, *replaced);
        } else {
            use.source_stage = find_stage(file_->stages, use.text, index, StageLookup::NameOnly);
            resolve(use);
        }
        if (use.context.empty() && use.text.empty()) {
            const Error blank{
                ErrorCode::InvalidArgument,
                "the image of FROM " + quoted(stage.base.raw) + " is empty, needed a name"};
            result_->diagnostics.push_back(finding(
                *file_,
                stage.base.at,
                blank.with_hint("give the arguments before FROM a default, or pass --build-arg")));
        }
        const bool is_replaced = use.is_replaced;
        result_->uses.push_back(std::move(use));
        if (is_replaced) return;
        for (const Instruction& instruction : stage.instructions)
            visit_instruction(index, instruction);
    }

private:
    void visit_instruction(std::size_t index, const Instruction& instruction) {
        const Copy* copy = std::get_if<Copy>(&instruction.command);
        if (copy != nullptr && copy->from)
            add(ImageUseKind::CopyFrom, index, copy->from->raw, copy->from->at);
        const Run* run = std::get_if<Run>(&instruction.command);
        if (run == nullptr) return;
        for (const MountFlag& mount : run->mounts) {
            if (!mount.source_from.empty())
                add(ImageUseKind::MountFrom, index, mount.source_from, mount.at);
        }
    }

    void add(ImageUseKind kind, std::size_t index, const std::string& text, Location at) {
        ImageUse use{kind, index, text};
        use.at = at;
        use.source_stage = find_stage(file_->stages, text, index, StageLookup::NameOrNumber);
        if (!use.source_stage && parse_integer(text)) {
            const Error none{
                ErrorCode::InvalidArgument,
                "there is no stage " + quoted(text) + " before this one, needed a number below "
                    + std::to_string(index) + ", a stage's name or an image"};
            result_->diagnostics.push_back(finding(*file_, at, none));
        }
        resolve(use);
        result_->uses.push_back(std::move(use));
    }

    void apply_context(ImageUse& use, const std::string& name) const {
        const NamedContext& context = inputs_->contexts.find(name)->second;
        use.text = context.image;
        use.scratch = context.image == "scratch";
        if (context.image.empty()) use.context = name;
    }

    void resolve(ImageUse& use) const {
        if (use.source_stage) return;
        use.scratch = use.text == "scratch";
        const auto name = find_context_name(inputs_->contexts, use.text);
        if (name) apply_context(use, *name);
    }

    const Dockerfile* file_;
    const BuildInputs* inputs_;
    const Evaluator* evaluator_;
    ImageUses* result_;
};

void set_platform(Variables& variables, const std::string& prefix, std::string_view platform) {
    const std::vector<std::string> parts = split(platform, '/');
    variables.set(prefix + "PLATFORM", std::string{platform});
    variables.set(prefix + "OS", parts[0]);
    variables.set(prefix + "ARCH", parts.size() > 1 ? parts[1] : "");
    variables.set(prefix + "VARIANT", parts.size() > 2 ? parts[2] : "");
}

}  // namespace

std::optional<std::string> find_context_name(const NamedContexts& contexts, std::string_view text) {
    const auto short_form = [](std::string_view name) {
        for (const std::string_view prefix : {"docker.io/library/", "docker.io/"}) {
            if (!name.starts_with(prefix)) continue;
            name.remove_prefix(prefix.size());
            break;
        }
        constexpr std::string_view kLatest = ":latest";
        if (name.ends_with(kLatest)) name.remove_suffix(kLatest.size());
        return to_lower(name);
    };
    const std::string wanted = short_form(text);
    for (const auto& [name, context] : contexts)
        if (short_form(name) == wanted) return name;
    return std::nullopt;
}

Variables make_platform_arguments(std::string_view target, std::string_view build) {
    Variables variables;
    set_platform(variables, "BUILD", build);
    set_platform(variables, "TARGET", target);
    return variables;
}

bool is_predefined_proxy_argument(std::string_view name) noexcept {
    static constexpr std::array<std::string_view, 10> kNames{
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "FTP_PROXY",
        "ftp_proxy",
        "NO_PROXY",
        "no_proxy",
        "ALL_PROXY",
        "all_proxy"};
    return std::ranges::find(kNames, name) != kNames.end();
}

ImageUses find_image_uses(const Dockerfile& dockerfile, const BuildInputs& inputs) {
    ImageUses result;
    const Evaluator evaluator{dockerfile, result.diagnostics};
    const Variables globals = evaluate_globals(dockerfile, inputs, evaluator);
    UseFinder finder{dockerfile, inputs, evaluator, result};
    for (std::size_t i = 0; i < dockerfile.stages.size(); ++i)
        finder.visit(i, globals);
    return result;
}

Variables evaluate_global_args(
    const Dockerfile& dockerfile, const BuildInputs& inputs, Diagnostics& found) {
    return evaluate_globals(dockerfile, inputs, Evaluator{dockerfile, found});
}

std::size_t find_target(const Dockerfile& dockerfile, std::string_view target) {
    const std::size_t count = dockerfile.stages.size();
    if (count == 0) throw Error{ErrorCode::InvalidArgument, "the Dockerfile has no stage"};
    if (target.empty()) return count - 1;
    const std::optional<std::size_t> found =
        find_stage(dockerfile.stages, target, count, StageLookup::NameOrNumber);
    if (found) return *found;
    std::vector<std::string> names;
    for (const Stage& stage : dockerfile.stages) {
        if (!stage.name.empty()) names.push_back(stage.name);
    }
    const std::string known =
        names.empty() ? "a number below " + std::to_string(count) : join(names, ", ");
    throw Error{
        ErrorCode::NotFound,
        "there is no stage " + quoted(target) + " in '" + dockerfile.file + "', needed one of "
            + known};
}

StageState evaluate_stage(
    const Dockerfile& dockerfile, const BuildInputs& inputs, const Variables& base_env) {
    Diagnostics found;
    const Evaluator evaluator{dockerfile, found};
    const Variables globals = evaluate_globals(dockerfile, inputs, evaluator);
    std::vector<std::size_t> chain;
    std::optional<std::size_t> next = find_target(dockerfile, inputs.target);
    while (next) {
        const std::string& name = dockerfile.stages[*next].name;
        if (!name.empty() && find_context_name(inputs.contexts, name)) break;
        chain.push_back(*next);
        const std::string base = evaluator.text(dockerfile.stages[*next].base, globals);
        next = find_stage(dockerfile.stages, base, *next, StageLookup::NameOnly);
    }
    StageEvaluator stage{inputs, globals, base_env, evaluator};
    for (const std::size_t index : std::vector<std::size_t>{chain.rbegin(), chain.rend()})
        stage.apply(dockerfile.stages[index]);
    StageState state = stage.take();
    state.diagnostics = std::move(found);
    return state;
}

}  // namespace nacre::dockerfile
