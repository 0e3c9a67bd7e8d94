#include "builder/journal.hpp"

#include "base/error.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace nacre::builder {
namespace {

constexpr std::size_t kJournalBytesMax = 16U << 20U;
constexpr std::string_view kRunStep = "run";

}  // namespace

Journal::Journal(std::filesystem::path file) : file_{std::move(file)} {
    const std::string text = os::find_file(file_, kJournalBytesMax).value_or("");
    const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
    with_context("journal '" + file_.string() + "'", [&] { replay(text.substr(0, whole)); });
    if (whole == text.size()) return;
    // What follows a cut line would be read as its continuation.
    if (::truncate(file_.c_str(), static_cast<off_t>(whole)) != 0)
        throw SystemError{errno, "cannot repair the journal '" + file_.string() + "'"};
}

void Journal::replay(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const json::Value line = json::parse(text.substr(0, end));
        text.remove_prefix(end + 1);
        const json::Reader record{line, "record"};
        const std::string step = record.get_string("step");
        if (step == kRunStep) ++runs_;
        const json::Value* data = line.if_object()->find("data");
        if (record.get_string("state") == "done")
            steps_[step] = data == nullptr ? json::Value{} : *data;
        else
            steps_.try_emplace(step);
    }
}

std::optional<json::Value> Journal::find_done(std::string_view name) const {
    const auto found = steps_.find(name);
    return found == steps_.end() ? std::nullopt : found->second;
}

bool Journal::was_begun(std::string_view name) const {
    const auto found = steps_.find(name);
    return found != steps_.end() && !found->second;
}

json::Value Journal::once(std::string_view name, const std::function<json::Value()>& body) {
    if (auto earlier = find_done(name)) return *earlier;
    if (!was_begun(name)) append(name, "begun", {});
    steps_.try_emplace(std::string{name});
    json::Value result = body();
    append(name, "done", result);
    steps_[std::string{name}] = result;
    return result;
}

int Journal::start_run() {
    append(kRunStep, "begun", {});
    return ++runs_;
}

void Journal::append(std::string_view name, std::string_view state, const json::Value& data) {
    json::Object record;
    record.set("step", name);
    record.set("state", state);
    if (!data.is_null()) record.set("data", data);
    const std::string line = json::render(record) + "\n";
    const os::UniqueFd fd = os::open_file(file_, O_WRONLY | O_CREAT | O_APPEND, 0600);
    os::write_all(fd.get(), as_bytes(line));
    if (::fdatasync(fd.get()) != 0)
        throw SystemError{errno, "cannot write the journal '" + file_.string() + "'"};
}

}  // namespace nacre::builder
