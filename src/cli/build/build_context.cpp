#include "cli/build/build_context.hpp"

#include "archive/compression.hpp"
#include "archive/digester.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "registry/oci_layout_registry.hpp"
#include "source/folder_tree.hpp"
#include "source/memory_tree.hpp"
#include "source/path.hpp"
#include "source/remote_address.hpp"
#include "store/layers.hpp"

#include <algorithm>
#include <array>

namespace nacre::cli::build {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultNames[] = {"Dockerfile", "Containerfile"};
/// A tar's first header has its magic here (pax(1), "ustar Interchange Format").
constexpr std::size_t kTarMagicAt = 257;
constexpr std::size_t kHeadBytes = 512;

/// Reads what was taken from the beginning of another source first.
class ResumedSource final : public ByteSource {
public:
    ResumedSource(std::string head, ByteSource& rest) : head_{std::move(head)}, rest_{rest} {}

    std::size_t read(std::span<std::byte> buffer) override {
        if (at_ == head_.size()) return rest_.read(buffer);
        const std::size_t count = std::min(buffer.size(), head_.size() - at_);
        std::ranges::copy(as_bytes(head_).subspan(at_, count), buffer.begin());
        at_ += count;
        return count;
    }

private:
    std::string head_;
    std::size_t at_ = 0;
    ByteSource& rest_;
};

std::string read_head(ByteSource& input) {
    std::array<std::byte, kHeadBytes> buffer{};
    std::size_t size = 0;
    while (size < buffer.size()) {
        const std::size_t count = input.read(std::span{buffer}.subspan(size));
        if (count == 0) break;
        size += count;
    }
    return std::string{as_text(Bytes{buffer}.first(size))};
}

/// make_decompressing_source() knows more kinds than detect_compression() names.
bool is_archive(const std::string& head) {
    if (head.size() > kTarMagicAt && head.substr(kTarMagicAt).starts_with("ustar")) return true;
    if (archive::detect_compression(as_bytes(head)) != archive::CompressionKind::None) return true;
    return head.starts_with("BZh")
           || head.starts_with(std::string_view{
               "\xFD"
               "7zXZ\0",
               6});
}

std::string read_text(ByteSource& input, const std::string& name) {
    std::string text;
    std::array<std::byte, 16384> buffer{};
    while (const std::size_t count = input.read(buffer)) {
        text += as_text(Bytes{buffer}.first(count));
        if (text.size() > dockerfile::kTextBytesMax)
            throw Error{
                ErrorCode::ResourceExhausted,
                name + " is larger than the limit of " + std::to_string(dockerfile::kTextBytesMax)
                    + " bytes"};
    }
    return text;
}

class ContextReader {
public:
    ContextReader(const BuildSettings& settings, const ContextPlaces& places)
        : settings_{settings},
          places_{places} {}

    BuildContext read() {
        if (settings_.context == "-") {
            read_stream(places_.input, "on the standard input");
        } else {
            open_folder();
        }
        if (!text_) find_dockerfile();
        if (!settled_) context_.ignored = source::find_ignore_file(*context_.files, name_);
        context_.visible = std::make_unique<source::IgnoredTree>(
            *context_.files, context_.ignored.content.patterns);
        context_.dockerfile = dockerfile::parse(*text_, name_);
        open_named_contexts();
        return std::move(context_);
    }

private:
    void open_folder() {
        if (auto address = source::parse_remote_address(settings_.context)) {
            open_remote(*address);
            return;
        }
        root_ = (places_.folder / settings_.context).lexically_normal();
        std::error_code failure;
        if (!fs::is_directory(root_, failure))
            throw Error{
                ErrorCode::NotFound, "context " + quoted(settings_.context) + " is no folder"};
        const std::string key = archive::hash_hex(
            archive::HashAlgorithm::Sha256, as_bytes(fs::absolute(root_).native()));
        context_.digests =
            std::make_unique<source::FileDigests>(places_.digests / key, places_.clock);
        context_.files = std::make_unique<source::FolderTree>(root_, context_.digests.get());
    }

    void open_remote(source::RemoteAddress& address) {
        if (auto* git = std::get_if<source::GitAddress>(&address)) {
            if (settings_.keep_git_folder) git->git_folder = source::GitFolder::Keep;
            context_.files = places_.remotes.fetch(address, places_.stop);
            return;
        }
        const auto fetched = places_.remotes.fetch(address, places_.stop);
        const auto content = fetched->open(fetched->walk("").front());
        read_stream(*content, "at " + quoted(source::render(address)));
    }

    void open_named_contexts() {
        for (const auto& [name, where] : settings_.build_contexts) {
            if (!image_of_context(where).empty()) continue;
            with_context("--build-context " + quoted(name), [&, &key = name, &place = where] {
                if (const auto address = source::parse_remote_address(place)) {
                    context_.named[key] = places_.remotes.fetch(*address, places_.stop);
                } else {
                    context_.named[key] =
                        std::make_unique<source::FolderTree>(places_.folder / place);
                }
            });
        }
    }

    /// As docker does: a tar, compressed or not, or else the text of a Dockerfile without a context.
    void read_stream(ByteSource& stream, const std::string& where) {
        const std::string head = read_head(stream);
        ResumedSource input{head, stream};
        if (!is_archive(head)) {
            if (!settings_.file.empty())
                throw Error{
                    ErrorCode::InvalidArgument,
                    "what is " + where + " is no tar, so there is no context for -f "
                        + quoted(settings_.file)};
            text_ = read_text(input, "the Dockerfile " + where);
            name_ = kDefaultNames[0];
            context_.files = std::make_unique<source::MemoryTree>();
            return;
        }
        context_.unpacked.emplace(places_.temporary, "context");
        with_context("unpacking the context " + where, [&] {
            const auto plain = archive::make_decompressing_source(input);
            archive::TarReader tar{*plain, {}};
            store::apply_layer(tar, context_.unpacked->path(), store::Privilege::None);
        });
        context_.files = std::make_unique<source::FolderTree>(context_.unpacked->path());
    }

    void find_dockerfile() {
        if (settings_.file == "-") {
            text_ = read_text(places_.input, "the Dockerfile on the standard input");
            name_ = kDefaultNames[0];
            return;
        }
        if (!settings_.file.empty()) {
            open_named();
            return;
        }
        for (const char* name : kDefaultNames) {
            text_ = source::find_text(*context_.files, name, dockerfile::kTextBytesMax);
            name_ = name;
            if (text_) return;
        }
        // A link, or no file: FolderTree follows none, users have some.
        if (!root_.empty() && read_outside(root_ / kDefaultNames[0], kDefaultNames[0])) return;
        throw Error{
            ErrorCode::NotFound,
            "the context has no file " + quoted(kDefaultNames[0]) + " and no "
                + quoted(kDefaultNames[1])}
            .with_hint("-f names another file");
    }

    /// -f is relative to where the user stands; in a tar, to its top.
    void open_named() {
        if (root_.empty()) {
            name_ = settings_.file;
            text_ = source::find_text(*context_.files, name_, dockerfile::kTextBytesMax);
        } else {
            const fs::path path = (places_.folder / settings_.file).lexically_normal();
            const std::string inside = path.lexically_relative(root_).string();
            name_ = settings_.file;
            if (!inside.starts_with("..")) {
                text_ = source::find_text(*context_.files, inside, dockerfile::kTextBytesMax);
                if (text_) {
                    context_.ignored = source::find_ignore_file(*context_.files, inside);
                    settled_ = true;
                    return;
                }
            }
            if (read_outside(path, settings_.file)) return;
            // buildah looks in the context too.
            if (source::is_plain_path(settings_.file))
                text_ =
                    source::find_text(*context_.files, settings_.file, dockerfile::kTextBytesMax);
        }
        if (!text_)
            throw Error{ErrorCode::NotFound, "there is no Dockerfile " + quoted(settings_.file)};
    }

    /// A file that is not in the context may have an ignore file of its own beside it.
    bool read_outside(const fs::path& path, const std::string& shown) {
        text_ = os::find_file(path, dockerfile::kTextBytesMax);
        if (!text_) return false;
        name_ = shown;
        const source::FolderTree around{path.parent_path()};
        const std::string file = path.filename().string();
        source::FoundIgnoreFile beside = source::find_ignore_file(around, file);
        if (beside.path.starts_with(file + ".")) {
            context_.ignored = std::move(beside);
            settled_ = true;
        }
        return true;
    }

    const BuildSettings& settings_;
    const ContextPlaces& places_;
    BuildContext context_;
    fs::path root_;
    std::optional<std::string> text_;
    std::string name_;
    bool settled_ = false;  ///< which ignore file holds
};

}  // namespace

std::string image_of_context(std::string_view where) {
    if (where.starts_with(kImageContext)) return std::string{where.substr(kImageContext.size())};
    if (!where.starts_with(kLayoutContext)) return "";
    constexpr std::size_t kDigits = 32;
    return "oci-layout.invalid/"
           + archive::hash_hex(archive::HashAlgorithm::Sha256, as_bytes(where)).substr(0, kDigits);
}

oci::Reference layout_of_context(std::string_view where, const fs::path& folder) {
    std::string text{where.substr(kLayoutContext.size())};
    oci::Reference reference;
    if (const std::size_t at = text.rfind('@'); at != std::string::npos) {
        reference.digest = oci::Digest::parse(text.substr(at + 1));
        text.erase(at);
    }
    const std::size_t colon = text.rfind(':');
    if (colon != std::string::npos && text.find('/', colon) == std::string::npos) {
        reference.image_tag = text.substr(colon + 1);
        text.erase(colon);
        if (!oci::is_image_tag(reference.image_tag))
            throw Error{
                ErrorCode::InvalidArgument, quoted(reference.image_tag) + " is no name of a tag"};
    }
    const fs::path layout = folder / text;
    if (!fs::exists(layout / "index.json"))
        throw Error{ErrorCode::NotFound, quoted(layout.string()) + " is no OCI layout"};
    const registry::Repository repository = registry::layout_repository(layout);
    reference.registry = repository.registry;
    reference.repository = repository.name;
    return reference;
}

BuildContext open_context(const BuildSettings& settings, const ContextPlaces& places) {
    return ContextReader{settings, places}.read();
}

}  // namespace nacre::cli::build
