#include "xml/document.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <pugixml.hpp>

#include <algorithm>

namespace nacre::xml {
namespace {

// Blank text is data when it is all that an element has ("<string>  </string>"), layout otherwise.
constexpr unsigned kParseFlags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol
                                 | pugi::parse_doctype | pugi::parse_ws_pcdata_single;

pugi::xml_node node_of(void* node) noexcept {
    return pugi::xml_node{static_cast<pugi::xml_node_struct*>(node)};
}

pugi::xml_node element_or_next(pugi::xml_node node) noexcept {
    while (node && node.type() != pugi::node_element)
        node = node.next_sibling();
    return node;
}

[[noreturn]] void refuse(const std::string& reason) {
    throw Error{ErrorCode::InvalidArgument, "invalid XML: " + reason};
}

[[noreturn]] void refuse_size(const std::string& what, std::size_t limit) {
    throw Error{
        ErrorCode::ResourceExhausted,
        "XML text has more than " + std::to_string(limit) + " " + what};
}

/// The line ends of XML 1.0 section 2.11: the parser below would do it too, but the check of the
/// characters must see the same text.
std::string with_line_feeds(std::string_view text) {
    if (text.find('\r') == std::string_view::npos) return std::string{text};
    return replace_all(replace_all(text, "\r\n", "\n"), "\r", "\n");
}

void check_depth(const pugi::xml_document& document, std::size_t limit) {
    std::size_t depth = 0;
    pugi::xml_node node = document.first_child();
    while (node) {
        if (node.first_child()) {
            if (++depth > limit) refuse_size("levels", limit);
            node = node.first_child();
            continue;
        }
        while (node && !node.next_sibling()) {
            node = node.parent();
            if (node.type() == pugi::node_document) return;
            --depth;
        }
        node = node.next_sibling();
    }
}

}  // namespace

struct Document::State {
    std::string text;
    pugi::xml_document document;
};

std::string_view Element::name() const noexcept {
    return node_of(node_).name();
}

std::string Element::text() const {
    std::string text;
    for (const pugi::xml_node child : node_of(node_).children())
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
            text += child.value();
    return text;
}

std::optional<Element> Element::find_child() const noexcept {
    const pugi::xml_node child = element_or_next(node_of(node_).first_child());
    if (!child) return std::nullopt;
    return Element{child.internal_object()};
}

std::optional<Element> Element::find_child(std::string_view name) const noexcept {
    for (auto child = find_child(); child; child = child->find_next())
        if (child->name() == name) return child;
    return std::nullopt;
}

std::optional<Element> Element::find_next() const noexcept {
    const pugi::xml_node next = element_or_next(node_of(node_).next_sibling());
    if (!next) return std::nullopt;
    return Element{next.internal_object()};
}

Document Document::parse(std::string_view text, const ParseLimits& limits) {
    if (text.size() > limits.bytes) refuse_size("bytes", limits.bytes);
    // Each node begins or ends at a '<': counted first, because a node takes 20 times the room of its text.
    const auto nodes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '<'));
    if (nodes > limits.nodes) refuse_size("nodes", limits.nodes);

    auto state = std::make_unique<State>();
    state->text = with_line_feeds(text);
    const std::string clean = sanitize_utf8(state->text);
    if (clean != state->text) {
        const auto at =
            std::mismatch(clean.begin(), clean.end(), state->text.begin(), state->text.end());
        refuse(
            "byte " + std::to_string(at.first - clean.begin())
            + ": a control character or no UTF-8");
    }
    const pugi::xml_parse_result result = state->document.load_buffer_inplace(
        state->text.data(), state->text.size(), kParseFlags, pugi::encoding_utf8);
    if (!result)
        refuse("byte " + std::to_string(result.offset) + ": " + to_lower(result.description()));

    std::size_t roots = 0;
    for (const pugi::xml_node node : state->document.children()) {
        if (node.type() == pugi::node_doctype) refuse("a DOCTYPE is not accepted");
        if (node.type() == pugi::node_element) ++roots;
    }
    if (roots != 1) refuse("expected one root element, found " + std::to_string(roots));
    check_depth(state->document, limits.depth);
    return Document{std::move(state)};
}

Document::Document(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}

Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Element Document::root() const noexcept {
    return Element{state_->document.document_element().internal_object()};
}

}  // namespace nacre::xml
