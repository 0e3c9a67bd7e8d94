#include "publish/recording_publisher.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "publish/publication_path.hpp"

namespace nacre::publish {
namespace {

std::string location_of(const Publication& publication) {
    const PublicationPath path = path_of(publication);
    return (path.folder / path.archive).string();
}

}  // namespace

Receipt RecordingPublisher::publish(const Publication& publication) {
    const std::string location = location_of(publication);
    auto published = published_.lock();
    const auto [place, is_new] = published->try_emplace(location, publication);
    if (!is_new && place->second.manifest.digest != publication.manifest.digest)
        throw Error{
            ErrorCode::Conflict, "another image is published as " + nacre::quoted(location)};
    return {location, std::string{publication.manifest.digest.hex()}, publication.manifest.size};
}

bool RecordingPublisher::retract(const Publication& publication) {
    return published_.lock()->erase(location_of(publication)) > 0;
}

std::vector<Publication> RecordingPublisher::published() const {
    std::vector<Publication> result;
    auto published = published_.lock();
    for (const auto& [location, publication] : *published)
        result.push_back(publication);
    return result;
}

}  // namespace nacre::publish
