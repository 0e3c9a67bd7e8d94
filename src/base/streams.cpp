#include "base/streams.hpp"

#include "base/error.hpp"

namespace nacre {

void BufferedSink::write(Bytes bytes) {
    if (buffer_.size() + bytes.size() > kBufferBytes) flush();
    if (bytes.size() >= kBufferBytes) {
        next_.write(bytes);
    } else {
        buffer_ += as_text(bytes);
    }
}

void BufferedSink::flush() {
    next_.write(as_bytes(buffer_));
    buffer_.clear();
}

void StoppableSink::write(Bytes bytes) {
    if (stop_.stop_requested()) throw Cancelled{};
    next_.write(bytes);
}

}  // namespace nacre
