#include "engine/mode_change.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace nacre::engine {
namespace {

constexpr std::uint32_t kModeMax = 07777;
constexpr std::uint32_t kSetUser = 04000;
constexpr std::uint32_t kSetGroup = 02000;
constexpr std::uint32_t kSticky = 01000;
constexpr std::uint32_t kExecutable = 0111;
constexpr std::uint32_t kUser = 0700;
constexpr std::uint32_t kGroup = 0070;
constexpr std::uint32_t kOthers = 0007;
constexpr std::uint32_t kAll = 0777;

[[noreturn]] void refuse(std::string_view text) {
    throw Error{
        ErrorCode::InvalidArgument,
        "the mode " + quoted(text)
            + " is neither octal up to 7777 nor symbolic like 'u+rwX,go=rX'"};
}

std::uint32_t class_of(char letter) {
    if (letter == 'u') return kUser;
    if (letter == 'g') return kGroup;
    return letter == 'o' ? kOthers : kAll;
}

/// The three bits of one class, for all of them.
std::uint32_t spread(std::uint32_t mode, char from) {
    const unsigned shift = from == 'u' ? 6U : from == 'g' ? 3U : 0U;
    const std::uint32_t bits = (mode >> shift) & kOthers;
    return bits << 6U | bits << 3U | bits;
}

/// Which of the set-id and sticky bits belong to the classes.
std::uint32_t special_bits_of(std::uint32_t classes) {
    std::uint32_t bits = 0;
    if ((classes & kUser) != 0) bits |= kSetUser;
    if ((classes & kGroup) != 0) bits |= kSetGroup;
    if ((classes & kOthers) != 0) bits |= kSticky;
    return bits;
}

std::optional<std::uint32_t> parse_octal(std::string_view text) {
    std::uint32_t mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7') return std::nullopt;
        mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
        if (mode > kModeMax) return std::nullopt;
    }
    return text.empty() ? std::nullopt : std::optional{mode};
}

}  // namespace

ModeChange ModeChange::parse(std::string_view text) {
    ModeChange change;
    change.text_ = text;
    change.fixed_ = parse_octal(text);
    if (change.fixed_) return change;
    for (const std::string& part : split(text, ','))
        change.parse_clauses(part);
    return change;
}

bool ModeChange::add_letter(char letter, Clause& clause) {
    switch (letter) {
        case 'r':
            clause.bits |= 0444;
            return true;
        case 'w':
            clause.bits |= 0222;
            return true;
        case 'x':
            clause.bits |= kExecutable;
            return true;
        case 'X':
            clause.executable_too = true;
            return true;
        case 's':
            clause.bits |= kSetUser | kSetGroup;
            return true;
        case 't':
            clause.bits |= kSticky;
            return true;
        case 'u':
        case 'g':
        case 'o':
            if (clause.copied_from != '\0') return false;
            clause.copied_from = letter;
            return true;
        default:
            return false;
    }
}

/// "ug+rw-x": classes, then one or more operators with their bits.
void ModeChange::parse_clauses(std::string_view text) {
    constexpr std::string_view kOperators = "+-=";
    std::size_t at = 0;
    std::uint32_t classes = 0;
    while (at < text.size() && std::string_view{"ugoa"}.find(text[at]) != std::string_view::npos)
        classes |= class_of(text[at++]);
    if (at == 0) classes = kAll;
    if (at == text.size()) refuse(text_);
    while (at < text.size()) {
        const std::size_t what = kOperators.find(text[at]);
        if (what == std::string_view::npos) refuse(text_);
        ++at;
        Clause clause{
            .what = what == 0   ? Operator::Add
                    : what == 1 ? Operator::Remove
                                : Operator::Set,
            .classes = classes};
        for (; at < text.size() && kOperators.find(text[at]) == std::string_view::npos; ++at)
            if (!add_letter(text[at], clause)) refuse(text_);
        clauses_.push_back(clause);
    }
}

void ModeChange::apply_clause(const Clause& clause, std::uint32_t& mode, FileKind kind) {
    std::uint32_t bits = clause.bits;
    const bool is_executable = kind == FileKind::Folder || (mode & kExecutable) != 0;
    if (clause.executable_too && is_executable) bits |= kExecutable;
    if (clause.copied_from != '\0') bits |= spread(mode, clause.copied_from);
    // The sticky bit has no class of its own: 't' alone and 'u+t' mean it too, as in chmod(1).
    const std::uint32_t special = special_bits_of(clause.classes) | (clause.bits & kSticky);
    bits &= clause.classes | special;
    switch (clause.what) {
        case Operator::Add:
            mode |= bits;
            break;
        case Operator::Remove:
            mode &= ~bits;
            break;
        case Operator::Set:
            mode = (mode & ~(clause.classes | special)) | bits;
            break;
    }
}

std::uint32_t ModeChange::apply(std::uint32_t mode, FileKind kind) const {
    if (fixed_) return *fixed_;
    for (const Clause& clause : clauses_)
        apply_clause(clause, mode, kind);
    return mode;
}

}  // namespace nacre::engine
