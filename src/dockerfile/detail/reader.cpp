#include "dockerfile/detail/reader.hpp"

#include "base/text.hpp"
#include "dockerfile/detail/words.hpp"
#include "dockerfile/parser.hpp"

#include <algorithm>

namespace nacre::dockerfile::detail {
namespace {

constexpr std::size_t kExcerptBytesMax = 500;

std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::string_view without_leading_blanks(std::string_view line) {
    while (!line.empty() && is_blank(line.front()))
        line.remove_prefix(1);
    return line;
}

bool is_comment(std::string_view line) {
    return without_leading_blanks(line).starts_with('#');
}

std::string comment_text(std::string_view line) {
    return std::string{trim(without_leading_blanks(line).substr(1))};
}

/// An escape character, not itself escaped, with only blanks behind it continues the line.
struct Continuation {
    std::string_view text;
    bool continues;
};

Continuation split_continuation(std::string_view line, char escape) {
    std::size_t end = line.size();
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
        --end;
    if (end == 0 || line[end - 1] != escape) return {line, false};
    if (end >= 2 && line[end - 2] == escape) return {line, false};
    return {line.substr(0, end - 1), true};
}

struct DirectiveLine {
    std::string key;
    std::string value;
};

/// `# key = value`
std::optional<DirectiveLine> parse_directive(std::string_view line) {
    if (!line.starts_with('#')) return std::nullopt;
    const std::string_view body = trim(line.substr(1));
    const std::size_t equals = body.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string key = to_lower(trim(body.substr(0, equals)));
    const std::string_view value = trim(body.substr(equals + 1));
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const bool plain =
        std::ranges::all_of(key, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
    if (key.empty() || value.empty() || !plain || !is_letter(key[0])) return std::nullopt;
    return DirectiveLine{key, std::string{value}};
}

}  // namespace

void Reporter::add(
    Severity severity, Location at, std::string code, std::string message, std::string hint) {
    if (found_.size() >= kDiagnosticsMax && severity == Severity::Warning) return;
    if (found_.size() >= kDiagnosticsMax) {
        ++left_out_;
        return;
    }
    Diagnostic one{
        .severity = severity,
        .code = std::move(code),
        .file = file_,
        .line = at.line,
        .column = at.column,
        .message = std::move(message),
        .hint = std::move(hint)};
    const auto index = static_cast<std::size_t>(at.line);
    if (at.line > 0 && index <= lines_->size())
        one.excerpt = without_return((*lines_)[index - 1]).substr(0, kExcerptBytesMax);
    found_.push_back(std::move(one));
}

void Reporter::error(Location at, std::string message, std::string hint) {
    add(Severity::Error, at, {}, std::move(message), std::move(hint));
}

void Reporter::warning(Location at, std::string code, std::string message, std::string hint) {
    add(Severity::Warning, at, std::move(code), std::move(message), std::move(hint));
}

Diagnostics Reporter::take() {
    if (left_out_ > 0) {
        found_.push_back(
            {.severity = Severity::Error,
             .file = file_,
             .message = std::to_string(left_out_) + " more errors are not shown"});
    }
    return std::move(found_);
}

void LogicalLine::begin_segment(Location at) {
    segments_.push_back({text.size(), at});
}

Location LogicalLine::locate(std::size_t offset) const {
    const auto after = std::ranges::upper_bound(segments_, offset, {}, &Segment::offset);
    if (after == segments_.begin()) return {};
    const Segment& segment = *std::prev(after);
    return {segment.at.line, segment.at.column + static_cast<int>(offset - segment.offset)};
}

Reader::Reader(const std::vector<std::string>& lines, Reporter& reporter)
    : lines_{&lines},
      reporter_{&reporter} {}

Directives Reader::read_directives() {
    Directives directives;
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < lines_->size(); ++i) {
        const std::string_view line = without_return((*lines_)[i]);
        if (i == 0 && line.starts_with("#!")) continue;
        const std::optional<DirectiveLine> found = parse_directive(line);
        if (!found) break;
        if (found->key != "escape" && found->key != "syntax" && found->key != "check") continue;
        const Location at{static_cast<int>(i + 1), 1};
        if (std::ranges::find(seen, found->key) != seen.end()) {
            reporter_->error(
                at, "parser directive '" + found->key + "' is given twice, needed at most once");
            continue;
        }
        seen.push_back(found->key);
        apply_directive(directives, found->key, found->value, at);
    }
    return directives;
}

void Reader::apply_directive(
    Directives& directives, std::string_view key, std::string_view value, Location at) {
    if (key == "syntax") {
        directives.syntax = value;
    } else if (key == "check") {
        apply_check(directives.check, value, at);
    } else if (value == "\\" || value == "`") {
        directives.escape = value[0];
    } else {
        reporter_->error(
            at, "parser directive 'escape' is " + quoted(value) + ", needed '\\' or '`'");
    }
}

void Reader::apply_check(CheckDirective& check, std::string_view value, Location at) {
    const auto names_of = [](std::string_view list) {
        std::vector<std::string> names;
        for (const std::string& name : split(list, ',')) {
            if (!trim(name).empty()) names.emplace_back(trim(name));
        }
        return names;
    };
    for (const std::string& part : split(value, ';')) {
        const std::size_t equals = part.find('=');
        const std::string_view key = trim(std::string_view{part}.substr(0, equals));
        const std::string_view setting = equals == std::string::npos
                                             ? std::string_view{}
                                             : trim(std::string_view{part}.substr(equals + 1));
        const std::optional<bool> flag = parse_bool(setting);
        if (key == "skip") {
            check.skip_all = setting == "all";
            if (!check.skip_all) check.skip = names_of(setting);
        } else if (key == "experimental") {
            check.experimental_all = setting == "all";
            if (!check.experimental_all) check.experimental = names_of(setting);
        } else if (key == "error" && flag) {
            check.warnings_are_errors = *flag;
        } else {
            reporter_->error(
                at,
                "parser directive 'check' has " + quoted(part)
                    + ", needed 'skip=NAMES', 'experimental=NAMES' or 'error=true'",
                "separate the parts by ';', as in '# check=skip=JSONArgsRecommended;error=true'");
        }
    }
}

std::optional<LogicalLine> Reader::next(char escape) {
    LogicalLine line;
    while (at_ < lines_->size()) {
        const std::string_view physical = without_return((*lines_)[at_]);
        ++at_;
        if (is_comment(physical)) {
            line.comments.push_back(comment_text(physical));
            continue;
        }
        const std::string_view shown = without_leading_blanks(physical);
        const Continuation first = split_continuation(shown, escape);
        if (first.text.empty() && !first.continues) {
            line.comments.clear();
            continue;
        }
        line.begin_segment({line_number(), static_cast<int>(physical.size() - shown.size()) + 1});
        line.text += first.text;
        line.end_line = line_number();
        if (first.continues) read_continuation(line, escape);
        if (trim(line.text).empty()) {
            line = {};
            continue;
        }
        return line;
    }
    return std::nullopt;
}

void Reader::read_continuation(LogicalLine& line, char escape) {
    const Location start = line.locate(0);
    std::size_t count = 0;
    bool over = false;
    int empty_line = 0;
    while (at_ < lines_->size()) {
        const std::string_view physical = without_return((*lines_)[at_]);
        ++at_;
        if (is_comment(physical)) continue;
        if (without_leading_blanks(physical).empty()) {
            if (empty_line == 0 && at_ < lines_->size()) empty_line = line_number();
            continue;
        }
        const Continuation part = split_continuation(physical, escape);
        over = over || ++count > kContinuationLinesMax
               || line.text.size() + part.text.size() > kLineBytesMax;
        if (!over) {
            line.begin_segment({line_number(), 1});
            line.text += part.text;
        }
        line.end_line = line_number();
        if (!part.continues) break;
    }
    if (over) {
        reporter_->error(
            start,
            "the instruction is too long: needed at most " + std::to_string(kLineBytesMax)
                + " bytes and " + std::to_string(kContinuationLinesMax) + " lines");
    }
    if (empty_line > 0) {
        reporter_->warning(
            {empty_line, 1},
            "NoEmptyContinuation",
            "empty continuation line inside an instruction",
            "remove the empty line, or put a '#' on it");
    }
}

bool Reader::read_document(Heredoc& heredoc) {
    while (at_ < lines_->size()) {
        std::string_view raw = (*lines_)[at_];
        const bool last_without_end = at_ + 1 == lines_->size();
        ++at_;
        if (heredoc.strip_tabs)
            raw.remove_prefix(std::min(raw.find_first_not_of('\t'), raw.size()));
        if (without_return(raw) == heredoc.name) return true;
        heredoc.content += raw;
        if (!last_without_end) heredoc.content += '\n';
    }
    return false;
}

}  // namespace nacre::dockerfile::detail
