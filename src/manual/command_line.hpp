#pragma once

#include "manual/page.hpp"

#include <memory>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}

namespace nacre::manual {

/// What a page says that the command line does not know.
struct Notes {
    int section = 1;
    std::string version;
    std::vector<std::string> description;  ///< paragraphs
    std::vector<Entry> environment;
    std::vector<Entry> files;
    std::vector<std::string> see_also;  ///< "nacred(8)"
};

/// The page of a program: synopsis, description, options, every command with its arguments and options, exit
/// statuses, and the notes. Commands and options of the group "" are left out. A command's footer is the second
/// paragraph about it.
Page describe_program(const CLI::App& app, const Notes& notes);

/// The words of our --help, for this app and the commands that are added to it afterwards.
void use_house_words(CLI::App& app);

/// What the command "manual" was asked for.
struct ManualChoice {
    bool is_asked = false;
    std::string page;
    Format format = Format::Man;
};

/// Adds the command "manual", with the choice between `pages` (the first is the default) and between formats. The
/// answer is filled while the line is parsed.
std::shared_ptr<const ManualChoice> add_manual_command(
    CLI::App& app, const std::vector<std::string>& pages);

}  // namespace nacre::manual
