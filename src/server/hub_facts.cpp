#include "server/hub_facts.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "koji/enums.hpp"
#include "koji/fault.hpp"
#include "koji/fields.hpp"

#include <algorithm>
#include <chrono>

namespace nacre::server {
namespace {

constexpr std::string_view kWholeLog = "container-build.log";

std::optional<WallTime> time_of(std::optional<std::int64_t> microseconds) {
    if (!microseconds) return std::nullopt;
    return WallTime{std::chrono::microseconds{*microseconds}};
}

/// One line a member, for people.
std::string shown(const koji::Value& value) {
    if (value.is_nil()) return "-";
    if (const std::string* text = value.if_string()) return *text;
    if (const std::int64_t* number = value.if_integer()) return std::to_string(*number);
    if (const bool* flag = value.if_bool()) return *flag ? "true" : "false";
    if (const double* number = value.if_double()) return std::to_string(*number);
    std::vector<std::string> lines;
    if (const koji::Array* list = value.if_array())
        for (const koji::Value& one : *list)
            lines.push_back(shown(one));
    if (const koji::Struct* fields = value.if_struct())
        for (const koji::Member& member : fields->members())
            lines.push_back(member.name + ": " + replace_all(shown(member.value), "\n", ", "));
    return join(lines, "\n");
}

std::string result_of(const hub::Task& task) {
    if (!task.result) return {};
    try {
        return shown(hub::decode_result(*task.result));
    } catch (const koji::Fault& fault) {
        return std::string{koji::class_name(fault.fault_code())} + ": " + fault.what();
    }
}

/// "httpd, rawhide-container-candidate" of [source, target, ...].
std::string label_of(const hub::Task& task) {
    if (task.method != "buildContainer") return task.label.value_or("");
    const koji::Array request = hub::decode_request(task.request);
    std::vector<std::string> parts;
    if (!request.empty() && request[0].if_string() != nullptr) {
        std::string source = request[0].if_string()->substr(0, request[0].if_string()->find('#'));
        if (source.ends_with(".git")) source.resize(source.size() - 4);
        parts.push_back(source.substr(source.rfind('/') + 1));
    }
    if (request.size() > 1 && request[1].if_string() != nullptr)
        parts.push_back(*request[1].if_string());
    return join(parts, ", ");
}

web::BuildFacts facts_of(const hub::Build& build) {
    return {
        .id = build.id.value(),
        .nvr = build.nvr.str(),
        .state = std::string{koji::to_string(build.state)},
        .owner = build.owner_name,
        .started = time_of(build.start_us ? build.start_us : std::optional{build.creation_us}),
        .completed = time_of(build.completion_us)};
}

std::vector<std::string> pull_specs_of(const hub::Build& build) {
    const koji::Value extra = hub::decode_extra(build.extra);
    const koji::Struct* fields = extra.if_struct();
    for (const char* name : {"image", "index"}) {
        const koji::Value* next = fields == nullptr ? nullptr : fields->find(name);
        fields = next == nullptr ? nullptr : next->if_struct();
    }
    return fields == nullptr ? std::vector<std::string>{} : koji::find_strings(*fields, "pull");
}

}  // namespace

web::TaskFacts HubFacts::facts_of(hub::Call& call, const hub::Task& task) const {
    web::TaskFacts facts;
    facts.id = task.id.value();
    facts.method = task.method;
    facts.label = label_of(task);
    facts.state = koji::to_string(task.state);
    facts.owner = task.owner_name;
    facts.arch = task.arch;
    if (task.parent) facts.parent = task.parent->value();
    if (task.host)
        if (const auto host = hub_.hosts.find(call, task.host->value())) facts.host = host->name;
    facts.created = time_of(task.create_us);
    facts.started = time_of(task.start_us);
    facts.completed = time_of(task.completion_us);
    return facts;
}

std::vector<web::TaskFacts> HubFacts::recent_tasks(std::size_t limit) const {
    hub::Call call = hub_.begin_as_service(sql::Access::Read);
    hub::QueryOptions newest{
        .order = "-id", .offset = std::nullopt, .limit = static_cast<std::int64_t>(limit)};
    std::vector<web::TaskFacts> facts;
    for (const hub::Task& task : hub_.tasks.list(call, {}, newest))
        facts.push_back(facts_of(call, task));
    return facts;
}

std::vector<web::BuildFacts> HubFacts::recent_builds(std::size_t limit) const {
    hub::Call call = hub_.begin_as_service(sql::Access::Read);
    hub::QueryOptions newest{
        .order = "-build_id", .offset = std::nullopt, .limit = static_cast<std::int64_t>(limit)};
    std::vector<web::BuildFacts> facts;
    for (const hub::Build& build : hub_.builds.list(call, {}, newest))
        facts.push_back(server::facts_of(build));
    return facts;
}

std::optional<web::TaskDetails> HubFacts::find_task(std::int64_t id) const {
    hub::Call call = hub_.begin_as_service(sql::Access::Read);
    const auto task = hub_.tasks.find(call, hub::TaskId{id});
    if (!task) return std::nullopt;
    web::TaskDetails details;
    details.task = facts_of(call, *task);
    details.request = shown(hub::decode_request(task->request));
    details.result = result_of(*task);
    for (const hub::Task& child : hub_.tasks.children(call, task->id))
        details.children.push_back(facts_of(call, child));
    for (const hub::TaskFile& file : hub_.files.list(task->id))
        details.logs.push_back(
            {file.name, "/kojifiles/work/" + hub::task_folder(task->id) + "/" + file.name});
    const auto builds = hub_.builds.list(call, {.task = task->id});
    if (!builds.empty()) details.build = builds.front().id.value();
    return details;
}

std::optional<web::BuildDetails> HubFacts::find_build(std::int64_t id) const {
    hub::Call call = hub_.begin_as_service(sql::Access::Read);
    const auto build = hub_.builds.find(call, id);
    if (!build) return std::nullopt;
    web::BuildDetails details;
    details.build = server::facts_of(*build);
    details.source = build->source.value_or("");
    if (build->task) details.task = build->task->value();
    details.pull_specs = pull_specs_of(*build);
    for (const hub::Archive& archive : hub_.archives.list(call, {.build = build->id})) {
        const std::string url =
            "/kojifiles/" + hub::build_folder(build->nvr) + "/images/" + archive.filename;
        details.archives.push_back(
            {.file = {archive.filename, url},
             .type = archive.type.name,
             .size_bytes = archive.size,
             .checksum =
                 std::string{koji::to_string(archive.checksum_type)} + ":" + archive.checksum});
        details.component_count +=
            static_cast<std::int64_t>(hub_.archives.components(call, archive.id).size());
    }
    for (const hub::Tag& tag : hub_.tags.list(call, {.build = build->id}))
        details.tags.push_back(tag.name);
    return details;
}

std::optional<web::LogTail> HubFacts::find_log_tail(std::int64_t task, std::size_t limit) const {
    const std::vector<hub::TaskFile> files = hub_.files.list(hub::TaskId{task});
    const auto log = std::ranges::find(files, kWholeLog, &hub::TaskFile::name);
    if (log == files.end()) return std::nullopt;
    const auto wanted = static_cast<std::int64_t>(limit);
    const std::int64_t offset = std::max<std::int64_t>(0, log->size - wanted);
    web::LogTail tail;
    tail.name = log->name;
    tail.text = hub_.files.read(hub::TaskId{task}, log->name, offset, -1);
    tail.is_cut = offset > 0;
    return tail;
}

}  // namespace nacre::server
