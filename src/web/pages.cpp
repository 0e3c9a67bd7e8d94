#include "web/pages.hpp"

#include "base/text.hpp"
#include "http/content.hpp"
#include "web/render.hpp"

#include <optional>

namespace nacre::web {
namespace {

constexpr std::size_t kRecentMax = 25;
constexpr std::size_t kLogTailBytes = 32U << 10U;

constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

http::Response page(int status, std::string html) {
    http::Response response = http::Response::html(status, std::move(html));
    response.headers.set("Content-Security-Policy", kPolicy);
    response.headers.set("X-Content-Type-Options", "nosniff");
    response.headers.set("Referrer-Policy", "no-referrer");
    response.headers.set("Cache-Control", "no-cache");
    return response;
}

http::Response missing(const std::string& text) {
    return page(404, render_message("Not found", text));
}

std::optional<std::int64_t> find_id(const http::Request& request, std::string_view name) {
    const auto text = request.find_query(name);
    return text ? parse_integer(*text) : std::nullopt;
}

http::Response style_response() {
    http::Response response;
    response.text = style_sheet();
    response.headers.set("Content-Type", "text/css; charset=utf-8");
    response.headers.set("Cache-Control", "max-age=3600");
    return response;
}

}  // namespace

http::Response Pages::handle(const http::Request& request) {
    if (request.method != "GET" && request.method != "HEAD")
        return http::method_not_allowed("GET, HEAD");
    if (request.path == "/koji/taskinfo") return task_page(request);
    if (request.path == "/koji/buildinfo") return build_page(request);
    if (request.path == "/koji/style.css") return style_response();
    if (request.path == "/koji" || request.path == "/koji/" || request.path == "/koji/index")
        return page(
            200, render_index(facts_.recent_tasks(kRecentMax), facts_.recent_builds(kRecentMax)));
    return missing("There is no page " + quoted(request.path) + ".");
}

http::Response Pages::task_page(const http::Request& request) const {
    const auto id = find_id(request, "taskID");
    if (!id) return page(400, render_message("Bad request", "Expected taskID=NUMBER."));
    const auto task = facts_.find_task(*id);
    if (!task) return missing("There is no task " + std::to_string(*id) + ".");
    return page(200, render_task(*task, facts_.find_log_tail(*id, kLogTailBytes)));
}

http::Response Pages::build_page(const http::Request& request) const {
    const auto id = find_id(request, "buildID");
    if (!id) return page(400, render_message("Bad request", "Expected buildID=NUMBER."));
    const auto build = facts_.find_build(*id);
    if (!build) return missing("There is no build " + std::to_string(*id) + ".");
    return page(200, render_build(*build));
}

}  // namespace nacre::web
