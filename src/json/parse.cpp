#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <charconv>
#include <cmath>
#include <optional>

namespace nacre::json {
namespace {

namespace bj = boost::json;

/// An array or an object whose end was not seen yet.
struct Frame {
    std::optional<std::string> name;  ///< of the member whose value comes next
    std::vector<Member> members;
    Array elements;
};

/// Builds our values from the events of Boost's parser. Its own value type is not used because there
/// the last of two members with one name wins silently, and its numbers are not always the nearest.
class Builder {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(bj::error_code&) { return true; }

    bool on_document_end(bj::error_code&) { return true; }

    bool on_array_begin(bj::error_code&) { return open(); }

    bool on_array_end(std::size_t, bj::error_code&) {
        Value value{std::move(frames_.back().elements)};
        frames_.pop_back();
        return place(std::move(value));
    }

    bool on_object_begin(bj::error_code&) { return open(); }

    bool on_object_end(std::size_t, bj::error_code&) {
        Value value{Object{std::move(frames_.back().members)}};
        frames_.pop_back();
        return place(std::move(value));
    }

    bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) {
        return collect(part);
    }

    bool on_string(bj::string_view part, std::size_t, bj::error_code&) {
        collect(part);
        return place(Value{take()});
    }

    bool on_key_part(bj::string_view part, std::size_t, bj::error_code&) { return collect(part); }

    bool on_key(bj::string_view part, std::size_t, bj::error_code&) {
        collect(part);
        frames_.back().name = take();
        return true;
    }

    bool on_number_part(bj::string_view part, bj::error_code&) { return collect(part); }

    bool on_int64(std::int64_t number, bj::string_view, bj::error_code&) {
        text_.clear();
        return place(Value{number});
    }

    bool on_uint64(std::uint64_t, bj::string_view part, bj::error_code& error) {
        return on_double(0.0, part, error);
    }

    bool on_double(double, bj::string_view part, bj::error_code&) {
        collect(part);
        const std::string text = take();
        double number = 0.0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (end != text.data() + text.size() || problem != std::errc{} || !std::isfinite(number))
            throw Error{
                ErrorCode::InvalidArgument, "number " + quoted(text, 40) + " has no 64-bit value"};
        return place(Value{number});
    }

    bool on_bool(bool value, bj::error_code&) { return place(Value{value}); }

    bool on_null(bj::error_code&) { return place(Value{}); }

    bool on_comment_part(bj::string_view, bj::error_code&) { return true; }

    bool on_comment(bj::string_view, bj::error_code&) { return true; }

    Value finish() { return std::move(root_); }

private:
    bool open() {
        frames_.emplace_back();
        return true;
    }

    bool collect(bj::string_view part) {
        text_.append(part.data(), part.size());
        return true;
    }

    std::string take() { return std::exchange(text_, {}); }

    bool place(Value value) {
        if (frames_.empty()) {
            root_ = std::move(value);
        } else if (std::optional<std::string>& name = frames_.back().name) {
            frames_.back().members.push_back({std::move(*name), std::move(value)});
            name.reset();
        } else {
            frames_.back().elements.push_back(std::move(value));
        }
        return true;
    }

    std::vector<Frame> frames_;
    std::string text_;
    Value root_;
};

constexpr std::size_t kExcerptBytes = 40;

[[noreturn]] void refuse(std::string_view text, std::size_t offset, const bj::error_code& problem) {
    std::string what = problem.message();
    if (problem == bj::error::too_deep) what = "nested too deeply";
    if (problem == bj::error::incomplete) what = "the text ends in the middle of a value";
    std::string message = "invalid JSON at byte " + std::to_string(offset) + ": " + what;
    if (offset < text.size())
        message += ", before " + quoted(text.substr(offset, kExcerptBytes), kExcerptBytes);
    throw Error{ErrorCode::InvalidArgument, message};
}

}  // namespace

Value parse(std::string_view text, const ParseLimits& limits) {
    if (text.size() > limits.bytes)
        throw Error{
            ErrorCode::InvalidArgument,
            "JSON text has " + std::to_string(text.size()) + " bytes, at most "
                + std::to_string(limits.bytes) + " are accepted"};
    bj::parse_options options;
    options.max_depth = limits.depth;
    bj::basic_parser<Builder> parser{options};
    bj::error_code problem;
    const std::size_t used = with_context("invalid JSON", [&] {
        return parser.write_some(false, text.data(), text.size(), problem);
    });
    if (problem) refuse(text, used, problem);
    if (used < text.size()) refuse(text, used, bj::make_error_code(bj::error::extra_data));
    return parser.handler().finish();
}

}  // namespace nacre::json
