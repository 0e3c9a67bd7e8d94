#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::xml {

struct ParseLimits {
    std::size_t bytes = 4U << 20U;
    std::size_t depth = 256;        ///< elements inside each other
    std::size_t nodes = 1U << 20U;  ///< elements and pieces of text
};

/// A place in a document: an element. Cheap to copy; valid while its Document lives.
class Element {
public:
    std::string_view name() const noexcept;
    /// The character data that stands directly in it, without that of its children.
    std::string text() const;

    std::optional<Element> find_child() const noexcept;  ///< the first one
    std::optional<Element> find_child(std::string_view name) const noexcept;
    std::optional<Element> find_next() const noexcept;  ///< the next element beside it

private:
    friend class Document;

    explicit Element(void* node) noexcept : node_{node} {}

    void* node_;
};

/// A well-formed XML 1.0 text in UTF-8, without a document type: a DOCTYPE is refused, so there are no
/// entities but the five predefined ones and character references. Comments and instructions are skipped.
class Document {
public:
    /// Throws Error{InvalidArgument} with the byte offset for text that is not well-formed, has a DOCTYPE, is no
    /// UTF-8; Error{ResourceExhausted} beyond the limits.
    static Document parse(std::string_view text, const ParseLimits& limits = {});

    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    Element root() const noexcept;

private:
    struct State;
    explicit Document(std::unique_ptr<State> state) noexcept;

    std::unique_ptr<State> state_;
};

}  // namespace nacre::xml
