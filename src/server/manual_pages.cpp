#include "server/manual_pages.hpp"

#include "manual/command_line.hpp"
#include "server/config.hpp"

namespace nacre::server {

manual::Page describe_program(const CLI::App& app) {
    return manual::describe_program(
        app,
        {.section = 8,
         .version = NACRE_VERSION,
         .description =
             {"nacred serves everything from one process tree, for Nacre's and for Koji's clients. "
              "It needs "
              "root, overlayfs and an OCI runtime (runc or crun).",
              "All data is below one folder. Several services run side by side, each with a folder "
              "and a port "
              "of its own."},
         .environment =
             {{{"NACRE_ROOT", ""},
               "the data folder; default: /var/lib/nacre for root, else ~/.local/share/nacre"}},
         .files =
             {{{"$NACRE_ROOT/nacred.toml", ""},
               "the settings, see nacred.toml(5); without it the defaults hold"},
              {{"$NACRE_ROOT/hub.conf", ""}, "the policy, with the syntax of Koji's hub.conf"},
              {{"$NACRE_ROOT/run/nacred.url", ""}, "the address of the running service"}},
         .see_also = {"nacre(1)", "nacred.toml(5)", "crun(1)", "runc(8)"}});
}

manual::Page describe_config() {
    manual::Page page{"nacred.toml", 5, "Settings of the Nacre service", NACRE_VERSION, {}};
    page.sections.push_back(
        {.title = "Description",
         .paragraphs = {
             "nacred reads $NACRE_ROOT/nacred.toml, a file in TOML, when it starts. Each setting "
             "may be left "
             "out; the values below are the defaults. An unknown or wrong setting is an error, "
             "reported with "
             "its line.",
             "'nacred config' prints the settings in force as a complete file."}});
    manual::Section settings{.title = "Settings"};
    for (const Setting& setting : settings_of(Config{})) {
        const std::string title = "[" + setting.table + "]";
        const bool is_in_table = !setting.table.empty();
        if (is_in_table && (settings.sections.empty() || settings.sections.back().title != title))
            settings.sections.push_back({.title = title});
        manual::Section& section = is_in_table ? settings.sections.back() : settings;
        section.entries.push_back({{setting.key + " = " + setting.value, ""}, setting.meaning});
    }
    page.sections.push_back(std::move(settings));
    page.sections.push_back({.title = "See also", .paragraphs = {"nacred(8)"}});
    return page;
}

}  // namespace nacre::server
