#include "backend/worker_spec.hpp"

#include "base/error.hpp"
#include "json/value.hpp"
#include "os/file.hpp"

#include <array>

namespace nacre::backend {
namespace {

constexpr std::size_t kSpecBytesMax = 64U << 10U;

[[noreturn]] void refuse(const std::string& why) {
    throw Error{ErrorCode::InvalidArgument, "the worker's specification " + why}.with_hint(
        "workers are started by the service, not by hand");
}

json::Value parse(const std::string& text) {
    try {
        return json::parse(text);
    } catch (const Error&) {
        refuse("is not a line of JSON");
    }
}

}  // namespace

std::string render(const WorkerSpec& spec) {
    json::Object fields;
    fields.set("task_id", spec.task_id);
    fields.set("hub_url", spec.hub_url);
    fields.set("session_id", spec.session_id);
    fields.set("session_key", spec.session_key);
    fields.set("data_root", spec.data_root);
    return json::render(fields) + "\n";
}

WorkerSpec read_worker_spec(ByteSource& in) {
    std::string text;
    std::array<std::byte, 4096> buffer{};
    while (const std::size_t count = in.read(buffer)) {
        text += as_text(std::span{buffer}.first(count));
        if (text.size() > kSpecBytesMax)
            refuse("has more than " + std::to_string(kSpecBytesMax) + " bytes");
    }
    const json::Value value = parse(text);
    const json::Reader fields{value, "the worker's specification"};
    return {
        .task_id = fields.get_integer("task_id"),
        .hub_url = fields.get_string("hub_url"),
        .session_id = fields.get_integer("session_id"),
        .session_key = fields.get_string("session_key"),
        .data_root = fields.get_string("data_root")};
}

WorkerSpec read_worker_spec(int fd) {
    const std::string text = os::read_all(fd, kSpecBytesMax);
    StringSource source{text};
    return read_worker_spec(source);
}

}  // namespace nacre::backend
