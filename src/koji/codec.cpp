#include "koji/codec.hpp"

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "xml/document.hpp"
#include "xml/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace nacre::koji {
namespace {

// An array or struct inside another takes three elements.
constexpr std::size_t kElementDepthMax = 256;
constexpr std::string_view kDeclaration = "<?xml version='1.0'?>\n";

void write_value(xml::Writer& out, const Value& value);

void write_scalar(xml::Writer& out, std::string_view type, std::string_view text) {
    out.open("value");
    out.element(type, text);
    out.close();
    out.line_feed();
}

void write_integer(xml::Writer& out, std::int64_t value) {
    const bool is_short = value >= std::numeric_limits<std::int32_t>::min()
                          && value <= std::numeric_limits<std::int32_t>::max();
    write_scalar(out, is_short ? "int" : "i8", std::to_string(value));
}

void write_array(xml::Writer& out, const Array& values) {
    out.open("value");
    out.open("array");
    out.open("data");
    out.line_feed();
    for (const Value& value : values)
        write_value(out, value);
    out.close();
    out.close();
    out.close();
    out.line_feed();
}

void write_struct(xml::Writer& out, const Struct& members) {
    out.open("value");
    out.open("struct");
    out.line_feed();
    for (const auto& [name, value] : members.members()) {
        out.open("member");
        out.line_feed();
        out.element("name", name);
        out.line_feed();
        write_value(out, value);
        out.close();
        out.line_feed();
    }
    out.close();
    out.close();
    out.line_feed();
}

void write_value(xml::Writer& out, const Value& value) {
    if (const auto* text = value.if_string()) return write_scalar(out, "string", *text);
    if (const auto* number = value.if_integer()) return write_integer(out, *number);
    if (const auto* flag = value.if_bool()) return write_scalar(out, "boolean", *flag ? "1" : "0");
    if (const auto* real = value.if_double())
        return write_scalar(out, "double", render_double(*real));
    if (const auto* array = value.if_array()) return write_array(out, *array);
    if (const auto* members = value.if_struct()) return write_struct(out, *members);
    // Python's marshaller writes no line feed here, and only here.
    out.open("value");
    out.empty("nil");
    out.close();
}

void write_params(xml::Writer& out, const Array& params) {
    out.open("params");
    out.line_feed();
    for (const Value& value : params) {
        out.open("param");
        out.line_feed();
        write_value(out, value);
        out.close();
        out.line_feed();
    }
    out.close();
    out.line_feed();
}

[[noreturn]] void refuse(const std::string& reason) {
    throw Error{ErrorCode::InvalidArgument, "invalid XML-RPC message: " + reason};
}

xml::Element get_child(const xml::Element& element, std::string_view name) {
    if (const auto child = element.find_child(name)) return *child;
    refuse("<" + std::string{element.name()} + "> has no <" + std::string{name} + ">");
}

Value read_value(const xml::Element& element);

Value read_integer(const std::string& text) {
    // int() of Python, which wrote these, takes a sign and blanks.
    std::string_view digits = trim(text);
    if (digits.size() > 1 && digits.front() == '+' && digits[1] != '-') digits.remove_prefix(1);
    const auto number = parse_integer(digits);
    if (!number) refuse("expected an integer of 64 bits, found " + quoted(text));
    return *number;
}

Value read_double(const std::string& text) {
    std::string_view digits = trim(text);
    if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size())
        refuse("expected a number, found " + quoted(text));
    return value;
}

Value read_bool(const std::string& text) {
    const std::string_view digit = trim(text);
    if (digit == "1") return true;
    if (digit == "0") return false;
    refuse("expected 0 or 1 for a boolean, found " + quoted(text));
}

Value read_array(const xml::Element& element) {
    Array values;
    const xml::Element data = get_child(element, "data");
    for (auto child = data.find_child(); child; child = child->find_next()) {
        if (child->name() != "value")
            refuse("expected <value> in an array, found <" + std::string{child->name()} + ">");
        values.push_back(read_value(*child));
    }
    return values;
}

Value read_struct(const xml::Element& element) {
    Struct members;
    for (auto child = element.find_child(); child; child = child->find_next()) {
        if (child->name() != "member")
            refuse("expected <member> in a struct, found <" + std::string{child->name()} + ">");
        members.set(get_child(*child, "name").text(), read_value(get_child(*child, "value")));
    }
    return members;
}

/// "ex:i8" is "i8": Apache's extensions are told apart by their local names.
std::string_view local_name(std::string_view name) noexcept {
    return name.substr(0, 3) == "ex:" ? name.substr(3) : name;
}

Value read_typed(const xml::Element& element) {
    const std::string_view type = local_name(element.name());
    if (type == "string" || type == "dateTime.iso8601") return element.text();
    if (type == "int" || type == "i4" || type == "i8" || type == "i1" || type == "i2"
        || type == "biginteger")
        return read_integer(element.text());
    if (type == "boolean") return read_bool(element.text());
    if (type == "double" || type == "float") return read_double(element.text());
    if (type == "struct") return read_struct(element);
    if (type == "array") return read_array(element);
    if (type == "nil") return nullptr;
    if (type == "base64") return from_base64(element.text());
    refuse("unknown type <" + std::string{element.name()} + ">");
}

Value read_value(const xml::Element& element) {
    if (const auto typed = element.find_child()) return read_typed(*typed);
    return element.text();
}

Array read_params(const xml::Element& params) {
    Array values;
    for (auto param = params.find_child(); param; param = param->find_next())
        values.push_back(read_value(get_child(*param, "value")));
    return values;
}

xml::Document parse_message(std::string_view xml, std::size_t bytes_max) {
    return xml::Document::parse(
        xml, {.bytes = bytes_max, .depth = kElementDepthMax, .nodes = bytes_max / 4});
}

[[noreturn]] void throw_fault(const xml::Element& element) {
    const Value value = read_value(get_child(element, "value"));
    const Struct* fault = value.if_struct();
    const Value* code = fault == nullptr ? nullptr : fault->find("faultCode");
    const Value* text = fault == nullptr ? nullptr : fault->find("faultString");
    if (code == nullptr || code->if_integer() == nullptr || text == nullptr
        || text->if_string() == nullptr)
        refuse("a fault without faultCode and faultString");
    throw Fault{static_cast<FaultCode>(*code->if_integer()), *text->if_string()};
}

Value read_response(const xml::Element& root) {
    if (root.name() != "methodResponse")
        refuse("expected <methodResponse>, found <" + std::string{root.name()} + ">");
    if (const auto fault = root.find_child("fault")) throw_fault(*fault);
    Array values = read_params(get_child(root, "params"));
    if (values.size() != 1)
        refuse("expected one value in a response, found " + std::to_string(values.size()));
    return std::move(values.front());
}

}  // namespace

std::string render_double(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    std::array<char, 64> buffer{};
    // Python's repr: the shortest digits, in exponent form from 1e16 on and below 1e-4.
    const double size = std::fabs(value);
    const bool has_exponent = size != 0 && (size >= 1e16 || size < 1e-4);
    const auto format = has_exponent ? std::chars_format::scientific : std::chars_format::fixed;
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
    if (error != std::errc{})
        throw Error{ErrorCode::Internal, "a double needs more room than expected"};
    std::string text{buffer.data(), end};
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

Call parse_call(std::string_view xml, std::size_t bytes_max) {
    const xml::Document document = parse_message(xml, bytes_max);
    const xml::Element root = document.root();
    if (root.name() != "methodCall")
        refuse("expected <methodCall>, found <" + std::string{root.name()} + ">");
    Call call;
    call.method = std::string{trim(get_child(root, "methodName").text())};
    if (const auto params = root.find_child("params")) call.params = read_params(*params);
    return call;
}

std::string render_call(std::string_view method, const Array& params) {
    std::string text{kDeclaration};
    xml::Writer out{text};
    out.open("methodCall");
    out.line_feed();
    out.element("methodName", method);
    out.line_feed();
    write_params(out, params);
    out.close();
    out.line_feed();
    return text;
}

Value parse_response(std::string_view xml) {
    try {
        const xml::Document document = parse_message(xml, kMessageBytesMax);
        return read_response(document.root());
    } catch (const Fault&) {
        throw;
    } catch (const Error& error) {
        throw Error{ErrorCode::DataCorrupt, error.describe()};
    }
}

std::string render_response(const Value& value) {
    std::string text{kDeclaration};
    xml::Writer out{text};
    out.open("methodResponse");
    out.line_feed();
    write_params(out, {value});
    out.close();
    out.line_feed();
    return text;
}

std::string render_fault(FaultCode code, std::string_view message) {
    Struct fault;
    fault.set("faultCode", static_cast<std::int32_t>(code));
    fault.set("faultString", message);
    std::string text{kDeclaration};
    xml::Writer out{text};
    out.open("methodResponse");
    out.line_feed();
    out.open("fault");
    out.line_feed();
    write_value(out, fault);
    out.close();
    out.line_feed();
    out.close();
    out.line_feed();
    return text;
}

}  // namespace nacre::koji
