#pragma once

#include "api/koji/parameters.hpp"
#include "hub/hub.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

namespace nacre::api::koji {

/// The hub's values as rows of Koji (reference C.2): names, types and times exactly as there.

Struct make_struct(std::initializer_list<std::pair<std::string_view, Value>> members);

template <class Tag>
Value value_of(StrongId<Tag> id) {
    return id.value();
}

inline Value value_of(std::int64_t number) {
    return number;
}

inline Value value_of(const std::string& text) {
    return text;
}

/// nil for nothing.
template <class T>
Value value_of(const std::optional<T>& value) {
    return value ? value_of(*value) : Value{};
}

Value value_of(const std::vector<std::string>& texts);

/// "2026-11-24 08:17:02.000123+00:00", and seconds as a double.
Value time_of(const std::optional<std::int64_t>& microseconds);
Value seconds_of(const std::optional<std::int64_t>& microseconds);

enum class WithRequest : std::uint8_t { No, Yes };

Struct row_of(const hub::Archive& archive);
Struct row_of(const hub::ArchiveType& type);
Struct row_of(const hub::BuildType& type);
Struct row_of(const hub::Buildroot& buildroot);
Struct row_of(const hub::Channel& channel);
Struct row_of(const hub::Event& event);
Struct row_of(const hub::Host& host);
Struct row_of(const hub::Package& package);
Struct row_of(const hub::Permission& permission);
Struct row_of(const hub::Session& session);
Struct row_of(const hub::Tag& tag);
Struct row_of(const hub::TagPackage& package);
Struct row_of(const hub::Target& target);
Struct row_of(const hub::User& user);
Struct row_of(const hub::Inheritance& link);
Struct row_of(const hub::InheritedTag& link);
Struct row_of(const hub::Task& task, WithRequest with = WithRequest::No);
/// getBuild.
Struct row_of(const hub::Build& build);
/// listBuilds.
Struct list_row_of(const hub::Build& build);
/// listTagged.
Struct row_of(const hub::TaggedBuild& tagged);
/// A component that is an rpm, as listRPMs has it.
Struct row_of(const hub::Component& component, hub::ArchiveId image);

struct NamedRow {
    template <class T>
    Value operator()(const T& value) const {
        return row_of(value);
    }
};

/// The rows as an array, or how many there are.
template <class Items, class Convert = NamedRow>
Value rows_of(const Items& items, const Query& query = {}, Convert convert = {}) {
    if (query.count_only) return static_cast<std::int64_t>(items.size());
    Array rows;
    rows.reserve(items.size());
    for (const auto& item : items)
        rows.emplace_back(convert(item));
    return rows;
}

/// nil for nothing.
template <class T>
Value row_or_nil(const std::optional<T>& value) {
    return value ? Value{row_of(*value)} : Value{};
}

/// Koji's filterOpts over rows that are already there: {order, offset, limit, noneGreatest}.
Array filter_rows(Array rows, const Struct& options);

}  // namespace nacre::api::koji
