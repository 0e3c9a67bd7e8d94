#include "manual/command_line.hpp"

#include "base/exit_status.hpp"
#include "base/text.hpp"

#include <CLI/CLI.hpp>

namespace nacre::manual {
namespace {

bool is_shown(const CLI::App* command) {
    return !command->get_group().empty();
}

bool is_shown_option(const CLI::Option* option) {
    return !option->get_group().empty() && option->nonpositional();
}

bool is_repeated(const CLI::Option& option) {
    return option.get_expected_max() == CLI::detail::expected_max_vector_size;
}

/// "REPOSITORY", "[FOLDER]", "[ARGUMENT]...".
std::string usage_of(const CLI::Option& positional) {
    const std::string name = positional.get_name(true);
    return (positional.get_required() ? name : "[" + name + "]")
           + (is_repeated(positional) ? "..." : "");
}

Entry describe_positional(const CLI::Option& positional) {
    return {{positional.get_name(true), ""}, positional.get_description()};
}

Entry describe_option(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const std::string& name : option.get_snames())
        names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
        names.push_back("--" + name);
    std::string argument = option.get_type_size() == 0 ? "" : option.get_type_name();
    if (!argument.empty() && is_repeated(option) && option.get_allow_extra_args())
        argument += "...";
    return {{join(names, ", "), argument}, option.get_description()};
}

/// The arguments and options of one command; its --help goes without saying.
std::vector<Entry> describe_words(const CLI::App& command) {
    std::vector<Entry> entries;
    for (const CLI::Option* option : command.get_options())
        if (option->get_positional()) entries.push_back(describe_positional(*option));
    for (const CLI::Option* option : command.get_options(is_shown_option))
        if (option != command.get_help_ptr() || command.get_parent() == nullptr)
            entries.push_back(describe_option(*option));
    return entries;
}

Term synopsis_of(const CLI::App& command, const std::string& path) {
    std::vector<std::string> words;
    for (const CLI::Option* option : command.get_options(is_shown_option))
        if (option != command.get_help_ptr() && words.empty()) words.emplace_back("[OPTIONS]");
    for (const CLI::Option* option : command.get_options())
        if (option->get_positional()) words.push_back(usage_of(*option));
    if (!command.get_subcommands(is_shown).empty()) words.emplace_back("COMMAND");
    return {path, join(words, " ")};
}

void append_commands(
    std::vector<Section>& sections, const CLI::App& parent, const std::string& parent_path) {
    for (const CLI::App* command : parent.get_subcommands(is_shown)) {
        const std::string path = parent_path + " " + command->get_name();
        if (!command->get_subcommands(is_shown).empty()) {
            append_commands(sections, *command, path);
            continue;
        }
        Section section;
        section.title = path;
        section.synopsis = synopsis_of(*command, path);
        section.paragraphs.push_back(command->get_description() + ".");
        if (!command->get_footer().empty()) section.paragraphs.push_back(command->get_footer());
        section.entries = describe_words(*command);
        sections.push_back(std::move(section));
    }
}

Section exit_statuses() {
    return {
        .title = "Exit status",
        .entries = {
            {{"0", ""}, "done"},
            {{std::to_string(kExitFailed), ""},
             "failed; standard error says what failed and, where it is known, what to do"},
            {{std::to_string(kExitWrongUsage), ""}, "wrong usage: the line was not understood"},
            {{std::to_string(kExitTryAgain), ""},
             "something that is needed is away for now; the same line may work later"}}};
}

}  // namespace

Page describe_program(const CLI::App& app, const Notes& notes) {
    Page page{app.get_name(), notes.section, app.get_description(), notes.version, {}};
    page.sections.push_back({.title = "Synopsis", .synopsis = synopsis_of(app, app.get_name())});
    page.sections.push_back({.title = "Description", .paragraphs = notes.description});
    page.sections.push_back({.title = "Options", .entries = describe_words(app)});
    Section commands{.title = "Commands"};
    append_commands(commands.sections, app, app.get_name());
    page.sections.push_back(std::move(commands));
    page.sections.push_back(exit_statuses());
    page.sections.push_back({.title = "Environment", .entries = notes.environment});
    page.sections.push_back({.title = "Files", .entries = notes.files});
    page.sections.push_back({.title = "See also", .paragraphs = {join(notes.see_also, ", ")}});
    return page;
}

void use_house_words(CLI::App& app) {
    app.set_help_flag("-h,--help", "print this help");
    app.get_formatter()->label("Positionals", "Arguments");
    app.get_formatter()->label("REQUIRED", "(required)");
}

std::shared_ptr<const ManualChoice> add_manual_command(
    CLI::App& app, const std::vector<std::string>& pages) {
    auto choice = std::make_shared<ManualChoice>();
    choice->page = pages.front();
    CLI::App* command = app.add_subcommand("manual", "Print the manual")
                            ->footer("'" + app.get_name() + " manual | man -l -' shows it.");
    if (pages.size() > 1)
        command
            ->add_option("PAGE", choice->page, join(pages, " or ") + "; default: " + pages.front())
            ->type_name("")
            ->check(CLI::IsMember(pages).description(""));
    auto format = std::make_shared<std::string>("man");
    command->add_option("--format", *format, "man or markdown; default: man")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"man", "markdown"}).description(""));
    command->callback([choice, format] {
        choice->is_asked = true;
        choice->format = *format == "man" ? Format::Man : Format::Markdown;
    });
    return choice;
}

}  // namespace nacre::manual
