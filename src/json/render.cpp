#include "base/error.hpp"
#include "json/value.hpp"

#include <charconv>
#include <cmath>

namespace nacre::json {
namespace {

enum class Layout : std::uint8_t { OneLine, Indented };

class Renderer {
public:
    explicit Renderer(Layout layout) : layout_{layout} {}

    void write(const Value& value) {
        if (const bool* flag = value.if_bool()) {
            out_ += *flag ? "true" : "false";
        } else if (const std::int64_t* integer = value.if_integer()) {
            out_ += std::to_string(*integer);
        } else if (const double* number = value.if_double()) {
            write_number(*number);
        } else if (const std::string* text = value.if_string()) {
            write_string(*text);
        } else if (const Array* array = value.if_array()) {
            write_array(*array);
        } else if (const Object* object = value.if_object()) {
            write_object(*object);
        } else {
            out_ += "null";
        }
    }

    std::string take() { return std::move(out_); }

private:
    void write_number(double number) {
        if (!std::isfinite(number))
            throw Error{ErrorCode::InvalidArgument, "JSON cannot express an infinite number"};
        char buffer[32];
        const auto result = std::to_chars(std::begin(buffer), std::end(buffer), number);
        const std::string_view text{buffer, static_cast<std::size_t>(result.ptr - buffer)};
        out_ += text;
        // Without a fraction it would be read back as an integer.
        if (text.find_first_of(".e") == std::string_view::npos) out_ += ".0";
    }

    void write_string(std::string_view text) {
        out_ += '"';
        for (const char c : text)
            write_character(c);
        out_ += '"';
    }

    void write_character(char c) {
        static constexpr std::string_view kHex = "0123456789abcdef";
        switch (c) {
            case '"':
                out_ += "\\\"";
                return;
            case '\\':
                out_ += "\\\\";
                return;
            case '\n':
                out_ += "\\n";
                return;
            case '\r':
                out_ += "\\r";
                return;
            case '\t':
                out_ += "\\t";
                return;
            default:
                break;
        }
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20) {
            out_ += c;
            return;
        }
        out_ += "\\u00";
        out_ += kHex[byte >> 4U];
        out_ += kHex[byte & 0xFU];
    }

    void write_array(const Array& array) {
        out_ += '[';
        const char* separator = "";
        for (const Value& element : array) {
            out_ += std::exchange(separator, ",");
            ++depth_;
            start_line();
            write(element);
            --depth_;
        }
        if (!array.empty()) start_line();
        out_ += ']';
    }

    void write_object(const Object& object) {
        out_ += '{';
        const char* separator = "";
        for (const Member& member : object.members()) {
            out_ += std::exchange(separator, ",");
            ++depth_;
            start_line();
            write_string(member.name);
            out_ += layout_ == Layout::Indented ? ": " : ":";
            write(member.value);
            --depth_;
        }
        if (!object.empty()) start_line();
        out_ += '}';
    }

    void start_line() {
        if (layout_ == Layout::OneLine) return;
        out_ += '\n';
        out_.append(2 * depth_, ' ');
    }

    Layout layout_;
    std::size_t depth_ = 0;
    std::string out_;
};

}  // namespace

std::string render(const Value& value) {
    Renderer renderer{Layout::OneLine};
    renderer.write(value);
    return renderer.take();
}

std::string render_pretty(const Value& value) {
    Renderer renderer{Layout::Indented};
    renderer.write(value);
    return renderer.take() + "\n";
}

}  // namespace nacre::json
