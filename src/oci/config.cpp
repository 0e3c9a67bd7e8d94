#include "oci/config.hpp"

#include "base/error.hpp"

#include <algorithm>

namespace nacre::oci {
namespace {

constexpr std::size_t kConfigBytesMax = 8U << 20U;
constexpr std::size_t kHistoryMax = 10'000;

using json::Array;
using json::Object;
using json::Reader;

/// An object whose names are a set: {"8080/tcp": {}}.
std::vector<std::string> parse_set(
    const Reader& fields, std::string_view name, const json::Value& value) {
    std::vector<std::string> names;
    if (!fields.has(name)) return names;
    const Object* object = value.if_object()->find(name)->if_object();
    if (object == nullptr)
        throw Error{
            ErrorCode::InvalidArgument, "config." + std::string{name} + ": expected an object"};
    for (const json::Member& member : object->members())
        names.push_back(member.name);
    return names;
}

std::optional<std::vector<std::string>> parse_list(const Reader& fields, std::string_view name) {
    if (!fields.has(name)) return std::nullopt;
    return fields.get_strings(name);
}

Healthcheck parse_healthcheck(const Reader& fields) {
    using std::chrono::nanoseconds;
    return {
        .test = fields.get_strings("Test"),
        .interval = nanoseconds{fields.get_integer_or("Interval", 0)},
        .timeout = nanoseconds{fields.get_integer_or("Timeout", 0)},
        .start_period = nanoseconds{fields.get_integer_or("StartPeriod", 0)},
        .start_interval = nanoseconds{fields.get_integer_or("StartInterval", 0)},
        .retries = static_cast<int>(
            std::clamp<std::int64_t>(fields.get_integer_or("Retries", 0), 0, 1'000'000))};
}

void parse_container_config(const json::Value& value, ImageConfig& config) {
    const Reader fields{value, "config"};
    config.user = fields.get_string_or("User", "");
    config.exposed_ports = parse_set(fields, "ExposedPorts", value);
    config.env = fields.get_strings("Env");
    config.entrypoint = parse_list(fields, "Entrypoint");
    config.cmd = parse_list(fields, "Cmd");
    config.volumes = parse_set(fields, "Volumes", value);
    config.working_dir = fields.get_string_or("WorkingDir", "");
    config.labels = fields.get_string_map("Labels");
    config.stop_signal = fields.get_string_or("StopSignal", "");
    if (fields.has("Healthcheck"))
        config.healthcheck = parse_healthcheck(fields.get_object("Healthcheck"));
    config.on_build = fields.get_strings("OnBuild");
    config.shell = fields.get_strings("Shell");
}

void parse_rootfs(const Reader& fields, ImageConfig& config) {
    if (!fields.has("rootfs")) return;
    for (const std::string& text : fields.get_object("rootfs").get_strings("diff_ids"))
        config.diff_ids.push_back({Digest::parse(text)});
}

void parse_history(const Reader& fields, ImageConfig& config) {
    if (!fields.has("history")) return;
    const Array& list = fields.get_array("history");
    if (list.size() > kHistoryMax) throw Error{ErrorCode::InvalidArgument, "history is too long"};
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Reader entry{list[i], "history[" + std::to_string(i) + "]"};
        config.history.push_back(
            {.created = entry.get_string_or("created", ""),
             .created_by = entry.get_string_or("created_by", ""),
             .comment = entry.get_string_or("comment", ""),
             .empty_layer = entry.get_bool_or("empty_layer", false)});
    }
}

ImageConfig parse(std::string_view bytes) {
    const json::Value value = json::parse(bytes, {.bytes = kConfigBytesMax});
    const Reader fields{value, ""};
    ImageConfig config;
    config.platform.os = fields.get_string_or("os", "linux");
    config.platform.architecture = fields.get_string_or("architecture", "");
    config.platform.variant = fields.get_string_or("variant", "");
    config.created = fields.get_string_or("created", "");
    config.author = fields.get_string_or("author", "");
    if (fields.has("config")) parse_container_config(*value.if_object()->find("config"), config);
    parse_rootfs(fields, config);
    parse_history(fields, config);
    return config;
}

Array strings(const std::vector<std::string>& values) {
    return {values.begin(), values.end()};
}

// Objects are built from sorted members at once: setting one after the other is quadratic, and a hostile
// config has a million labels.

Object as_set(std::vector<std::string> names) {
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::vector<json::Member> members;
    members.reserve(names.size());
    for (std::string& name : names)
        members.push_back({std::move(name), Object{}});
    return Object{std::move(members)};
}

void set_unless_empty(Object& fields, std::string_view name, const std::string& value) {
    if (!value.empty()) fields.set(name, value);
}

Object render_healthcheck(const Healthcheck& check) {
    Object fields;
    if (!check.test.empty()) fields.set("Test", strings(check.test));
    const auto set_duration = [&fields](std::string_view name, std::chrono::nanoseconds value) {
        if (value.count() != 0) fields.set(name, std::int64_t{value.count()});
    };
    set_duration("Interval", check.interval);
    set_duration("Timeout", check.timeout);
    set_duration("StartPeriod", check.start_period);
    set_duration("StartInterval", check.start_interval);
    if (check.retries != 0) fields.set("Retries", check.retries);
    return fields;
}

Object render_labels(std::vector<std::pair<std::string, std::string>> labels) {
    std::ranges::stable_sort(labels, {}, &std::pair<std::string, std::string>::first);
    std::vector<json::Member> members;
    members.reserve(labels.size());
    for (auto& [name, value] : labels) {
        if (!members.empty() && members.back().name == name)
            members.back().value = std::move(value);
        else
            members.push_back({std::move(name), std::move(value)});
    }
    return Object{std::move(members)};
}

/// Members in the order of image-spec's own structures.
Object render_container_config(const ImageConfig& config) {
    Object fields;
    set_unless_empty(fields, "User", config.user);
    if (!config.exposed_ports.empty()) fields.set("ExposedPorts", as_set(config.exposed_ports));
    if (!config.env.empty()) fields.set("Env", strings(config.env));
    if (config.entrypoint) fields.set("Entrypoint", strings(*config.entrypoint));
    if (config.cmd) fields.set("Cmd", strings(*config.cmd));
    if (config.healthcheck) fields.set("Healthcheck", render_healthcheck(*config.healthcheck));
    if (!config.volumes.empty()) fields.set("Volumes", as_set(config.volumes));
    set_unless_empty(fields, "WorkingDir", config.working_dir);
    if (!config.on_build.empty()) fields.set("OnBuild", strings(config.on_build));
    if (!config.labels.empty()) fields.set("Labels", render_labels(config.labels));
    set_unless_empty(fields, "StopSignal", config.stop_signal);
    if (!config.shell.empty()) fields.set("Shell", strings(config.shell));
    return fields;
}

Object render_rootfs(const std::vector<DiffId>& diff_ids) {
    Array list;
    for (const DiffId& diff_id : diff_ids)
        list.emplace_back(diff_id.digest.str());
    Object fields;
    fields.set("type", "layers");
    fields.set("diff_ids", std::move(list));
    return fields;
}

Array render_history(const std::vector<HistoryEntry>& history) {
    Array list;
    for (const HistoryEntry& entry : history) {
        Object fields;
        set_unless_empty(fields, "created", entry.created);
        set_unless_empty(fields, "created_by", entry.created_by);
        set_unless_empty(fields, "comment", entry.comment);
        if (entry.empty_layer) fields.set("empty_layer", entry.empty_layer);
        list.emplace_back(std::move(fields));
    }
    return list;
}

}  // namespace

ImageConfig parse_image_config(std::string_view bytes) {
    try {
        return parse(bytes);
    } catch (const Error& error) {
        throw Error{ErrorCode::DataCorrupt, "image config: " + error.describe()};
    }
}

std::string render(const ImageConfig& config) {
    Object fields;
    set_unless_empty(fields, "created", config.created);
    set_unless_empty(fields, "author", config.author);
    fields.set("architecture", config.platform.architecture);
    set_unless_empty(fields, "variant", config.platform.variant);
    fields.set("os", config.platform.os);
    fields.set("config", render_container_config(config));
    fields.set("rootfs", render_rootfs(config.diff_ids));
    if (!config.history.empty()) fields.set("history", render_history(config.history));
    return json::render(fields);
}

void set_env(ImageConfig& config, std::string_view name, std::string_view value) {
    const std::string start = std::string{name} + "=";
    const std::string text = start + std::string{value};
    for (std::string& entry : config.env) {
        if (!entry.starts_with(start)) continue;
        entry = text;
        return;
    }
    config.env.push_back(text);
}

std::optional<std::string> find_env(const ImageConfig& config, std::string_view name) {
    const std::string start = std::string{name} + "=";
    for (const std::string& entry : config.env)
        if (entry.starts_with(start)) return entry.substr(start.size());
    return std::nullopt;
}

void set_label(ImageConfig& config, std::string_view name, std::string_view value) {
    for (auto& [known, old] : config.labels) {
        if (known != name) continue;
        old = value;
        return;
    }
    config.labels.emplace_back(name, value);
}

std::optional<std::string> find_label(const ImageConfig& config, std::string_view name) {
    for (const auto& [known, value] : config.labels)
        if (known == name) return value;
    return std::nullopt;
}

}  // namespace nacre::oci
