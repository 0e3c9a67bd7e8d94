#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::engine {

enum class FileKind : std::uint8_t { Folder, Other };

/// What `--chmod` does to the mode of a file: "0644" sets it, "u+rwX,go=rX" changes it as chmod(1) does, without a umask.
class ModeChange {
public:
    /// Throws Error{InvalidArgument} that says what is wrong with it.
    static ModeChange parse(std::string_view text);

    std::uint32_t apply(std::uint32_t mode, FileKind kind) const;

    /// The mode of an octal one.
    std::optional<std::uint32_t> fixed() const noexcept { return fixed_; }

    /// As it was written.
    const std::string& text() const noexcept { return text_; }

    bool operator==(const ModeChange&) const = default;

private:
    enum class Operator : std::uint8_t { Add, Remove, Set };

    struct Clause {
        Operator what = Operator::Set;
        std::uint32_t classes = 0;    ///< permission bits of the classes that it is about
        std::uint32_t bits = 0;       ///< permission bits for every class, set-id and sticky bits
        bool executable_too = false;  ///< X
        char copied_from = '\0';      ///< 'u', 'g' or 'o'

        bool operator==(const Clause&) const = default;
    };

    void parse_clauses(std::string_view text);
    static bool add_letter(char letter, Clause& clause);
    static void apply_clause(const Clause& clause, std::uint32_t& mode, FileKind kind);

    std::string text_;
    std::optional<std::uint32_t> fixed_;
    std::vector<Clause> clauses_;
};

}  // namespace nacre::engine
