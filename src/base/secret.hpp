#pragma once

#include <string>
#include <utility>

namespace nacre {

/// A password, token or key. Nothing prints it by accident: the text is reached through reveal() only.
class Secret {
public:
    Secret() = default;

    explicit Secret(std::string text) : text_{std::move(text)} {}

    const std::string& reveal() const noexcept { return text_; }

    bool empty() const noexcept { return text_.empty(); }

private:
    std::string text_;
};

}  // namespace nacre
