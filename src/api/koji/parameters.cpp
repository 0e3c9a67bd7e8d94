#include "api/koji/parameters.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

const Value* find_set(const Struct& members, std::string_view name) noexcept {
    const Value* value = members.find(name);
    return value == nullptr || value->is_nil() ? nullptr : value;
}

std::optional<hub::BuildKey> build_key_of(const Value& value) {
    if (const auto* id = value.if_integer()) return *id;
    if (const auto* text = value.if_string()) return *text;
    const Struct* row = value.if_struct();
    if (row == nullptr) return std::nullopt;
    for (const std::string_view name : {"id", "build_id"})
        if (const Value* id = find_set(*row, name); id != nullptr && id->if_integer() != nullptr)
            return *id->if_integer();
    const Value* name = find_set(*row, "name");
    const Value* version = find_set(*row, "version");
    const Value* release = find_set(*row, "release");
    if (name == nullptr || version == nullptr || release == nullptr) return std::nullopt;
    if (name->if_string() == nullptr || version->if_string() == nullptr
        || release->if_string() == nullptr)
        return std::nullopt;
    return hub::Nvr{*name->if_string(), *version->if_string(), *release->if_string()};
}

std::optional<double> number_of(const Value& value) noexcept {
    if (const double* real = value.if_double()) return *real;
    if (const std::int64_t* number = value.if_integer()) return static_cast<double>(*number);
    return std::nullopt;
}

}  // namespace

std::optional<hub::NameOrId> key_of(const Value& value) {
    if (const auto* id = value.if_integer()) return *id;
    if (const auto* text = value.if_string()) return *text;
    const Struct* row = value.if_struct();
    if (row == nullptr) return std::nullopt;
    if (const Value* id = find_set(*row, "id"); id != nullptr && id->if_integer() != nullptr)
        return *id->if_integer();
    if (const Value* name = find_set(*row, "name"); name != nullptr && name->if_string() != nullptr)
        return *name->if_string();
    return std::nullopt;
}

bool is_true(const Value& value) noexcept {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* number = value.if_integer()) return *number != 0;
    if (const double* real = value.if_double()) return *real < 0 || *real > 0;
    if (const std::string* text = value.if_string()) return !text->empty();
    if (const Array* array = value.if_array()) return !array->empty();
    if (const Struct* members = value.if_struct()) return !members->empty();
    return false;
}

const Value& Parameters::value(std::string_view name) const {
    const auto& parameters = signature_->parameters();
    for (std::size_t index = 0; index < parameters.size(); ++index)
        if (parameters[index].name == name) return bound_.values[index];
    throw Error{
        ErrorCode::Internal, signature_->name() + " has no parameter '" + std::string{name} + "'"};
}

void Parameters::refuse(std::string_view name, std::string_view expected) const {
    throw nacre::koji::Fault{
        nacre::koji::FaultCode::ParameterError,
        signature_->name() + "() argument '" + std::string{name} + "': expected "
            + std::string{expected} + ", found " + std::string{value(name).type_name()}};
}

std::string Parameters::get_text(std::string_view name) const {
    if (auto text = find_text(name)) return std::move(*text);
    refuse(name, "a string");
}

std::optional<std::string> Parameters::find_text(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return std::nullopt;
    if (const auto* text = given.if_string()) return *text;
    refuse(name, "a string");
}

std::int64_t Parameters::get_integer(std::string_view name) const {
    if (const auto number = find_integer(name)) return *number;
    refuse(name, "an int");
}

std::optional<std::int64_t> Parameters::find_integer(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return std::nullopt;
    if (const auto* number = given.if_integer()) return *number;
    if (const auto* flag = given.if_bool()) return *flag ? 1 : 0;
    // `koji call` and query strings give ids as text.
    if (const auto* text = given.if_string())
        if (const auto number = parse_integer(*text)) return number;
    refuse(name, "an int");
}

std::optional<double> Parameters::find_number(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return std::nullopt;
    if (const auto number = number_of(given)) return number;
    refuse(name, "a number");
}

bool Parameters::flag(std::string_view name) const {
    return is_true(value(name));
}

std::optional<bool> Parameters::find_flag(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return std::nullopt;
    return is_true(given);
}

hub::NameOrId Parameters::get_key(std::string_view name) const {
    if (auto key = find_key(name)) return std::move(*key);
    refuse(name, "a name or an id");
}

std::optional<hub::NameOrId> Parameters::find_key(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return std::nullopt;
    if (auto key = key_of(given)) return key;
    refuse(name, "a name or an id");
}

hub::BuildKey Parameters::get_build(std::string_view name) const {
    if (auto key = find_build(name)) return std::move(*key);
    refuse(name, "a build's id or name-version-release");
}

std::optional<hub::BuildKey> Parameters::find_build(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return std::nullopt;
    if (auto key = build_key_of(given)) return key;
    refuse(name, "a build's id or name-version-release");
}

std::vector<std::string> Parameters::texts(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return {};
    if (const auto* text = given.if_string()) return {*text};
    const Array* items = given.if_array();
    if (items == nullptr) refuse(name, "a list of strings");
    std::vector<std::string> texts;
    for (const Value& item : *items) {
        if (item.if_string() == nullptr) refuse(name, "a list of strings");
        texts.push_back(*item.if_string());
    }
    return texts;
}

std::vector<std::int64_t> Parameters::integers(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return {};
    if (const auto* number = given.if_integer()) return {*number};
    const Array* items = given.if_array();
    if (items == nullptr) refuse(name, "a list of ints");
    std::vector<std::int64_t> numbers;
    for (const Value& item : *items) {
        if (item.if_integer() == nullptr) refuse(name, "a list of ints");
        numbers.push_back(*item.if_integer());
    }
    return numbers;
}

Array Parameters::get_array(std::string_view name) const {
    if (const Array* items = value(name).if_array()) return *items;
    refuse(name, "a list");
}

Struct Parameters::structure(std::string_view name) const {
    const Value& given = value(name);
    if (given.is_nil()) return {};
    if (const Struct* members = given.if_struct()) return *members;
    refuse(name, "a struct");
}

hub::AsOf Parameters::as_of(std::string_view name) const {
    // "auto" is what newer clients send for "the event of the build tag's repository": there is none here.
    if (const auto* text = value(name).if_string(); text != nullptr && *text == "auto") return {};
    const auto event = find_integer(name);
    if (!event) return {};
    return {.event = hub::EventId{*event}};
}

hub::Force Parameters::force(std::string_view name) const {
    return flag(name) ? hub::Force::Yes : hub::Force::No;
}

hub::IfMissing Parameters::if_missing(std::string_view name) const {
    return flag(name) ? hub::IfMissing::Create : hub::IfMissing::Refuse;
}

Query Parameters::query(std::string_view name) const {
    static const Signature kQuery{
        "queryOpts(countOnly=False, order=None, offset=None, limit=None, asList=False, group=None, "
        "rowlock=False, transform=None)"};
    const Parameters given = read_members(kQuery, structure(name));
    Query query;
    query.count_only = given.flag("countOnly");
    if (query.count_only) return query;
    query.options.order = given.find_text("order").value_or("");
    query.options.offset = given.find_integer("offset");
    query.options.limit = given.find_integer("limit");
    return query;
}

Parameters read_members(const Signature& signature, const Struct& members) {
    return {signature, bind(signature, {.positional = {}, .keywords = members})};
}

}  // namespace nacre::api::koji
