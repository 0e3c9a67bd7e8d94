#include "hub/history.hpp"

#include "hub/statement.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::hub {
namespace {

enum class Kind : std::uint8_t { Integer, Real, Text, Truth, Seconds };

struct Column {
    std::string_view name;
    std::string_view expression;
    Kind kind = Kind::Integer;
};

/// "v" is the table itself.
struct Versioned {
    std::string_view name;
    std::string_view joins;
    std::vector<Column> columns;
    /// The conditions of the filter's members that the table knows.
    std::string_view tag, build, package, user, permission, generator, target, host, channel, key;
};

constexpr std::string_view kTag = " JOIN tag ON tag.id = v.tag_id";
constexpr std::string_view kTagAndPackage =
    " JOIN tag ON tag.id = v.tag_id JOIN package ON package.id = v.package_id";

const std::vector<Column>& common_columns() {
    static const std::vector<Column> kColumns{
        {"active", "v.active", Kind::Truth},
        {"create_event", "v.create_event"},
        {"revoke_event", "v.revoke_event"},
        {"creator_id", "v.creator_id"},
        {"revoker_id", "v.revoker_id"},
        {"creator_name", "creator.name", Kind::Text},
        {"revoker_name", "revoker.name", Kind::Text},
        {"create_ts", "created.time", Kind::Seconds},
        {"revoke_ts", "revoked.time", Kind::Seconds}};
    return kColumns;
}

const Column kTagId{"tag_id", "v.tag_id"};
const Column kTagName{"tag.name", "tag.name", Kind::Text};
const Column kPackageId{"package_id", "v.package_id"};
const Column kPackageName{"package.name", "package.name", Kind::Text};
const Column kUserId{"user_id", "v.user_id"};
const Column kUserName{"user.name", "subject.name", Kind::Text};
const Column kHostId{"host_id", "v.host_id"};
const Column kHostName{"host.name", "host.name", Kind::Text};

std::vector<Versioned> tables_of_people_and_hosts() {
    return {
        {.name = "cg_users",
         .joins = " JOIN users subject ON subject.id = v.user_id"
                  " JOIN content_generator g ON g.id = v.cg_id",
         .columns =
             {kUserId,
              kUserName,
              {"cg_id", "v.cg_id"},
              {"content_generator.name", "g.name", Kind::Text}},
         .user = "v.user_id = ?",
         .generator = "v.cg_id = ?"},
        {.name = "host_channels",
         .joins = " JOIN host ON host.id = v.host_id JOIN channels ON channels.id = v.channel_id",
         .columns =
             {kHostId,
              kHostName,
              {"channel_id", "v.channel_id"},
              {"channels.name", "channels.name", Kind::Text}},
         .host = "v.host_id = ?",
         .channel = "v.channel_id = ?"},
        {.name = "host_config",
         .joins = " JOIN host ON host.id = v.host_id",
         .columns =
             {kHostId,
              kHostName,
              {"arches", "v.arches", Kind::Text},
              {"capacity", "v.capacity", Kind::Real},
              {"description", "v.description", Kind::Text},
              {"comment", "v.comment", Kind::Text},
              {"enabled", "v.enabled", Kind::Truth}},
         .host = "v.host_id = ?"},
        {.name = "user_groups",
         .joins = " JOIN users subject ON subject.id = v.user_id"
                  " JOIN users g ON g.id = v.group_id",
         .columns =
             {kUserId, kUserName, {"group_id", "v.group_id"}, {"group.name", "g.name", Kind::Text}},
         .user = "v.user_id = ?"},
        {.name = "user_perms",
         .joins = " JOIN users subject ON subject.id = v.user_id"
                  " JOIN permissions p ON p.id = v.perm_id",
         .columns =
             {kUserId,
              kUserName,
              {"perm_id", "v.perm_id"},
              {"permission.name", "p.name", Kind::Text}},
         .user = "v.user_id = ?",
         .permission = "v.perm_id = ?"},
    };
}

std::vector<Versioned> tables_of_packages() {
    return {
        {.name = "tag_listing",
         .joins = " JOIN tag ON tag.id = v.tag_id JOIN build b ON b.id = v.build_id"
                  " JOIN package ON package.id = b.pkg_id",
         .columns =
             {kTagId,
              kTagName,
              {"build_id", "v.build_id"},
              {"name", "package.name", Kind::Text},
              {"version", "b.version", Kind::Text},
              {"release", "b.release", Kind::Text},
              {"epoch", "b.epoch"},
              {"build.state", "b.state"}},
         .tag = "v.tag_id = ?",
         .build = "v.build_id = ?",
         .package = "b.pkg_id = ?"},
        {.name = "tag_package_owners",
         .joins = " JOIN tag ON tag.id = v.tag_id JOIN package ON package.id = v.package_id"
                  " JOIN users o ON o.id = v.owner",
         .columns =
             {kTagId,
              kTagName,
              kPackageId,
              kPackageName,
              {"owner", "v.owner"},
              {"owner.name", "o.name", Kind::Text}},
         .tag = "v.tag_id = ?",
         .package = "v.package_id = ?",
         .user = "v.owner = ?"},
        {.name = "tag_packages",
         .joins = kTagAndPackage,
         .columns =
             {kTagId,
              kTagName,
              kPackageId,
              kPackageName,
              {"blocked", "v.blocked", Kind::Truth},
              {"extra_arches", "v.extra_arches", Kind::Text}},
         .tag = "v.tag_id = ?",
         .package = "v.package_id = ?"},
    };
}

std::vector<Versioned> tables_of_tags() {
    return {
        {.name = "build_target_config",
         .joins = " JOIN build_target t ON t.id = v.build_target_id"
                  " JOIN tag bt ON bt.id = v.build_tag JOIN tag dt ON dt.id = v.dest_tag",
         .columns =
             {{"build_target_id", "v.build_target_id"},
              {"build_target.name", "t.name", Kind::Text},
              {"build_tag", "v.build_tag"},
              {"build_tag.name", "bt.name", Kind::Text},
              {"dest_tag", "v.dest_tag"},
              {"dest_tag.name", "dt.name", Kind::Text}},
         .target = "v.build_target_id = ?"},
        {.name = "tag_config",
         .joins = " JOIN tag ON tag.id = v.tag_id LEFT JOIN permissions p ON p.id = v.perm_id",
         .columns =
             {kTagId,
              kTagName,
              {"arches", "v.arches", Kind::Text},
              {"perm_id", "v.perm_id"},
              {"permission.name", "p.name", Kind::Text},
              {"locked", "v.locked", Kind::Truth},
              {"maven_support", "v.maven_support", Kind::Truth},
              {"maven_include_all", "v.maven_include_all", Kind::Truth}},
         .tag = "v.tag_id = ?",
         .permission = "v.perm_id = ?"},
        {.name = "tag_extra",
         .joins = kTag,
         .columns =
             {kTagId, kTagName, {"key", "v.key", Kind::Text}, {"value", "v.value", Kind::Text}},
         .tag = "v.tag_id = ?",
         .key = "v.key = ?"},
        {.name = "tag_inheritance",
         .joins = " JOIN tag ON tag.id = v.tag_id JOIN tag parent ON parent.id = v.parent_id",
         .columns =
             {kTagId,
              kTagName,
              {"parent_id", "v.parent_id"},
              {"parent.name", "parent.name", Kind::Text},
              {"priority", "v.priority"},
              {"maxdepth", "v.maxdepth"},
              {"intransitive", "v.intransitive", Kind::Truth},
              {"noconfig", "v.noconfig", Kind::Truth},
              {"pkg_filter", "v.pkg_filter", Kind::Text}},
         .tag = "(v.tag_id = ? OR v.parent_id = ?)"},
    };
}

std::vector<Versioned> versioned_tables() {
    std::vector<Versioned> all;
    for (auto part : {tables_of_people_and_hosts(), tables_of_packages(), tables_of_tags()})
        std::move(part.begin(), part.end(), std::back_inserter(all));
    return all;
}

koji::Value value_of(const sql::Row& row, std::size_t index, Kind kind) {
    if (row.is_null(index)) return nullptr;
    switch (kind) {
        case Kind::Integer:
            return row.integer(index);
        case Kind::Real:
            return row.real(index);
        case Kind::Text:
            return row.text(index);
        case Kind::Truth:
            return row.integer(index) != 0;
        case Kind::Seconds:
            return static_cast<double>(row.integer(index)) / 1e6;
    }
    return nullptr;
}

/// One question to one table: its conditions, and columns that tell which of the two ends of a row met them.
class Question {
public:
    explicit Question(const Versioned& table) : table_{table}, columns_{common_columns()} {
        columns_.insert(columns_.end(), table.columns.begin(), table.columns.end());
    }

    /// False when the table has nothing to do with the filter.
    bool narrow(const HistoryFilter& filter) {
        const bool concerns =
            narrow(table_.tag, filter.tag) && narrow(table_.build, filter.build)
            && narrow(table_.package, filter.package) && narrow(table_.user, filter.user)
            && narrow(table_.permission, filter.permission)
            && narrow(table_.generator, filter.generator) && narrow(table_.target, filter.target)
            && narrow(table_.host, filter.host) && narrow(table_.channel, filter.channel)
            && narrow(table_.key, filter.extra_key);
        if (!concerns) return false;
        if (filter.active) conditions_.add(*filter.active ? "v.active = 1" : "v.active IS NULL");
        const auto microseconds = [](const std::optional<double>& seconds) {
            return seconds ? std::optional{static_cast<std::int64_t>(*seconds * 1e6)}
                           : std::nullopt;
        };
        either("v.creator_id = ?", "v.revoker_id = ?", "by", filter.editor);
        either("created.time > ?", "revoked.time > ?", "after", microseconds(filter.after));
        either("created.time < ?", "revoked.time < ?", "before", microseconds(filter.before));
        either("v.create_event > ?", "v.revoke_event > ?", "after_event", filter.after_event);
        either("v.create_event < ?", "v.revoke_event < ?", "before_event", filter.before_event);
        return true;
    }

    std::vector<koji::Struct> ask(Call& call) const {
        std::string statement = "SELECT ";
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (i > 0) statement += ", ";
            statement += columns_[i].expression;
        }
        for (const auto& [name, expression] : ends_)
            statement += ", CASE WHEN " + expression + " THEN 1 ELSE 0 END";
        statement += " FROM " + std::string{table_.name} + " v" + std::string{table_.joins};
        statement +=
            " JOIN events created ON created.id = v.create_event"
            " LEFT JOIN events revoked ON revoked.id = v.revoke_event"
            " LEFT JOIN users creator ON creator.id = v.creator_id"
            " LEFT JOIN users revoker ON revoker.id = v.revoker_id";
        sql::Parameters parameters = end_parameters_;
        const sql::Parameters& more = conditions_.parameters();
        parameters.insert(parameters.end(), more.begin(), more.end());
        std::vector<koji::Struct> rows;
        for (const sql::Row& row : call.sql().query(
                 statement + conditions_.where() + " ORDER BY v.create_event, v.id", parameters))
            rows.push_back(read(row));
        return rows;
    }

private:
    template <class T>
    bool narrow(std::string_view condition, const std::optional<T>& value) {
        if (!value) return true;
        if (condition.empty()) return false;
        sql::Parameters parameters;
        for (const char c : condition)
            if (c == '?') parameters.push_back(sql_value(*value));
        conditions_.add(condition, std::move(parameters));
        return true;
    }

    template <class T>
    void either(
        const std::string& created,
        const std::string& revoked,
        const std::string& name,
        const std::optional<T>& value) {
        if (!value) return;
        const sql::Value parameter = sql_value(*value);
        conditions_.add("(" + created + " OR " + revoked + ")", {parameter, parameter});
        ends_.emplace_back("_created_" + name, created);
        ends_.emplace_back("_revoked_" + name, revoked);
        end_parameters_.insert(end_parameters_.end(), 2, parameter);
    }

    koji::Struct read(const sql::Row& row) const {
        koji::Struct fields;
        std::size_t index = 0;
        for (const Column& column : columns_)
            fields.set(column.name, value_of(row, index++, column.kind));
        for (const auto& [name, unused] : ends_)
            fields.set(name, value_of(row, index++, Kind::Truth));
        return fields;
    }

    const Versioned& table_;
    std::vector<Column> columns_;
    Conditions conditions_;
    std::vector<std::pair<std::string, std::string>> ends_;
    sql::Parameters end_parameters_;
};

}  // namespace

std::vector<HistoryTable> read_history(Call& call, const HistoryFilter& filter) {
    const std::vector<Versioned> tables = versioned_tables();
    for (const std::string& name : filter.tables)
        if (std::ranges::find(tables, name, &Versioned::name) == tables.end())
            throw koji::Fault{koji::FaultCode::GenericError, "No such history table: " + name};
    std::vector<HistoryTable> answers;
    for (const Versioned& table : tables) {
        if (!filter.tables.empty()
            && std::ranges::find(filter.tables, table.name) == filter.tables.end())
            continue;
        Question question{table};
        if (question.narrow(filter))
            answers.push_back({std::string{table.name}, question.ask(call)});
    }
    return answers;
}

}  // namespace nacre::hub
