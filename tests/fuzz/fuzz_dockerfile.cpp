#include "base/error.hpp"
#include "dockerfile/labels.hpp"
#include "dockerfile/parser.hpp"

#include <cstdint>
#include <cstdlib>

/// Whatever parses without errors has a stage, places inside the text, and can be evaluated.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace df = nacre::dockerfile;
    const std::string text{data, data + size};
    const df::ParseResult result = df::parse(text, "Dockerfile");
    for (const nacre::Diagnostic& one : result.diagnostics) {
        if (one.message.empty()) std::abort();
        if (one.line > static_cast<int>(result.tree.lines.size())) std::abort();
    }
    if (!result.ok()) return 0;
    if (result.tree.stages.empty()) std::abort();
    const df::BuildInputs inputs{
        .platform_args = df::make_platform_arguments("linux/amd64", "linux/amd64")};
    if (df::find_image_uses(result.tree, inputs).uses.size() < result.tree.stages.size())
        std::abort();
    static_cast<void>(df::evaluate_stage(result.tree, inputs, {}));
    return 0;
}
