#include "api/koji/rows.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::api::koji {
namespace {

WallTime to_wall_time(std::int64_t microseconds) {
    return WallTime{
        std::chrono::duration_cast<WallTime::duration>(std::chrono::microseconds{microseconds})};
}

void append(Struct& row, const Struct& more) {
    for (const auto& [name, value] : more.members())
        row.set(name, value);
}

/// What all rows of a build have.
Struct identity_of(const hub::Build& build) {
    return make_struct({
        {"build_id", value_of(build.id)},
        {"package_id", value_of(build.package)},
        {"package_name", build.nvr.name()},
        {"name", build.nvr.name()},
        {"version", build.nvr.version()},
        {"release", build.nvr.release()},
        {"epoch", value_of(build.epoch)},
        {"nvr", build.nvr.str()},
        {"draft", build.draft},
        {"state", static_cast<std::int64_t>(build.state)},
        {"task_id", value_of(build.task)},
        {"owner_id", value_of(build.owner)},
        {"owner_name", build.owner_name},
        {"volume_id", 0},
        {"volume_name", hub::kVolumeName},
        {"creation_event_id", value_of(build.creation_event)},
        {"creation_time", time_of(build.creation_us)},
        {"start_time", time_of(build.start_us)},
        {"completion_time", time_of(build.completion_us)},
        {"promoter_id", nullptr},
        {"promoter_name", nullptr},
    });
}

}  // namespace

Struct make_struct(std::initializer_list<std::pair<std::string_view, Value>> members) {
    Struct result;
    for (const auto& [name, value] : members)
        result.set(name, value);
    return result;
}

Value value_of(const std::vector<std::string>& texts) {
    return Array(texts.begin(), texts.end());
}

Value time_of(const std::optional<std::int64_t>& microseconds) {
    if (!microseconds) return nullptr;
    return render_koji_time(to_wall_time(*microseconds));
}

Value seconds_of(const std::optional<std::int64_t>& microseconds) {
    if (!microseconds) return nullptr;
    return to_unix_fraction(to_wall_time(*microseconds));
}

Struct row_of(const hub::Archive& archive) {
    Struct row = make_struct({
        {"id", value_of(archive.id)},
        {"type_id", archive.type.id},
        {"btype_id", archive.btype ? Value{archive.btype->id} : Value{}},
        {"btype", archive.btype ? Value{archive.btype->name} : Value{}},
        {"build_id", value_of(archive.build)},
        {"buildroot_id", value_of(archive.buildroot)},
        {"filename", archive.filename},
        {"size", archive.size},
        {"checksum", archive.checksum},
        {"checksum_type", static_cast<std::int64_t>(archive.checksum_type)},
        {"metadata_only", archive.metadata_only},
        {"extra", hub::decode_extra(archive.extra)},
        {"type_name", archive.type.name},
        {"type_description", archive.type.description},
        {"type_extensions", archive.type.extensions},
        {"compression_type", value_of(archive.type.compression)},
    });
    if (archive.arch) row.set("arch", *archive.arch);
    return row;
}

Struct row_of(const hub::ArchiveType& type) {
    return make_struct({
        {"id", type.id},
        {"name", type.name},
        {"description", type.description},
        {"extensions", type.extensions},
        {"compression_type", value_of(type.compression)},
    });
}

Struct row_of(const hub::BuildType& type) {
    return make_struct({{"id", type.id}, {"name", type.name}});
}

Struct row_of(const hub::Buildroot& buildroot) {
    constexpr int kExternal = 1;
    return make_struct({
        {"id", value_of(buildroot.id)},
        {"br_type", kExternal},
        {"cg_id", value_of(buildroot.generator)},
        {"cg_name", buildroot.generator_name},
        {"cg_version", buildroot.generator_version},
        {"container_arch", buildroot.container_arch},
        {"arch", buildroot.container_arch},
        {"container_type", buildroot.container_type},
        {"host_os", buildroot.host_os},
        {"host_arch", buildroot.host_arch},
        {"extra", hub::decode_extra(buildroot.extra)},
        {"state", nullptr},
        {"task_id", nullptr},
        {"host_id", nullptr},
        {"host_name", nullptr},
        {"repo_id", nullptr},
        {"repo_state", nullptr},
        {"tag_id", nullptr},
        {"tag_name", nullptr},
        {"create_event_id", nullptr},
        {"create_event_time", nullptr},
        {"create_ts", nullptr},
        {"retire_event_id", nullptr},
        {"retire_event_time", nullptr},
        {"retire_ts", nullptr},
    });
}

Struct row_of(const hub::Channel& channel) {
    return make_struct({
        {"id", value_of(channel.id)},
        {"name", channel.name},
        {"description", value_of(channel.description)},
        {"enabled", channel.enabled},
        {"comment", value_of(channel.comment)},
    });
}

Struct row_of(const hub::Event& event) {
    return make_struct({{"id", value_of(event.id)}, {"ts", seconds_of(event.time_us)}});
}

Struct row_of(const hub::Host& host) {
    return make_struct({
        {"id", value_of(host.id)},
        {"user_id", value_of(host.user)},
        {"name", host.name},
        {"update_ts", seconds_of(host.update_us)},
        {"ready", host.ready},
        {"task_load", host.task_load},
        {"arches", host.arches},
        {"capacity", host.capacity},
        {"description", value_of(host.description)},
        {"comment", value_of(host.comment)},
        {"enabled", host.enabled},
    });
}

Struct row_of(const hub::Package& package) {
    return make_struct({{"id", value_of(package.id)}, {"name", package.name}});
}

Struct row_of(const hub::Permission& permission) {
    return make_struct({
        {"id", value_of(permission.id)},
        {"name", permission.name},
        {"description", value_of(permission.description)},
    });
}

Struct row_of(const hub::Session& session) {
    return make_struct({
        {"id", value_of(session.id)},
        {"user_id", value_of(session.user)},
        {"expired", session.expired},
        {"master", value_of(session.master)},
        {"authtype", static_cast<std::int64_t>(session.authtype)},
        {"hostip", session.address},
        {"callnum", session.callnum < 0 ? Value{} : Value{session.callnum}},
        {"start_time", time_of(session.start_us)},
        {"start_ts", seconds_of(session.start_us)},
        {"update_time", time_of(session.update_us)},
        {"update_ts", seconds_of(session.update_us)},
        {"renew_time", time_of(session.renew_us)},
        {"renew_ts", seconds_of(session.renew_us)},
        {"exclusive", session.exclusive},
    });
}

Struct row_of(const hub::Tag& tag) {
    return make_struct({
        {"id", value_of(tag.id)},
        {"name", tag.name},
        {"perm_id", value_of(tag.permission)},
        {"perm", value_of(tag.permission_name)},
        {"arches", value_of(tag.arches)},
        {"locked", tag.locked},
        {"maven_support", tag.maven_support},
        {"maven_include_all", tag.maven_include_all},
        {"extra", tag.extra},
    });
}

Struct row_of(const hub::TagPackage& package) {
    return make_struct({
        {"package_id", value_of(package.package)},
        {"package_name", package.package_name},
        {"tag_id", value_of(package.tag)},
        {"tag_name", package.tag_name},
        {"extra_arches", value_of(package.extra_arches)},
        {"blocked", package.blocked},
        {"owner_id", value_of(package.owner)},
        {"owner_name", value_of(package.owner_name)},
    });
}

Struct row_of(const hub::Target& target) {
    return make_struct({
        {"id", value_of(target.id)},
        {"name", target.name},
        {"build_tag", value_of(target.build_tag)},
        {"build_tag_name", target.build_tag_name},
        {"dest_tag", value_of(target.dest_tag)},
        {"dest_tag_name", target.dest_tag_name},
    });
}

Struct row_of(const hub::User& user) {
    return make_struct({
        {"id", value_of(user.id)},
        {"name", user.name},
        {"status", static_cast<std::int64_t>(user.status)},
        {"usertype", static_cast<std::int64_t>(user.type)},
        {"krb_principals", value_of(user.krb_principals)},
    });
}

Struct row_of(const hub::Inheritance& link) {
    return make_struct({
        {"child_id", value_of(link.child)},
        {"parent_id", value_of(link.parent)},
        {"name", link.parent_name},
        {"priority", link.priority},
        {"maxdepth", value_of(link.max_depth)},
        {"intransitive", link.intransitive},
        {"noconfig", link.no_config},
        {"pkg_filter", link.package_filter},
    });
}

Struct row_of(const hub::InheritedTag& link) {
    Struct row = row_of(link.link);
    row.set("currdepth", link.depth);
    row.set("nextdepth", value_of(link.next_depth));
    Array filters;
    if (!link.link.package_filter.empty()) filters.emplace_back(link.link.package_filter);
    row.set("filter", filters);
    return row;
}

Struct row_of(const hub::Task& task, WithRequest with) {
    Struct row = make_struct({
        {"id", value_of(task.id)},
        {"state", static_cast<std::int64_t>(task.state)},
        {"create_time", time_of(task.create_us)},
        {"create_ts", seconds_of(task.create_us)},
        {"start_time", time_of(task.start_us)},
        {"start_ts", seconds_of(task.start_us)},
        {"completion_time", time_of(task.completion_us)},
        {"completion_ts", seconds_of(task.completion_us)},
        {"channel_id", value_of(task.channel)},
        {"host_id", value_of(task.host)},
        {"parent", value_of(task.parent)},
        {"label", value_of(task.label)},
        {"waiting", task.waiting},
        {"awaited", task.awaited},
        {"owner", value_of(task.owner)},
        {"method", task.method},
        {"arch", task.arch},
        {"priority", task.priority},
        {"weight", task.weight},
    });
    if (with == WithRequest::Yes) row.set("request", hub::decode_request(task.request));
    return row;
}

Struct list_row_of(const hub::Build& build) {
    Struct row = identity_of(build);
    append(
        row,
        make_struct({
            {"source", value_of(build.source)},
            {"extra", hub::decode_extra(build.extra)},
            {"creation_ts", seconds_of(build.creation_us)},
            {"start_ts", seconds_of(build.start_us)},
            {"completion_ts", seconds_of(build.completion_us)},
            {"promotion_time", nullptr},
            {"promotion_ts", nullptr},
        }));
    return row;
}

Struct row_of(const hub::Build& build) {
    Struct row = make_struct({{"id", value_of(build.id)}});
    append(row, list_row_of(build));
    row.set("cg_id", value_of(build.generator));
    row.set("cg_name", value_of(build.generator_name));
    return row;
}

Struct row_of(const hub::TaggedBuild& tagged) {
    Struct row = make_struct({
        {"tag_id", value_of(tagged.tag)},
        {"tag_name", tagged.tag_name},
        {"id", value_of(tagged.build.id)},
    });
    append(row, identity_of(tagged.build));
    row.set("create_event", value_of(tagged.create_event));
    return row;
}

Struct row_of(const hub::Component& component, hub::ArchiveId image) {
    return make_struct({
        {"id", nullptr},
        {"name", component.name},
        {"version", component.version},
        {"release", component.release},
        {"nvr", component.name + "-" + component.version + "-" + component.release},
        {"arch", component.arch},
        {"epoch", value_of(component.epoch)},
        {"draft", false},
        {"payloadhash", value_of(component.checksum)},
        {"size", nullptr},
        {"buildtime", nullptr},
        {"build_id", nullptr},
        {"buildroot_id", nullptr},
        {"external_repo_id", 0},
        {"external_repo_name", "INTERNAL"},
        {"metadata_only", true},
        {"extra", nullptr},
        {"image_id", value_of(image)},
    });
}

namespace {

/// Koji's order: nil before everything, or after it with noneGreatest.
int compare(const Value& a, const Value& b, int nil_rank) {
    if (a.is_nil() || b.is_nil()) {
        if (a.is_nil() && b.is_nil()) return 0;
        return a.is_nil() ? nil_rank : -nil_rank;
    }
    const auto three_way = [](const auto& x, const auto& y) {
        return x < y ? -1 : (y < x ? 1 : 0);
    };
    if (a.if_integer() != nullptr && b.if_integer() != nullptr)
        return three_way(*a.if_integer(), *b.if_integer());
    if (a.if_double() != nullptr && b.if_double() != nullptr)
        return three_way(*a.if_double(), *b.if_double());
    if (a.if_bool() != nullptr && b.if_bool() != nullptr)
        return three_way(*a.if_bool(), *b.if_bool());
    if (a.if_string() != nullptr && b.if_string() != nullptr)
        return three_way(*a.if_string(), *b.if_string());
    return three_way(a.type_name(), b.type_name());
}

const Value& field_of(const Value& row, const std::string& name) {
    const Struct* members = row.if_struct();
    const Value* value = members == nullptr ? nullptr : members->find(name);
    if (value == nullptr)
        throw nacre::koji::Fault{
            nacre::koji::FaultCode::ParameterError, "Invalid orderBy column: " + name};
    return *value;
}

void order_rows(Array& rows, const std::string& order, int nil_rank) {
    std::vector<std::string> fields = split(order, ',');
    // The last field first: a stable sort keeps what it did for the fields before.
    std::reverse(fields.begin(), fields.end());
    for (const std::string& field : fields) {
        const bool is_descending = !field.empty() && field.front() == '-';
        const std::string name{trim(is_descending ? std::string_view{field}.substr(1) : field)};
        std::stable_sort(rows.begin(), rows.end(), [&](const Value& a, const Value& b) {
            const int order_of_both = compare(field_of(a, name), field_of(b, name), nil_rank);
            return is_descending ? order_of_both > 0 : order_of_both < 0;
        });
    }
}

}  // namespace

Array filter_rows(Array rows, const Struct& options) {
    static const Signature kFilter{
        "filterOpts(order=None, offset=None, limit=None, noneGreatest=True)"};
    const Parameters given = read_members(kFilter, options);
    if (const auto order = given.find_text("order"))
        order_rows(rows, *order, given.flag("noneGreatest") ? 1 : -1);
    const auto size = static_cast<std::int64_t>(rows.size());
    const std::int64_t first =
        std::clamp<std::int64_t>(given.find_integer("offset").value_or(0), 0, size);
    const std::int64_t limit = given.find_integer("limit").value_or(size);
    const std::int64_t last = first + std::clamp<std::int64_t>(limit, 0, size - first);
    return {rows.begin() + first, rows.begin() + last};
}

}  // namespace nacre::api::koji
