#include "distgit/memory_lookaside.hpp"

#include "archive/digester.hpp"
#include "base/error.hpp"
#include "base/streams.hpp"

#include <algorithm>

namespace nacre::distgit {
namespace {

class MemoryUpload final : public LookasideUpload {
public:
    MemoryUpload(Guarded<MemoryLookaside::Contents>& files, const Clock& clock)
        : files_{files},
          clock_{clock} {}

    void write(Bytes bytes) override { bytes_.append(as_text(bytes)); }

    std::uint64_t size() const noexcept override { return bytes_.size(); }

    const std::string& checksum() override {
        if (checksum_.empty())
            checksum_ = archive::hash_hex(archive::HashAlgorithm::Sha512, as_bytes(bytes_));
        return checksum_;
    }

    void commit(const LookasideFile& file, std::optional<WallTime> modified) override {
        require_match(file, checksum());
        files_.lock()->try_emplace(
            file, MemoryLookaside::Content{bytes_, modified.value_or(clock_.wall_now())});
    }

private:
    Guarded<MemoryLookaside::Contents>& files_;
    const Clock& clock_;
    std::string bytes_;
    std::string checksum_;
};

}  // namespace

std::optional<StoredFile> MemoryLookaside::find(const LookasideFile& file) const {
    auto files = files_.lock();
    const auto found = files->find(file);
    if (found == files->end()) return std::nullopt;
    return StoredFile{found->second.bytes.size(), found->second.modified};
}

std::unique_ptr<ByteSource> MemoryLookaside::open(const LookasideFile& file) const {
    auto files = files_.lock();
    const auto found = files->find(file);
    if (found == files->end()) throw Error{ErrorCode::NotFound, "no such file: " + file.path()};
    return std::make_unique<OwningSource>(found->second.bytes);
}

std::unique_ptr<LookasideUpload> MemoryLookaside::upload() {
    return std::make_unique<MemoryUpload>(files_, clock_);
}

}  // namespace nacre::distgit
