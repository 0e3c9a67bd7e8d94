#include "hub/policy.hpp"

#include "base/text.hpp"

#include <charconv>
#include <functional>
#include <utility>

namespace nacre::hub {
namespace {

using Arguments = std::vector<std::string>;

/// The texts a pattern is held against: a field that is a list matches when one of its items does.
std::vector<std::string> texts_of(const PolicyValue& value) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
    if (const auto* text = std::get_if<std::string>(&value)) return {*text};
    if (const auto* flag = std::get_if<bool>(&value)) return {*flag ? "True" : "False"};
    std::string number = std::to_string(std::get<double>(value));
    while (number.ends_with('0'))
        number.pop_back();
    if (number.ends_with('.')) number.pop_back();
    return {number};
}

bool truth_of(const PolicyValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    if (const auto* number = std::get_if<double>(&value)) return *number < 0 || *number > 0;
    if (const auto* text = std::get_if<std::string>(&value)) return !text->empty();
    return !std::get<std::vector<std::string>>(value).empty();
}

bool matches_any(const std::string& text, const Arguments& patterns, std::size_t first) {
    for (std::size_t i = first; i < patterns.size(); ++i)
        if (matches_glob(patterns[i], text)) return true;
    return false;
}

bool match_field(
    const PolicyFacts& facts,
    std::string_view field,
    const Arguments& patterns,
    std::size_t first) {
    const PolicyValue* value = facts.find(field);
    if (value == nullptr) return false;
    for (const std::string& text : texts_of(*value))
        if (matches_any(text, patterns, first)) return true;
    return false;
}

/// Every item of a list matches one of the patterns; an empty list passes no test.
bool match_every(
    const PolicyFacts& facts,
    std::string_view field,
    const Arguments& patterns,
    std::size_t first) {
    const PolicyValue* value = facts.find(field);
    if (value == nullptr) return false;
    const auto texts = texts_of(*value);
    for (const std::string& text : texts)
        if (!matches_any(text, patterns, first)) return false;
    return !texts.empty();
}

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

bool compare(const PolicyFacts& facts, const Arguments& arguments) {
    const PolicyValue* value = facts.find(arguments[0]);
    if (value == nullptr) return false;
    std::optional<double> left;
    if (const auto* number = std::get_if<double>(value)) left = *number;
    if (const auto* text = std::get_if<std::string>(value)) left = parse_number(*text);
    const auto right = parse_number(arguments[2]);
    if (!left || !right) return false;
    const std::string& op = arguments[1];
    if (op == "<") return *left < *right;
    if (op == ">") return *left > *right;
    if (op == "<=") return *left <= *right;
    if (op == ">=") return *left >= *right;
    const bool equal = !(*left < *right) && !(*left > *right);
    return op == "=" ? equal : !equal;
}

bool is_operator(std::string_view text) {
    return text == "<" || text == ">" || text == "<=" || text == ">=" || text == "="
           || text == "!=";
}

struct TestKind {
    std::size_t least = 0;  ///< arguments
    std::size_t most = 0;
    std::function<bool(const PolicyFacts&, const Arguments&)> run;
};

constexpr std::size_t kAnyNumber = 1000;

TestKind constant(bool result) {
    return {0, kAnyNumber, [result](const PolicyFacts&, const Arguments&) { return result; }};
}

/// Glob patterns against one field.
TestKind field_match(std::string_view field) {
    return {1, kAnyNumber, [field](const PolicyFacts& facts, const Arguments& patterns) {
                return match_field(facts, field, patterns, 0);
            }};
}

TestKind field_truth(std::string_view field) {
    return {0, 0, [field](const PolicyFacts& facts, const Arguments&) {
                const PolicyValue* value = facts.find(field);
                return value != nullptr && truth_of(*value);
            }};
}

TestKind has_request_channel() {
    return {0, 0, [](const PolicyFacts& facts, const Arguments&) {
                const PolicyValue* value = facts.find("req_channel");
                return value != nullptr && truth_of(*value);
            }};
}

TestKind named_match(bool every) {
    return {2, kAnyNumber, [every](const PolicyFacts& facts, const Arguments& arguments) {
                return every ? match_every(facts, arguments[0], arguments, 1)
                             : match_field(facts, arguments[0], arguments, 1);
            }};
}

std::map<std::string_view, TestKind> make_kinds() {
    std::map<std::string_view, TestKind> kinds{
        {"all", constant(true)},
        {"true", constant(true)},
        {"none", constant(false)},
        {"false", constant(false)},
        {"any", constant(true)},
        {"match", named_match(false)},
        {"match_any", named_match(false)},
        {"match_all", named_match(true)},
        {"is_child_task", field_truth("parent")},
        {"has_req_channel", has_request_channel()},
        {"user_in_group", field_match("user_groups")},
        {"has_perm", field_match("user_perms")},
        {"buildtag", field_match("build_tag")},
        {"buildtype", field_match("btypes")},
        {"cg_match_any", field_match("cg_list")},
        {"is_build_owner", field_truth("is_build_owner")},
        {"imported", field_truth("imported")}};
    for (const std::string_view field :
         {"target",
          "method",
          "user",
          "tag",
          "fromtag",
          "package",
          "version",
          "release",
          "source",
          "operation",
          "volume"})
        kinds.emplace(field, field_match(field));
    kinds.emplace(
        "cg_match_all", TestKind{1, kAnyNumber, [](const auto& facts, const auto& patterns) {
                                     return match_every(facts, "cg_list", patterns, 0);
                                 }});
    kinds.emplace("has", TestKind{1, 1, [](const auto& facts, const auto& arguments) {
                                      return facts.find(arguments[0]) != nullptr;
                                  }});
    kinds.emplace("bool", TestKind{1, 1, [](const auto& facts, const auto& arguments) {
                                       const PolicyValue* value = facts.find(arguments[0]);
                                       return value != nullptr && truth_of(*value);
                                   }});
    kinds.emplace("compare", TestKind{3, 3, compare});
    return kinds;
}

const std::map<std::string_view, TestKind>& test_kinds() {
    static const std::map<std::string_view, TestKind> kKinds = make_kinds();
    return kKinds;
}

}  // namespace

PolicyFacts& PolicyFacts::set(std::string_view name, PolicyValue value) {
    values_.insert_or_assign(std::string{name}, std::move(value));
    return *this;
}

const PolicyValue* PolicyFacts::find(std::string_view name) const noexcept {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

std::string_view PolicyDecision::verb() const noexcept {
    const std::string_view text = trim(action);
    return text.substr(0, text.find_first_of(" \t"));
}

std::string_view PolicyDecision::arguments() const noexcept {
    const std::string_view text = trim(action);
    return trim(text.substr(verb().size()));
}

bool Policy::passes(const Test& test, const PolicyFacts& facts) {
    return test_kinds().at(test.name).run(facts, test.arguments) != test.negated;
}

bool Policy::applies(const Rule& rule, const PolicyFacts& facts) {
    bool all = true;
    for (const Test& test : rule.tests)
        all = all && passes(test, facts);
    return all != rule.unless;
}

std::optional<PolicyDecision> Policy::decide(
    const std::vector<Rule>& rules, const PolicyFacts& facts) {
    for (const Rule& rule : rules) {
        if (!applies(rule, facts)) continue;
        if (!rule.is_block) return PolicyDecision{rule.action, rule.line, rule.text};
        if (auto inner = decide(rule.nested, facts)) {
            inner->rule = rule.text + " ... " + inner->rule;
            return inner;
        }
    }
    return std::nullopt;
}

std::optional<PolicyDecision> Policy::evaluate(const PolicyFacts& facts) const {
    return decide(rules_, facts);
}

/// Reads one policy after another, keeping what is wrong as diagnostics.
class PolicyParser {
public:
    explicit PolicyParser(std::string_view file) : file_{file} {}

    void read_line(std::string_view raw, int number) {
        line_ = number;
        raw_ = raw;
        const bool indented = !raw.empty() && (raw.front() == ' ' || raw.front() == '\t');
        const std::string_view text = trim(raw);
        if (text.empty() || text.front() == '#' || text.front() == ';') return;
        if (!indented && text.front() == '[') {
            finish_policy();
            in_section_ = text == "[policy]";
            return;
        }
        if (!in_section_) return;
        if (indented && !name_.empty()) {
            read_rule(text);
        } else {
            start_policy(text);
        }
    }

    PolicyFile finish() {
        finish_policy();
        return std::move(result_);
    }

private:
    void report(std::string message, std::string hint = {}) {
        report(Diagnostic{
            .line = line_,
            .message = std::move(message),
            .excerpt = sanitize_utf8(raw_),
            .hint = std::move(hint)});
    }

    void report(Diagnostic finding) {
        finding.file = file_;
        result_.diagnostics.push_back(std::move(finding));
    }

    void start_policy(std::string_view text) {
        finish_policy();
        const std::size_t equals = text.find_first_of("=:");
        const std::string_view name = trim(text.substr(0, equals));
        if (equals == std::string_view::npos || name.empty()) {
            report("expected 'name =' or an indented rule");
            return;
        }
        name_ = to_lower(name);
        if (result_.policies.contains(name_)) report("policy '" + name_ + "' is there twice");
        const std::string_view first = trim(text.substr(equals + 1));
        if (!first.empty()) read_rule(first);
    }

    void finish_policy() {
        if (name_.empty()) return;
        if (open_.size() > 1) {
            const Policy::Rule& unclosed = open_[open_.size() - 2].back();
            report(Diagnostic{
                .line = unclosed.line,
                .message = "policy '" + name_ + "' ends inside '{'",
                .excerpt = unclosed.text,
                .hint = "close every '{' by a line '}'"});
        }
        while (open_.size() > 1)
            close_block();
        Policy policy;
        policy.name_ = name_;
        policy.rules_ = std::move(open_.front());
        result_.policies.insert_or_assign(std::exchange(name_, {}), std::move(policy));
        open_ = std::vector<std::vector<Policy::Rule>>(1);
    }

    void close_block() {
        std::vector<Policy::Rule> nested = std::move(open_.back());
        open_.pop_back();
        open_.back().back().nested = std::move(nested);
    }

    void read_rule(std::string_view text) {
        text = trim(text.substr(0, text.find('#')));
        if (text.empty()) return;
        if (text == "}") {
            if (open_.size() == 1) {
                report("'}' without '{'");
            } else {
                close_block();
            }
            return;
        }
        bool unless = false;
        std::size_t at = text.rfind("::");
        if (at == std::string_view::npos) {
            at = text.rfind("!!");
            unless = true;
        }
        if (at == std::string_view::npos) {
            report("expected 'tests :: action' or 'tests !! action'");
            return;
        }
        Policy::Rule rule;
        rule.unless = unless;
        rule.line = line_;
        rule.text = std::string{text};
        rule.action = std::string{trim(text.substr(at + 2))};
        if (rule.action.empty()) {
            report("expected an action or '{' after '" + std::string{text.substr(at, 2)} + "'");
            return;
        }
        rule.is_block = rule.action == "{";
        if (rule.is_block) rule.action.clear();
        read_tests(text.substr(0, at), rule);
        add_rule(std::move(rule));
    }

    void add_rule(Policy::Rule rule) {
        const bool is_block = rule.is_block;
        if (is_block && open_.size() > kPolicyNestingMax) {
            report("rules are nested deeper than " + std::to_string(kPolicyNestingMax));
            return;
        }
        open_.back().push_back(std::move(rule));
        if (is_block) open_.emplace_back();
    }

    void read_tests(std::string_view text, Policy::Rule& rule) {
        std::size_t from = 0;
        while (true) {
            const std::size_t to = text.find("&&", from);
            read_test(trim(text.substr(from, to == std::string_view::npos ? to : to - from)), rule);
            if (to == std::string_view::npos) return;
            from = to + 2;
        }
    }

    void read_test(std::string_view text, Policy::Rule& rule) {
        Policy::Test test;
        if (text.starts_with('!')) {
            test.negated = true;
            text = trim(text.substr(1));
        }
        std::vector<std::string> words = split_words(text);
        if (words.empty()) {
            report("expected a test");
            return;
        }
        test.name = words.front();
        words.erase(words.begin());
        test.arguments = std::move(words);
        if (check_test(test)) rule.tests.push_back(std::move(test));
    }

    bool check_test(const Policy::Test& test) {
        const auto& kinds = test_kinds();
        const auto kind = kinds.find(test.name);
        if (kind == kinds.end()) {
            std::vector<std::string> names;
            for (const auto& [name, unused] : kinds)
                names.emplace_back(name);
            const auto near = nearest(test.name, names);
            report(
                "unknown test " + quoted(test.name),
                near ? "did you mean '" + *near + "'?" : std::string{});
            return false;
        }
        const std::size_t count = test.arguments.size();
        if (count < kind->second.least || count > kind->second.most) {
            report(
                "test '" + test.name + "' has " + std::to_string(count) + " arguments, expected "
                + (kind->second.least == kind->second.most ? "" : "at least ")
                + std::to_string(kind->second.least));
            return false;
        }
        if (test.name == "compare"
            && (!is_operator(test.arguments[1]) || !parse_number(test.arguments[2]))) {
            report("expected 'compare field < > <= >= = or != number'");
            return false;
        }
        return true;
    }

    std::string file_;
    int line_ = 0;
    std::string_view raw_;
    bool in_section_ = false;
    std::string name_;
    std::vector<std::vector<Policy::Rule>> open_ = std::vector<std::vector<Policy::Rule>>(1);
    PolicyFile result_;
};

PolicyFile parse_policy_file(std::string_view text, std::string_view file) {
    if (text.size() > kPolicyBytesMax) {
        PolicyFile result;
        result.diagnostics.push_back(Diagnostic{
            .file = std::string{file},
            .message = "the file has " + std::to_string(text.size()) + " bytes, limit "
                       + std::to_string(kPolicyBytesMax)});
        return result;
    }
    PolicyParser parser{file};
    int number = 0;
    std::size_t from = 0;
    while (from <= text.size()) {
        const std::size_t to = std::min(text.find('\n', from), text.size());
        parser.read_line(text.substr(from, to - from), ++number);
        from = to + 1;
    }
    return parser.finish();
}

}  // namespace nacre::hub
