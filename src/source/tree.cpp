#include "source/tree.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <array>

namespace nacre::source {

std::optional<std::string> find_text(const Tree& tree, std::string_view path, std::size_t limit) {
    const std::optional<Node> node = tree.find(path);
    if (!node || node->type != NodeType::File) return std::nullopt;
    const auto refuse = [&](std::uint64_t size) {
        throw Error{
            ErrorCode::ResourceExhausted,
            "file " + quoted(path) + " has " + std::to_string(size)
                + " bytes or more, needed at most " + std::to_string(limit)};
    };
    if (node->size > limit) refuse(node->size);
    const std::unique_ptr<ByteSource> source = tree.open(*node);
    std::string text;
    std::array<std::byte, 16384> buffer{};
    while (const std::size_t count = source->read(buffer)) {
        text += as_text(Bytes{buffer}.first(count));
        if (text.size() > limit) refuse(text.size());
    }
    return text;
}

}  // namespace nacre::source
