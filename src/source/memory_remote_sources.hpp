#pragma once

#include "source/memory_tree.hpp"
#include "source/remote_sources.hpp"

#include <map>
#include <memory>
#include <string>

namespace nacre::source {

/// Addresses held in memory: for tests. Fill it before it is shared.
class MemoryRemoteSources final : public RemoteSources {
public:
    struct File {
        std::string content;
        std::string digest;  ///< "sha256:<hex>" of the content
        std::int64_t mtime = 0;
    };

    struct Repository {
        std::string commit;
        std::shared_ptr<const MemoryTree> tree;
    };

    void add_file(const std::string& url, File file) { files_[url] = std::move(file); }

    /// A commit that any ref of the remote names.
    void add_repository(const std::string& remote, Repository repository) {
        repositories_[remote] = std::move(repository);
    }

    std::unique_ptr<Tree> fetch(const RemoteAddress& address, std::stop_token stop) override;

private:
    std::map<std::string, File> files_;
    std::map<std::string, Repository> repositories_;
};

}  // namespace nacre::source
