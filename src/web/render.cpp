#include "web/render.hpp"

#include "base/text.hpp"

#include <kainjow/mustache.hpp>

namespace nacre::web {
namespace {

using Data = kainjow::mustache::data;
using List = kainjow::mustache::list;

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{{#refresh}}<meta http-equiv="refresh" content="5">
{{/refresh}}<title>{{title}} | Nacre</title>
<link rel="stylesheet" href="/koji/style.css">
</head>
<body>
<header><a href="/koji/">Nacre</a></header>
<main>
<h1>{{title}}</h1>
)";

constexpr std::string_view kFoot = R"(</main>
</body>
</html>
)";

constexpr std::string_view kTaskTable = R"(<table>
<tr><th>ID</th><th>Task</th><th>Arch</th><th>Owner</th><th>Created</th><th>State</th></tr>
{{#tasks}}<tr><td><a href="/koji/taskinfo?taskID={{id}}">{{id}}</a></td><td>{{method}}{{#label}} ({{text}}){{/label}}</td><td>{{arch}}</td><td>{{owner}}</td><td>{{created}}</td><td><span class="state {{state}}">{{state}}</span></td></tr>
{{/tasks}}</table>
)";

constexpr std::string_view kIndex = R"(<section>
<h2>Recent tasks</h2>
{{#has_tasks}}{{{task_table}}}{{/has_tasks}}{{^has_tasks}}<p>No task yet.</p>
{{/has_tasks}}</section>
<section>
<h2>Recent builds</h2>
{{#has_builds}}<table>
<tr><th>ID</th><th>NVR</th><th>Owner</th><th>Completed</th><th>State</th></tr>
{{#builds}}<tr><td><a href="/koji/buildinfo?buildID={{id}}">{{id}}</a></td><td><a href="/koji/buildinfo?buildID={{id}}">{{nvr}}</a></td><td>{{owner}}</td><td>{{completed}}</td><td><span class="state {{state}}">{{state}}</span></td></tr>
{{/builds}}</table>
{{/has_builds}}{{^has_builds}}<p>No build yet.</p>
{{/has_builds}}</section>
)";

constexpr std::string_view kTask = R"(<dl>
<dt>State</dt><dd><span class="state {{state}}">{{state}}</span></dd>
<dt>Method</dt><dd>{{method}}</dd>
{{#label}}<dt>Label</dt><dd>{{text}}</dd>
{{/label}}<dt>Owner</dt><dd>{{owner}}</dd>
<dt>Arch</dt><dd>{{arch}}</dd>
{{#host}}<dt>Host</dt><dd>{{text}}</dd>
{{/host}}{{#parent}}<dt>Parent</dt><dd><a href="/koji/taskinfo?taskID={{text}}">{{text}}</a></dd>
{{/parent}}{{#build}}<dt>Build</dt><dd><a href="/koji/buildinfo?buildID={{text}}">{{text}}</a></dd>
{{/build}}<dt>Created</dt><dd>{{created}}</dd>
<dt>Started</dt><dd>{{started}}</dd>
<dt>Completed</dt><dd>{{completed}}</dd>
</dl>
<section>
<h2>Request</h2>
<pre>{{request}}</pre>
</section>
{{#result}}<section>
<h2>Result</h2>
<pre>{{text}}</pre>
</section>
{{/result}}{{#has_children}}<section>
<h2>Subtasks</h2>
{{{task_table}}}</section>
{{/has_children}}{{#has_logs}}<section>
<h2>Output</h2>
<ul>
{{#logs}}<li>{{#is_link}}<a href="{{url}}">{{name}}</a>{{/is_link}}{{^is_link}}{{name}}{{/is_link}}</li>
{{/logs}}</ul>
</section>
{{/has_logs}}{{#log}}<section>
<h2>{{name}}</h2>
{{#is_cut}}<p>The end of the log.</p>
{{/is_cut}}<pre class="log">{{text}}</pre>
</section>
{{/log}})";

constexpr std::string_view kBuild = R"(<dl>
<dt>State</dt><dd><span class="state {{state}}">{{state}}</span></dd>
<dt>NVR</dt><dd>{{nvr}}</dd>
<dt>Owner</dt><dd>{{owner}}</dd>
{{#task}}<dt>Task</dt><dd><a href="/koji/taskinfo?taskID={{text}}">{{text}}</a></dd>
{{/task}}{{#source}}<dt>Source</dt><dd>{{text}}</dd>
{{/source}}<dt>Started</dt><dd>{{started}}</dd>
<dt>Completed</dt><dd>{{completed}}</dd>
<dt>Components</dt><dd>{{component_count}}</dd>
<dt>Tags</dt><dd>{{#has_tags}}{{#tags}}<span class="tag">{{text}}</span> {{/tags}}{{/has_tags}}{{^has_tags}}none{{/has_tags}}</dd>
</dl>
{{#has_pulls}}<section>
<h2>Pull</h2>
<pre>{{#pulls}}{{text}}
{{/pulls}}</pre>
</section>
{{/has_pulls}}<section>
<h2>Archives</h2>
{{#has_archives}}<table>
<tr><th>File</th><th>Type</th><th>Size</th><th>Checksum</th></tr>
{{#archives}}<tr><td>{{#is_link}}<a href="{{url}}">{{name}}</a>{{/is_link}}{{^is_link}}{{name}}{{/is_link}}</td><td>{{type}}</td><td class="size">{{size}}</td><td><code>{{checksum}}</code></td></tr>
{{/archives}}</table>
{{/has_archives}}{{^has_archives}}<p>No archive.</p>
{{/has_archives}}</section>
)";

constexpr std::string_view kMessage = "<p>{{text}}</p>\n";

constexpr std::string_view kStyle =
    R"(:root{color-scheme:light dark;--line:#8885;--link:#0a58ca;--good:#146c2e;--bad:#b3261e;--busy:#8a5300}
@media (prefers-color-scheme:dark){:root{--link:#8ab4f8;--good:#81c995;--bad:#f28b82;--busy:#fdd663}}
body{font:15px/1.5 system-ui,sans-serif;margin:0}
header,main{max-width:75rem;margin:0 auto;padding:.75rem 1.25rem}
header{font-weight:600}
h1{font-size:1.5rem;margin:.25rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
a{color:var(--link)}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.size{text-align:right;white-space:nowrap}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.5rem;margin:0}
dt{font-weight:600}
dd{margin:0;overflow-wrap:anywhere}
pre,code{font:13px/1.45 ui-monospace,monospace}
pre{border:1px solid var(--line);border-radius:4px;padding:.6rem;margin:0;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.state{font-weight:600}
.CLOSED,.COMPLETE{color:var(--good)}
.FAILED,.CANCELED,.DELETED{color:var(--bad)}
.OPEN,.FREE,.ASSIGNED,.BUILDING{color:var(--busy)}
.tag{border:1px solid var(--line);border-radius:4px;padding:0 .4rem}
)";

Data text(std::string_view value) {
    return Data{sanitize_utf8(value)};
}

Data flag(bool value) {
    return Data{value ? Data::type::bool_true : Data::type::bool_false};
}

/// A section that shows {{text}}, or nothing when there is none.
Data optional_text(std::string_view value) {
    if (value.empty()) return flag(false);
    Data section;
    section.set("text", text(value));
    return section;
}

Data optional_id(const std::optional<std::int64_t>& id) {
    return optional_text(id ? std::to_string(*id) : "");
}

Data time(const std::optional<WallTime>& value) {
    return text(value ? render_rfc3339(*value) : "-");
}

bool is_safe_url(std::string_view url) noexcept {
    // "//host" and "/\host" lead away from here.
    const bool is_path = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    return is_path || url.starts_with("https://") || url.starts_with("http://");
}

void set_link(Data& data, const LinkFacts& link) {
    data.set("name", text(link.name));
    data.set("url", text(link.url));
    data.set("is_link", flag(is_safe_url(link.url)));
}

void set_task(Data& data, const TaskFacts& task) {
    data.set("id", text(std::to_string(task.id)));
    data.set("method", text(task.method));
    data.set("label", optional_text(task.label));
    data.set("state", text(task.state));
    data.set("owner", text(task.owner));
    data.set("host", optional_text(task.host));
    data.set("arch", text(task.arch));
    data.set("parent", optional_id(task.parent));
    data.set("created", time(task.created));
    data.set("started", time(task.started));
    data.set("completed", time(task.completed));
}

void set_build(Data& data, const BuildFacts& build) {
    data.set("id", text(std::to_string(build.id)));
    data.set("nvr", text(build.nvr));
    data.set("state", text(build.state));
    data.set("owner", text(build.owner));
    data.set("started", time(build.started));
    data.set("completed", time(build.completed));
}

template <class Items, class Fill>
Data list_of(const Items& items, const Fill& fill) {
    Data list{Data::type::list};
    for (const auto& item : items) {
        Data entry;
        fill(entry, item);
        list.push_back(entry);
    }
    return list;
}

void set_text(Data& data, const std::string& value) {
    data.set("text", text(value));
}

std::string fill_in(std::string_view pattern, const Data& data) {
    kainjow::mustache::mustache page{std::string{pattern}};
    return page.render(data);
}

std::string task_table(const std::vector<TaskFacts>& tasks) {
    Data data;
    data.set("tasks", list_of(tasks, set_task));
    return fill_in(kTaskTable, data);
}

enum class Refresh : std::uint8_t { Never, Soon };

std::string document(
    std::string_view pattern,
    Data& data,
    std::string_view title,
    Refresh refresh = Refresh::Never) {
    data.set("title", text(title));
    data.set("refresh", flag(refresh == Refresh::Soon));
    return fill_in(std::string{kHead}.append(pattern).append(kFoot), data);
}

}  // namespace

std::string render_index(
    const std::vector<TaskFacts>& tasks, const std::vector<BuildFacts>& builds) {
    Data data;
    data.set("has_tasks", flag(!tasks.empty()));
    data.set("task_table", Data{task_table(tasks)});
    data.set("has_builds", flag(!builds.empty()));
    data.set("builds", list_of(builds, set_build));
    return document(kIndex, data, "Tasks and builds");
}

std::string render_task(const TaskDetails& details, const std::optional<LogTail>& log) {
    Data data;
    set_task(data, details.task);
    data.set("build", optional_id(details.build));
    data.set("request", text(details.request));
    data.set("result", optional_text(details.result));
    data.set("has_children", flag(!details.children.empty()));
    data.set("task_table", Data{task_table(details.children)});
    data.set("has_logs", flag(!details.logs.empty()));
    data.set("logs", list_of(details.logs, set_link));
    data.set("log", flag(false));
    if (log) {
        Data tail;
        tail.set("name", text(log->name));
        tail.set("text", text(log->text));
        tail.set("is_cut", flag(log->is_cut));
        data.set("log", tail);
    }
    const std::string title =
        "Task " + std::to_string(details.task.id) + ": " + details.task.method;
    return document(kTask, data, title, details.task.is_running() ? Refresh::Soon : Refresh::Never);
}

std::string render_build(const BuildDetails& details) {
    Data data;
    set_build(data, details.build);
    data.set("task", optional_id(details.task));
    data.set("source", optional_text(details.source));
    data.set("component_count", text(std::to_string(details.component_count)));
    data.set("has_tags", flag(!details.tags.empty()));
    data.set("tags", list_of(details.tags, set_text));
    data.set("has_pulls", flag(!details.pull_specs.empty()));
    data.set("pulls", list_of(details.pull_specs, set_text));
    data.set("has_archives", flag(!details.archives.empty()));
    data.set("archives", list_of(details.archives, [](Data& entry, const ArchiveFacts& archive) {
                 set_link(entry, archive.file);
                 entry.set("type", text(archive.type));
                 entry.set("size", text(std::to_string(archive.size_bytes)));
                 entry.set("checksum", text(archive.checksum));
             }));
    return document(
        kBuild,
        data,
        "Build " + details.build.nvr,
        details.build.state == "BUILDING" ? Refresh::Soon : Refresh::Never);
}

std::string render_message(std::string_view title, std::string_view message) {
    Data data;
    data.set("text", text(message));
    return document(kMessage, data, title);
}

std::string_view style_sheet() noexcept {
    return kStyle;
}

}  // namespace nacre::web
