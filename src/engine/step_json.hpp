#pragma once

#include "engine/step_cache.hpp"
#include "json/value.hpp"

#include <string>

namespace nacre::engine {

// What a step came to, as members of a JSON object: "layer" (a descriptor) and "diffId", or neither when it needed no layer.

void add_record(json::Object& object, const StepRecord& record);

/// Members of other names are not looked at. `path` names the object in messages. Throws Error for a layer that is damaged.
StepRecord read_record(const json::Value& object, const std::string& path);

}  // namespace nacre::engine
