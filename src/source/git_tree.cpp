#include "source/git_tree.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "source/path.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nacre::source {
namespace {

constexpr std::size_t kIdleReadersMax = 8;
constexpr std::size_t kHeaderBytesMax = 256;
constexpr std::size_t kCommitBytesMax = 1U << 20U;
constexpr std::size_t kLinkBytesMax = 4096;

/// Nothing of the machine's or the user's configuration counts, and nothing asks or fetches.
os::Command git_command(
    const std::filesystem::path& repository, const std::vector<std::string>& arguments) {
    os::Command command;
    command.argv = {
        "git",
        "--git-dir=" + repository.native(),
        "-c",
        "safe.directory=*",
        "-c",
        "core.hooksPath=/dev/null"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = os::minimal_environment();
    for (const char* setting :
         {"GIT_CONFIG_NOSYSTEM=1",
          "GIT_CONFIG_GLOBAL=/dev/null",
          "GIT_NO_REPLACE_OBJECTS=1",
          "GIT_NO_LAZY_FETCH=1",
          "GIT_TERMINAL_PROMPT=0",
          "GIT_OPTIONAL_LOCKS=0"})
        command.environment.emplace_back(setting);
    return command;
}

std::string object_of(const Node& node) {
    return node.content_key.substr(std::string_view{"git:"}.size());
}

/// The time in "committer A U Thor <mail> 1700000000 +0000".
std::optional<std::int64_t> find_commit_time(std::string_view content) {
    for (const std::string& line : split(content, '\n')) {
        if (line.empty()) break;
        if (!line.starts_with("committer ")) continue;
        const std::vector<std::string> words = split_words(line.substr(line.rfind('>') + 1));
        return words.empty() ? std::nullopt : parse_integer(words[0]);
    }
    return std::nullopt;
}

}  // namespace

/// One `git cat-file --batch`. It ends by itself when its standard input is closed, also by our own death.
class BatchProcess {
public:
    BatchProcess(os::ProcessRunner& runner, const std::filesystem::path& repository) {
        os::Pipe input = os::make_pipe();
        os::Pipe output = os::make_pipe();
        os::Command command = git_command(repository, {"cat-file", "--batch"});
        // The kernel would kill it with the thread that asked first, and others use it later.
        command.dies_with_parent = false;
        child_ = runner.start(command, {.in = input.read_end.get(), .out = output.write_end.get()});
        in_ = std::move(input.write_end);
        out_ = std::move(output.read_end);
    }

    struct Header {
        std::string type;
        std::uint64_t size = 0;
    };

    /// Nothing when there is no such object.
    std::optional<Header> request(const std::string& object) {
        os::write_all(in_.get(), as_bytes(object + "\n"));
        std::string line;
        while (true) {
            std::byte byte{};
            if (read({&byte, 1}) == 0 || line.size() > kHeaderBytesMax) fail(object);
            if (byte == std::byte{'\n'}) break;
            line += static_cast<char>(byte);
        }
        const std::vector<std::string> words = split_words(line);
        if (words.size() == 2 && words[1] == "missing") return std::nullopt;
        const std::optional<std::int64_t> size =
            words.size() == 3 ? parse_integer(words[2]) : std::nullopt;
        if (!size || *size < 0) fail(object);
        return Header{words[1], static_cast<std::uint64_t>(*size)};
    }

    std::size_t read(std::span<std::byte> buffer) {
        if (begin_ == end_) {
            ssize_t count = -1;
            do
                count = ::read(out_.get(), buffer_.data(), buffer_.size());
            while (count < 0 && errno == EINTR);
            if (count < 0) throw SystemError{errno, "cannot read from git cat-file"};
            begin_ = 0;
            end_ = static_cast<std::size_t>(count);
        }
        const std::size_t count = std::min(buffer.size(), end_ - begin_);
        std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), count, buffer.begin());
        begin_ += count;
        return count;
    }

    [[noreturn]] static void fail(const std::string& object) {
        throw Error{ErrorCode::DataCorrupt, "git cat-file cannot read object '" + object + "'"}
            .with_hint("check the repository with 'git fsck'");
    }

private:
    std::unique_ptr<os::ChildProcess> child_;
    os::UniqueFd in_;
    os::UniqueFd out_;
    std::array<std::byte, 65536> buffer_{};
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// Lends its readers out, so that no lock is held while bytes flow. Thread-safe.
class GitObjectReader {
public:
    GitObjectReader(os::ProcessRunner& runner, std::filesystem::path repository)
        : runner_{&runner},
          repository_{std::move(repository)} {}

    os::ProcessRunner& runner() noexcept { return *runner_; }

    const std::filesystem::path& repository() const noexcept { return repository_; }

    std::unique_ptr<BatchProcess> borrow() {
        if (std::unique_ptr<BatchProcess> idle = take_idle()) return idle;
        return std::make_unique<BatchProcess>(*runner_, repository_);
    }

    void give_back(std::unique_ptr<BatchProcess> process) {
        auto idle = idle_.lock();
        if (idle->size() < kIdleReadersMax) idle->push_back(std::move(process));
    }

private:
    std::unique_ptr<BatchProcess> take_idle() {
        auto idle = idle_.lock();
        if (idle->empty()) return nullptr;
        std::unique_ptr<BatchProcess> last = std::move(idle->back());
        idle->pop_back();
        return last;
    }

    os::ProcessRunner* runner_;
    std::filesystem::path repository_;
    Guarded<std::vector<std::unique_ptr<BatchProcess>>> idle_;
};

namespace {

/// The content of one object. A reader whose object was read to the end serves the next one; otherwise it still
/// has bytes of this one in its pipe, and ends with us.
class ObjectSource final : public ByteSource {
public:
    ObjectSource(
        std::shared_ptr<GitObjectReader> objects,
        std::unique_ptr<BatchProcess> process,
        std::string object,
        BatchProcess::Header header)
        : objects_{std::move(objects)},
          process_{std::move(process)},
          object_{std::move(object)},
          header_{std::move(header)},
          left_{header_.size} {}

    const BatchProcess::Header& header() const noexcept { return header_; }

    std::size_t read(std::span<std::byte> buffer) override {
        if (left_ == 0) {
            finish();
            return 0;
        }
        const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), left_);
        const std::size_t count = process_->read(buffer.first(wanted));
        if (count == 0) BatchProcess::fail(object_);
        left_ -= count;
        return count;
    }

private:
    void finish() {
        if (!process_) return;
        std::byte end{};
        if (process_->read({&end, 1}) != 1 || end != std::byte{'\n'}) BatchProcess::fail(object_);
        objects_->give_back(std::move(process_));
    }

    std::shared_ptr<GitObjectReader> objects_;
    std::unique_ptr<BatchProcess> process_;
    std::string object_;
    BatchProcess::Header header_;
    std::uint64_t left_;
};

/// Null when there is no such object.
std::unique_ptr<ObjectSource> find_object(
    const std::shared_ptr<GitObjectReader>& objects, const std::string& object) {
    std::unique_ptr<BatchProcess> process = objects->borrow();
    std::optional<BatchProcess::Header> header = process->request(object);
    if (!header) {
        objects->give_back(std::move(process));
        return nullptr;
    }
    return std::make_unique<ObjectSource>(objects, std::move(process), object, std::move(*header));
}

std::unique_ptr<ObjectSource> get_object(
    const std::shared_ptr<GitObjectReader>& objects, const std::string& object) {
    std::unique_ptr<ObjectSource> source = find_object(objects, object);
    if (!source) BatchProcess::fail(object);
    return source;
}

std::string read_object(ObjectSource& source, const std::string& what, std::size_t limit) {
    if (source.header().size > limit) {
        throw Error{
            ErrorCode::ResourceExhausted,
            what + " has " + std::to_string(source.header().size) + " bytes, needed at most "
                + std::to_string(limit)};
    }
    std::string text;
    std::array<std::byte, 4096> buffer{};
    while (const std::size_t count = source.read(buffer))
        text += as_text(Bytes{buffer}.first(count));
    return text;
}

}  // namespace

bool is_commit_id(std::string_view text) noexcept {
    return (text.size() == 40 || text.size() == 64)
           && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

GitCommitTree::GitCommitTree(
    os::ProcessRunner& runner,
    std::filesystem::path repository,
    std::string_view commit,
    const GitTreeLimits& limits,
    std::stop_token stop)
    : commit_{commit},
      limits_{limits} {
    if (!is_commit_id(commit)) {
        throw Error{
            ErrorCode::InvalidArgument,
            "commit " + nacre::quoted(commit, 80)
                + " is no full commit id, needed 40 lower-case hex digits"}
            .with_hint("'git rev-parse --verify REF' gives it");
    }
    objects_ = std::make_shared<GitObjectReader>(runner, std::move(repository));
    list(std::move(stop));
    read_links();
}

GitCommitTree::~GitCommitTree() = default;

void GitCommitTree::list(std::stop_token stop) {
    const std::string place = nacre::quoted(objects_->repository().native());
    const std::unique_ptr<ObjectSource> source = find_object(objects_, commit_);
    if (!source || source->header().type != "commit") {
        throw Error{
            ErrorCode::NotFound,
            "repository " + place + " has no commit '" + commit_ + "'"
                + (source ? ", it is a " + source->header().type : "")}
            .with_hint("push the commit first");
    }
    const std::optional<std::int64_t> time =
        find_commit_time(read_object(*source, "commit '" + commit_ + "'", kCommitBytesMax));
    if (!time) throw Error{ErrorCode::DataCorrupt, "commit '" + commit_ + "' has no time"};
    commit_time_ = *time;
    const std::string listing = os::run_checked(
        objects_->runner(),
        git_command(
            objects_->repository(), {"ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit_}),
        {.output_limit = limits_.listing_bytes},
        std::move(stop));
    std::string_view rest = listing;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\0'), rest.size());
        if (nodes_.size() >= limits_.entries) {
            throw Error{
                ErrorCode::ResourceExhausted,
                "commit '" + commit_ + "' has more than " + std::to_string(limits_.entries)
                    + " entries"};
        }
        nodes_.push_back(parse_entry(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::ranges::sort(nodes_, path_less, &Node::path);
    const auto twice = std::ranges::adjacent_find(nodes_, {}, &Node::path);
    if (twice != nodes_.end()) {
        throw Error{
            ErrorCode::DataCorrupt,
            "commit '" + commit_ + "' has the entry " + nacre::quoted(twice->path) + " twice"};
    }
}

/// "100644 blob <object> <size>\t<path>"
Node GitCommitTree::parse_entry(std::string_view entry) const {
    const std::size_t tab = entry.find('\t');
    const std::vector<std::string> words = split_words(entry.substr(0, tab));
    if (tab == std::string_view::npos || words.size() != 4 || !is_commit_id(words[2]))
        throw Error{ErrorCode::DataCorrupt, "git ls-tree gave an entry " + nacre::quoted(entry)};
    Node node;
    node.path = entry.substr(tab + 1);
    node.mtime = commit_time_;
    const std::string& mode = words[0];
    if (!is_plain_path(node.path)) {
        throw Error{
            ErrorCode::DataCorrupt,
            "commit '" + commit_ + "' has the entry " + nacre::quoted(node.path)
                + ", which no checkout could have"};
    }
    if (mode == "160000") {
        throw Error{
            ErrorCode::Unsupported,
            "entry " + nacre::quoted(node.path) + " of commit '" + commit_
                + "' is a submodule, needed plain files"}
            .with_hint("put the files into the repository itself");
    }
    if (mode == "040000") {
        node.type = NodeType::Directory;
        node.mode = 0755;
        return node;
    }
    node.content_key = "git:" + words[2];
    const std::optional<std::int64_t> size = parse_integer(words[3]);
    // "BAD" instead of a size: the object is not in the repository.
    if (!size || *size < 0) BatchProcess::fail(words[2]);
    node.size = static_cast<std::uint64_t>(*size);
    if (node.size > limits_.file_bytes) {
        throw Error{
            ErrorCode::ResourceExhausted,
            "file " + nacre::quoted(node.path) + " has " + words[3] + " bytes, needed at most "
                + std::to_string(limits_.file_bytes)};
    }
    if (mode == "120000") {
        node.type = NodeType::Symlink;
        node.mode = 0777;
    } else {
        // Old repositories have 100664; git checks that out as 0644 too.
        node.mode = mode == "100755" ? 0755 : 0644;
    }
    return node;
}

void GitCommitTree::read_links() {
    for (Node& node : nodes_) {
        if (node.type != NodeType::Symlink) continue;
        const std::unique_ptr<ObjectSource> source = get_object(objects_, object_of(node));
        node.link_target =
            read_object(*source, "the target of link " + nacre::quoted(node.path), kLinkBytesMax);
        node.content_key.clear();
        node.size = 0;
        if (node.link_target.empty() || node.link_target.find('\0') != std::string::npos) {
            throw Error{
                ErrorCode::DataCorrupt,
                "link " + nacre::quoted(node.path) + " has no usable target"};
        }
    }
}

std::optional<Node> GitCommitTree::find(std::string_view path) const {
    if (path.empty()) return Node{"", NodeType::Directory, 0755, 0, commit_time_};
    const auto found = std::ranges::lower_bound(nodes_, path, path_less, &Node::path);
    if (found == nodes_.end() || found->path != path) return std::nullopt;
    return *found;
}

std::vector<Node> GitCommitTree::walk(std::string_view path) const {
    std::vector<Node> nodes;
    for (auto at = std::ranges::lower_bound(nodes_, path, path_less, &Node::path);
         at != nodes_.end() && is_within(path, at->path);
         ++at) {
        if (at->path != path) nodes.push_back(*at);
    }
    return nodes;
}

std::unique_ptr<ByteSource> GitCommitTree::open(const Node& file) const {
    const std::optional<Node> node = find(file.path);
    if (!node || node->type != NodeType::File)
        throw Error{ErrorCode::NotFound, "there is no file " + nacre::quoted(file.path)};
    std::unique_ptr<ObjectSource> source = get_object(objects_, object_of(*node));
    if (source->header().type != "blob" || source->header().size != node->size)
        BatchProcess::fail(object_of(*node));
    return source;
}

std::optional<std::int64_t> GitCommitTree::commit_time() const {
    return commit_time_;
}

}  // namespace nacre::source
