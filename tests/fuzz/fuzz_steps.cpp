#include "base/error.hpp"
#include "engine/step_transfer.hpp"
#include "store/memory_blob_store.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    try {
        const nacre::engine::StepRecords steps = nacre::engine::parse_steps(text);
        for (const auto& [key, record] : steps)
            if (key.hex.find('/') != std::string::npos) std::abort();
        nacre::store::MemoryBlobStore blobs;
        nacre::engine::write_steps(blobs, steps);
    } catch (const nacre::Error& error) {
        if (error.code() != nacre::ErrorCode::DataCorrupt) std::abort();
    }
    return 0;
}
