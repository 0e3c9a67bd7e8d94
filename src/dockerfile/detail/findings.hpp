#pragma once

#include "base/diagnostic.hpp"
#include "dockerfile/checks.hpp"
#include "dockerfile/syntax.hpp"

#include <string>
#include <string_view>

namespace nacre::dockerfile::detail {

/// Collects what the checks find, as the file's `check` directive wants it.
class Findings {
public:
    explicit Findings(const Dockerfile& file) : file_{&file} {}

    void add(std::string_view check, Location at, std::string message, std::string hint = {});
    /// A warning of the parser.
    void add(Diagnostic one);

    /// By line and column.
    Diagnostics take();

private:
    const Dockerfile* file_;
    Diagnostics found_;
};

/// UndefinedVar: follows the scopes of the stages.
void check_variables(const Dockerfile& file, const CheckContext& context, Findings& findings);

/// The checks of FROM and of the arguments before it.
void check_stages(const Dockerfile& file, const CheckContext& context, Findings& findings);

}  // namespace nacre::dockerfile::detail
