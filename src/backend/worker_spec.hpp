#pragma once

#include "backend/backend.hpp"
#include "base/bytes.hpp"

#include <string>

namespace nacre::backend {

/// One line of JSON.
std::string render(const WorkerSpec& spec);

/// The worker's side: reads to the end. Throws Error{InvalidArgument} for anything else; no message quotes the text, which
/// holds a key.
WorkerSpec read_worker_spec(ByteSource& in);
/// From a descriptor, which stays the caller's.
WorkerSpec read_worker_spec(int fd);

}  // namespace nacre::backend
