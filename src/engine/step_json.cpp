#include "engine/step_json.hpp"

#include "oci/descriptor.hpp"

namespace nacre::engine {
namespace {

constexpr const char* kLayer = "layer";
constexpr const char* kDiffId = "diffId";

}  // namespace

void add_record(json::Object& object, const StepRecord& record) {
    if (!record.layer) return;
    object.set(kLayer, oci::render(record.layer->blob));
    object.set(kDiffId, record.layer->diff_id.digest.str());
}

StepRecord read_record(const json::Value& object, const std::string& path) {
    const json::Object* members = object.if_object();
    const json::Value* blob = members == nullptr ? nullptr : members->find(kLayer);
    if (blob == nullptr) return {};
    const json::Reader reader{object, path};
    return {Layer{
        oci::parse_descriptor(*blob, path + "." + kLayer),
        oci::DiffId{oci::Digest::parse(reader.get_string(kDiffId))}}};
}

}  // namespace nacre::engine
