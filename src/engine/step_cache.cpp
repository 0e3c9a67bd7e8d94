#include "engine/step_cache.hpp"

#include "base/error.hpp"
#include "json/value.hpp"
#include "os/file.hpp"

namespace nacre::engine {
namespace {

constexpr std::size_t kRecordBytesMax = 64U << 10U;
constexpr const char* kLayer = "layer";
constexpr const char* kDiffId = "diffId";

std::string render_record(const StepRecord& record) {
    json::Object object;
    if (record.layer) {
        object.set(kLayer, oci::render(record.layer->blob));
        object.set(kDiffId, record.layer->diff_id.digest.str());
    }
    return json::render(object);
}

StepRecord parse_record(const std::string& text) {
    const json::Value value = json::parse(text);
    const json::Object* object = value.if_object();
    if (object == nullptr) throw Error{ErrorCode::DataCorrupt, "a record is a JSON object"};
    if (object->empty()) return {};
    const json::Value* blob = object->find(kLayer);
    if (blob == nullptr) throw Error{ErrorCode::DataCorrupt, "the record names no layer"};
    const json::Reader reader{value, "record"};
    return {Layer{
        oci::parse_descriptor(*blob, "record.layer"),
        oci::DiffId{oci::Digest::parse(reader.get_string(kDiffId))}}};
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
    try {
        return parse_record(*text);
    } catch (const Error&) {
        return std::nullopt;  // the step is run again, and its record replaced
    }
}

void DirectoryStepCache::keep(const StepKey& key, const StepRecord& record) {
    const std::filesystem::path path = path_of(key);
    os::ensure_directory(path.parent_path());
    os::write_file_atomically(path, render_record(record), os::Durability::Buffered);
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
