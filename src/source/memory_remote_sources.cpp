#include "source/memory_remote_sources.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "source/sub_tree.hpp"

#include <utility>

namespace nacre::source {
namespace {

constexpr std::uint32_t kFetchedFileMode = 0600;

/// The one file of an address, with its own time and digest.
class OneFile final : public Tree {
public:
    OneFile(Node node, std::string content)
        : node_{std::move(node)},
          content_{std::move(content)} {}

    std::optional<Node> find(std::string_view path) const override {
        if (path.empty()) return Node{.type = NodeType::Directory, .mode = 0755};
        return path == node_.path ? std::optional{node_} : std::nullopt;
    }

    std::vector<Node> walk(std::string_view path) const override {
        return path.empty() ? std::vector{node_} : std::vector<Node>{};
    }

    std::unique_ptr<ByteSource> open(const Node& /*file*/) const override {
        return std::make_unique<StringSource>(content_);
    }

    std::optional<std::int64_t> commit_time() const override { return std::nullopt; }

private:
    const Node node_;
    const std::string content_;
};

/// A folder of a shared tree.
class SharedFolder final : public Tree {
public:
    SharedFolder(std::shared_ptr<const MemoryTree> whole, std::string folder)
        : whole_{std::move(whole)},
          part_{*whole_, std::move(folder)} {}

    std::optional<Node> find(std::string_view path) const override { return part_.find(path); }

    std::vector<Node> walk(std::string_view path) const override { return part_.walk(path); }

    std::unique_ptr<ByteSource> open(const Node& file) const override { return part_.open(file); }

    std::optional<std::int64_t> commit_time() const override { return part_.commit_time(); }

private:
    std::shared_ptr<const MemoryTree> whole_;
    SubTree part_;
};

[[noreturn]] void refuse_checksum(const std::string& found, const std::string& needed) {
    throw Error{ErrorCode::DataCorrupt, "the checksum is " + found + ", needed " + needed};
}

template <class Map>
const typename Map::mapped_type& known(const Map& map, const std::string& name) {
    const auto found = map.find(name);
    if (found == map.end())
        throw Error{ErrorCode::NotFound, "there is no " + quoted(without_credentials(name))};
    return found->second;
}

}  // namespace

std::unique_ptr<Tree> MemoryRemoteSources::fetch(
    const RemoteAddress& address, std::stop_token /*stop*/) {
    if (const auto* url = std::get_if<UrlAddress>(&address)) {
        const File& file = known(files_, url->url);
        if (!url->checksum.empty() && url->checksum != file.digest)
            refuse_checksum(file.digest, url->checksum);
        Node node{.path = url->file_name, .mode = kFetchedFileMode, .size = file.content.size()};
        node.mtime = file.mtime;
        node.content_key = file.digest;
        return std::make_unique<OneFile>(std::move(node), file.content);
    }
    const auto& git = std::get<GitAddress>(address);
    const Repository& repository = known(repositories_, git.remote);
    if (!repository.commit.starts_with(git.checksum))
        refuse_checksum(repository.commit, git.checksum);
    return std::make_unique<SharedFolder>(repository.tree, git.folder);
}

}  // namespace nacre::source
