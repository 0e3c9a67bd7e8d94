#include "dump.hpp"

#include <type_traits>

namespace nacre::dockerfile {
namespace {

std::string text(std::string_view value) {
    std::string result = "\"";
    for (const char c : value) {
        if (c == '\n') {
            result += "\\n";
        } else if (c == '\t') {
            result += "\\t";
        } else if (c == '\r') {
            result += "\\r";
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result + "\"";
}

std::string place(Location at) {
    return std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string dump(const Word& word) {
    return text(word.raw) + "@" + place(word.at);
}

std::string dump(const Heredoc& heredoc) {
    return " <<" + text(heredoc.name) + "@" + place(heredoc.at) + (heredoc.expand ? " expand" : "")
           + (heredoc.strip_tabs ? " tabs" : "")
           + (heredoc.fd != 0 ? " fd=" + std::to_string(heredoc.fd) : "") + " "
           + text(heredoc.content);
}

std::string dump(const CommandLine& command) {
    std::string result = command.exec_form ? " exec[" : " shell[";
    for (std::size_t i = 0; i < command.words.size(); ++i)
        result += (i > 0 ? ", " : "") + text(command.words[i]);
    result += "]";
    for (const Heredoc& heredoc : command.heredocs)
        result += dump(heredoc);
    return result + (command.script_only ? " script" : "");
}

std::string dump(const std::vector<Word>& words) {
    std::string result = " [";
    for (std::size_t i = 0; i < words.size(); ++i)
        result += (i > 0 ? ", " : "") + dump(words[i]);
    return result + "]";
}

std::string dump(const std::vector<KeyValue>& pairs) {
    std::string result;
    for (const KeyValue& pair : pairs)
        result += " " + dump(pair.key) + "=" + dump(pair.value);
    return result;
}

std::string dump(const Instruction& instruction);

struct Dumper {
    std::string operator()(const Run& run) const {
        std::string result;
        for (const MountFlag& mount : run.mounts) {
            result += " mount=" + text(mount.raw) + "@" + place(mount.at);
            if (!mount.source_from.empty()) result += " from=" + text(mount.source_from);
        }
        if (run.network != NetworkMode::Default)
            result += run.network == NetworkMode::None ? " network=none" : " network=host";
        if (run.security == SecurityMode::Insecure) result += " insecure";
        return result + dump(run.command);
    }

    std::string operator()(const Copy& copy) const {
        std::string result;
        const auto add = [&](const char* name, const std::optional<Word>& word) {
            if (word) result += std::string{" "} + name + "=" + dump(*word);
        };
        const auto flag = [&](const char* name, bool on) {
            if (on) result += std::string{" "} + name;
        };
        add("from", copy.from);
        add("chown", copy.chown);
        add("chmod", copy.chmod);
        add("checksum", copy.checksum);
        flag("link", copy.link);
        flag("parents", copy.parents);
        flag("keep-git-dir", copy.keep_git_dir.value_or(false));
        flag("unpack", copy.unpack.value_or(false));
        flag("no-unpack", !copy.unpack.value_or(true));
        if (!copy.excludes.empty()) result += " exclude" + dump(copy.excludes);
        result += dump(copy.sources);
        for (const Heredoc& file : copy.files)
            result += dump(file);
        return result + " to " + dump(copy.destination);
    }

    std::string operator()(const Env& env) const {
        return (env.legacy ? " legacy" : "") + dump(env.pairs);
    }

    std::string operator()(const Label& label) const {
        return (label.legacy ? " legacy" : "") + dump(label.pairs);
    }

    std::string operator()(const Arg& arg) const {
        std::string result;
        for (const ArgItem& item : arg.items)
            result += " " + dump(item.name) + (item.value ? "=" + dump(*item.value) : "");
        return result;
    }

    std::string operator()(const Workdir& workdir) const { return " " + dump(workdir.path); }

    std::string operator()(const User& user) const { return " " + dump(user.user); }

    std::string operator()(const Expose& expose) const { return dump(expose.ports); }

    std::string operator()(const Volume& volume) const { return dump(volume.paths); }

    std::string operator()(const Cmd& cmd) const { return dump(cmd.command); }

    std::string operator()(const Entrypoint& entrypoint) const { return dump(entrypoint.command); }

    std::string operator()(const Shell& shell) const {
        return dump(CommandLine{.exec_form = true, .words = shell.words});
    }

    std::string operator()(const Healthcheck& check) const {
        if (check.disabled) return " none";
        std::string result;
        const auto add = [&](const char* name,
                             const std::optional<std::chrono::nanoseconds>& time) {
            if (time) result += std::string{" "} + name + "=" + std::to_string(time->count());
        };
        add("interval", check.interval);
        add("timeout", check.timeout);
        add("start-period", check.start_period);
        add("start-interval", check.start_interval);
        if (check.retries) result += " retries=" + std::to_string(*check.retries);
        return result + dump(check.command);
    }

    std::string operator()(const StopSignal& stop) const { return " " + dump(stop.signal); }

    std::string operator()(const Maintainer& maintainer) const {
        return " " + text(maintainer.name);
    }

    std::string operator()(const OnBuild& onbuild) const {
        return " " + text(onbuild.text)
               + (onbuild.trigger ? " (" + dump(*onbuild.trigger) + ")" : "");
    }
};

std::string dump(const Instruction& instruction) {
    std::string result = place(instruction.at) + "-" + std::to_string(instruction.end_line) + " "
                         + std::string{keyword_of(instruction.command)}
                         + std::visit(Dumper{}, instruction.command);
    for (const std::string& comment : instruction.comments)
        result += " #" + text(comment);
    return result;
}

std::string dump(const Stage& stage) {
    std::string result = "stage " + place(stage.at) + " " + dump(stage.base);
    if (stage.platform) result += " platform=" + dump(*stage.platform);
    if (!stage.name.empty()) result += " as " + text(stage.name);
    return result + "\n";
}

}  // namespace

std::string dump(const ParseResult& result) {
    const Directives& directives = result.tree.directives;
    std::string out = std::string{"escape "} + directives.escape + "\n";
    if (!directives.syntax.empty()) out += "syntax " + text(directives.syntax) + "\n";
    if (directives.check.warnings_are_errors) out += "check error\n";
    for (const std::string& name : directives.check.skip)
        out += "check skip " + name + "\n";
    for (const Instruction& instruction : result.tree.global_args)
        out += "global " + dump(instruction) + "\n";
    for (const Stage& stage : result.tree.stages) {
        out += dump(stage);
        for (const Instruction& instruction : stage.instructions)
            out += "  " + dump(instruction) + "\n";
    }
    return out + render(result.diagnostics);
}

}  // namespace nacre::dockerfile
