#pragma once

#include "base/guarded.hpp"
#include "publish/publisher.hpp"

#include <map>
#include <vector>

namespace nacre::publish {

/// Remembers what it was given: for tests.
class RecordingPublisher final : public Publisher {
public:
    Receipt publish(const Publication& publication) override;
    bool retract(const Publication& publication) override;

    /// In the order of their paths.
    std::vector<Publication> published() const;

private:
    mutable Guarded<std::map<std::string, Publication>> published_;
};

}  // namespace nacre::publish
