#include "engine/step_cache.hpp"

#include "base/error.hpp"
#include "engine/step_json.hpp"
#include "json/value.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace nacre::engine {
namespace {

constexpr std::size_t kRecordBytesMax = 64U << 10U;

std::string render_record(const StepRecord& record) {
    json::Object object;
    add_record(object, record);
    return json::render(object);
}

StepRecord parse_record(const std::string& text) {
    const json::Value value = json::parse(text);
    const json::Object* object = value.if_object();
    if (object == nullptr) throw Error{ErrorCode::DataCorrupt, "a record is a JSON object"};
    StepRecord record = read_record(value, "record");
    if (!record.layer && !object->empty())
        throw Error{ErrorCode::DataCorrupt, "the record names no layer"};
    return record;
}

/// Nothing for a damaged one: the step is run again, and its record replaced.
std::optional<StepRecord> try_parse(const std::string& text) {
    try {
        return parse_record(text);
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

DirectoryStepCache::DirectoryStepCache(const std::filesystem::path& root) : folder_{root / "v1"} {
    os::ensure_directory(folder_);
}

std::filesystem::path DirectoryStepCache::path_of(const StepKey& key) const {
    return folder_ / key.hex.substr(0, 2) / key.hex;
}

std::optional<StepRecord> DirectoryStepCache::find(const StepKey& key) const {
    const auto text = os::find_file(path_of(key), kRecordBytesMax);
    if (!text) return std::nullopt;
    // Its time says when it was of use. That this fails is no reason to run a step again.
    static_cast<void>(::utimensat(AT_FDCWD, path_of(key).c_str(), nullptr, 0));
    return try_parse(*text);
}

void DirectoryStepCache::keep(const StepKey& key, const StepRecord& record) {
    const std::filesystem::path path = path_of(key);
    os::ensure_directory(path.parent_path());
    os::write_file_atomically(path, render_record(record), os::Durability::Buffered);
}

std::vector<DirectoryStepCache::Listed> DirectoryStepCache::list() const {
    std::vector<Listed> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder_}) {
        struct stat status{};
        const std::string name = entry.path().filename().string();
        if (::lstat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)
            || name.size() != StepKey::kHexDigits)
            continue;  // a temporary file has another name
        const auto text = os::find_file(entry.path(), kRecordBytesMax);
        if (!text) continue;
        found.push_back(
            {.key = {name},
             .record = try_parse(*text),
             .bytes = text->size(),
             .last_use = status.st_mtim.tv_sec});
    }
    std::ranges::sort(found, {}, &Listed::key);
    return found;
}

bool DirectoryStepCache::remove(const StepKey& key) {
    if (::unlink(path_of(key).c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    throw SystemError{errno, "cannot remove the record of step " + key.hex};
}

std::optional<StepRecord> MemoryStepCache::find(const StepKey& key) const {
    auto records = records_.lock();
    const auto found = records->find(key);
    if (found == records->end()) return std::nullopt;
    return found->second;
}

void MemoryStepCache::keep(const StepKey& key, const StepRecord& record) {
    records_.lock()->insert_or_assign(key, record);
}

}  // namespace nacre::engine
