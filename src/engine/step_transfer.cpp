#include "engine/step_transfer.hpp"

#include "base/error.hpp"
#include "engine/step_json.hpp"
#include "json/value.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace nacre::engine {
namespace {

constexpr const char* kVersion = "version";
constexpr std::int64_t kVersionNow = 1;
constexpr const char* kSteps = "steps";
constexpr const char* kKey = "key";
constexpr json::ParseLimits kLimits{.bytes = kStepsBytesMax};

/// A key becomes the name of a file.
StepKey parse_key(const std::string& text) {
    if (text.size() != StepKey::kHexDigits
        || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        throw Error{
            ErrorCode::DataCorrupt,
            "'" + text.substr(0, StepKey::kHexDigits) + "' is no key of a step"};
    return {text};
}

void check_count(std::size_t count) {
    if (count > kStepsMax)
        throw Error{
            ErrorCode::ResourceExhausted,
            "there are " + std::to_string(count) + " steps, the limit is "
                + std::to_string(kStepsMax)};
}

/// What comes from elsewhere and cannot be read is corrupt data.
template <class Parse>
StepRecords parse_foreign(Parse parse) {
    try {
        return parse();
    } catch (const Error& error) {
        throw Error{ErrorCode::DataCorrupt, "the steps cannot be read: " + error.describe()};
    }
}

json::Value render_step(const StepKey& key, const StepRecord& record) {
    json::Object step;
    step.set(kKey, key.hex);
    add_record(step, record);
    return json::Value{std::move(step)};
}

}  // namespace

StepRecords steps_of_layers(const StepRecords& steps, const std::vector<Layer>& layers) {
    StepRecords found;
    for (const auto& [key, record] : steps)
        if (!record.layer || std::ranges::find(layers, *record.layer) != layers.end())
            found.emplace(key, record);
    return found;
}

oci::Descriptor write_steps(store::BlobStore& blobs, const StepRecords& steps) {
    check_count(steps.size());
    json::Array rendered;
    std::set<oci::Digest> seen;
    std::vector<oci::Descriptor> layers;
    for (const auto& [key, record] : steps) {
        rendered.push_back(render_step(key, record));
        if (record.layer && seen.insert(record.layer->blob.digest).second)
            layers.push_back(record.layer->blob);
    }
    json::Object config;
    config.set(kVersion, kVersionNow);
    config.set(kSteps, std::move(rendered));
    const oci::Manifest manifest{
        .media_type = std::string{oci::kMediaTypeManifest},
        .config = store_document(blobs, kMediaTypeSteps, json::render(std::move(config))),
        .layers = std::move(layers),
        .annotations = {}};
    return store_document(blobs, manifest.media_type, oci::render(manifest));
}

StepRecords parse_steps(std::string_view config) {
    return parse_foreign([&] {
        const json::Value value = json::parse(config, kLimits);
        const json::Reader reader{value, "steps"};
        if (const auto version = reader.get_integer(kVersion); version != kVersionNow)
            throw Error{
                ErrorCode::Unsupported,
                "they have version " + std::to_string(version) + ", needed is "
                    + std::to_string(kVersionNow)};
        const json::Array& steps = reader.get_array(kSteps);
        check_count(steps.size());
        StepRecords records;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const std::string path = "steps[" + std::to_string(i) + "]";
            const StepKey key = parse_key(json::Reader{steps[i], path}.get_string(kKey));
            records.insert_or_assign(key, read_record(steps[i], path));
        }
        return records;
    });
}

std::string render_inline_steps(const StepRecords& steps, const std::vector<Layer>& layers) {
    check_count(steps.size());
    json::Object object;
    for (const auto& [key, record] : steps) {
        if (!record.layer) {
            object.set(key.hex, nullptr);
            continue;
        }
        const auto layer = std::ranges::find(layers, *record.layer);
        if (layer == layers.end())
            throw Error{
                ErrorCode::InvalidArgument,
                "the image has no layer " + record.layer->blob.digest.str()};
        object.set(key.hex, std::int64_t{layer - layers.begin()});
    }
    return json::render(std::move(object));
}

StepRecords parse_inline_steps(std::string_view annotation, const std::vector<Layer>& layers) {
    return parse_foreign([&] {
        const json::Value value = json::parse(annotation, kLimits);
        const json::Object* object = value.if_object();
        if (object == nullptr) throw Error{ErrorCode::DataCorrupt, "they are no JSON object"};
        check_count(object->size());
        StepRecords records;
        for (const json::Member& member : object->members()) {
            StepRecord record;
            if (!member.value.is_null()) {
                const std::int64_t* number = member.value.if_integer();
                if (number == nullptr || *number < 0
                    || *number >= static_cast<std::int64_t>(layers.size()))
                    throw Error{
                        ErrorCode::DataCorrupt, "a step's layer is none of the image's layers"};
                record.layer = layers[static_cast<std::size_t>(*number)];
            }
            records.insert_or_assign(parse_key(member.name), std::move(record));
        }
        return records;
    });
}

std::optional<StepRecord> RecordingStepCache::find(const StepKey& key) const {
    auto known = next_.find(key);
    if (known) seen_.lock()->insert_or_assign(key, *known);
    return known;
}

void RecordingStepCache::keep(const StepKey& key, const StepRecord& record) {
    seen_.lock()->insert_or_assign(key, record);
    next_.keep(key, record);
}

std::optional<StepRecord> ImportedStepCache::find(const StepKey& key) const {
    auto known = next_.find(key);
    const auto imported = steps_.find(key);
    // A record of our own may have outlived its layer.
    const bool is_wanted = imported != steps_.end() && (!known || *known == imported->second);
    if (!is_wanted || !accept_(key, imported->second)) return known;
    if (!known) next_.keep(key, imported->second);
    return imported->second;
}

void ImportedStepCache::keep(const StepKey& key, const StepRecord& record) {
    next_.keep(key, record);
}

}  // namespace nacre::engine
