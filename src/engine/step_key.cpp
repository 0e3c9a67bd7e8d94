#include "engine/step_key.hpp"

#include "archive/digester.hpp"
#include "engine/copy_sources.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nacre::engine {
namespace {

/// To be raised when the same input gives other bytes of a layer than before.
constexpr std::int64_t kKeyVersion = 1;
constexpr std::size_t kReadBytes = 256U << 10U;

std::int64_t number_of(std::size_t value) {
    return static_cast<std::int64_t>(value);
}

template <class Enum>
    requires std::is_enum_v<Enum>
std::int64_t number_of(Enum value) {
    return static_cast<std::int64_t>(value);
}

std::string content_key_of(const source::Tree& tree, const source::Node& node) {
    if (!node.content_key.empty()) return node.content_key;
    archive::Digester digester{archive::HashAlgorithm::Sha256};
    const auto content = tree.open(node);
    std::vector<std::byte> buffer(kReadBytes);
    while (const std::size_t count = content->read(buffer))
        digester.update(std::span{buffer}.first(count));
    std::string key = "sha256:" + digester.finish_hex();
    tree.remember(node, key);
    return key;
}

void add_layers(KeyWriter& key, const std::vector<Layer>& layers) {
    key.begin_list(layers.size());
    for (const Layer& layer : layers)
        key.add(layer.diff_id.digest.str());
}

void add_settings(KeyWriter& key, const StepSurroundings& around) {
    key.add(kKeyVersion);
    key.add(number_of(around.trust));
    key.add(around.platform.str());
    key.add(number_of(around.compression.kind));
    key.add(std::int64_t{around.compression.level});
    key.add(around.source_date_epoch);
}

/// The files that COPY takes from a source tree, or a mount shows.
void add_selection(
    KeyWriter& key,
    const source::Tree& tree,
    const std::vector<std::string>& sources,
    const SelectOptions& options,
    std::int64_t epoch) {
    key.begin_list(sources.size());
    for (const std::string& word : sources) {
        const CopySelection selection = select_sources(tree, word, options);
        key.add(number_of(std::size_t{selection.single_file}));
        key.begin_list(selection.items.size());
        for (const CopyItem& item : selection.items) {
            key.add(item.target);
            key.add(number_of(item.node.type));
            key.add(std::int64_t{item.node.mode});
            // As the layer will have it: later times become this one.
            key.add(std::min(item.node.mtime, epoch));
            key.add(item.node.link_target);
            const bool is_file = item.node.type == source::NodeType::File;
            key.add(is_file ? content_key_of(tree, item.node) : "");
        }
    }
}

void add_mount(KeyWriter& key, const dockerfile::BindMount& bind) {
    key.add("bind");
    key.add(bind.target);
    key.add(bind.source);
    key.add(number_of(bind.access));
}

void add_mount(KeyWriter& key, const dockerfile::CacheMount& cache) {
    key.add("cache");
    key.add(cache.id);
    key.add(cache.target);
}

void add_mount(KeyWriter& key, const dockerfile::TmpfsMount& tmpfs) {
    key.add("tmpfs");
    key.add(tmpfs.target);
}

void add_mount(KeyWriter& key, const dockerfile::SecretMount& secret) {
    key.add("secret");
    key.add(secret.id);
    key.add(secret.target);
    key.add(secret.env);
}

void add_mount(KeyWriter& key, const dockerfile::SshMount& ssh) {
    key.add("ssh");
    key.add(ssh.id);
    key.add(ssh.target);
}

void add_action(KeyWriter& key, const RunAction& run, const StepSurroundings& around) {
    key.add("run");
    add_layers(key, around.parents);
    key.add(run.argv);
    key.add(run.env);
    key.add(run.working_dir);
    key.add(run.user);
    key.add(run.script ? run.script->name : "");
    key.add(run.script ? run.script->content : "");
    key.add(number_of(network_of(run, around.network)));
    key.add(number_of(run.security));
    key.begin_list(around.extra_hosts.size());
    for (const exec::HostEntry& host : around.extra_hosts) {
        key.add(host.name);
        key.add(host.address);
    }
    if (!around.hostname.empty()) {
        key.add("hostname");
        key.add(around.hostname);
    }
    key.begin_list(run.mounts.size());
    const std::vector<std::string> nothing;
    auto origins = around.mounted.begin();
    for (const RunMount& mount : run.mounts) {
        std::visit([&](const auto& typed) { add_mount(key, typed); }, mount.mount);
        if (!mount.origin) continue;
        const MountOrigin& origin = *origins++;
        const auto* bind = std::get_if<dockerfile::BindMount>(&mount.mount);
        if (origin.tree != nullptr && bind != nullptr) {
            key.add("tree");
            add_selection(key, *origin.tree, {bind->source}, {nothing}, around.source_date_epoch);
        } else {
            key.add("layers");
            add_layers(key, origin.layers);
        }
    }
}

void add_action(KeyWriter& key, const CopyAction& copy, const StepSurroundings& around) {
    key.add(copy.link ? "linked copy" : "copy");
    if (!copy.link) add_layers(key, around.parents);
    key.begin_list(copy.files.size());
    for (const InlineFile& file : copy.files) {
        key.add(file.name);
        key.add(file.content);
    }
    key.add(copy.destination);
    key.add(copy.owner);
    key.add(copy.mode ? copy.mode->text() : "");
    key.add(number_of(copy.parents));
    key.add(number_of(std::size_t{copy.unpack_archives}));
    if (is_tree(copy.origin)) {
        key.add("context");
        add_selection(
            key,
            around.context,
            copy.sources,
            {copy.excludes, copy.parents},
            around.source_date_epoch);
        return;
    }
    key.add("layers");
    add_layers(key, around.origin);
    key.add(copy.sources);
    key.add(copy.excludes);
}

void add_action(KeyWriter& key, const WorkdirAction& workdir, const StepSurroundings& around) {
    key.add("workdir");
    add_layers(key, around.parents);
    key.add(workdir.path);
    key.add(workdir.user);
}

void add_action(KeyWriter& key, const ConfigAction& /*config*/, const StepSurroundings&) {
    key.add("config");
}

}  // namespace

StepKey make_tree_key(const source::Tree& tree, const std::string& source, std::int64_t epoch) {
    const std::vector<std::string> nothing;
    KeyWriter key;
    add_selection(key, tree, {source}, {nothing}, epoch);
    return key.finish();
}

struct KeyWriter::State {
    archive::Digester digester{archive::HashAlgorithm::Sha256};
};

KeyWriter::KeyWriter() : state_{std::make_unique<State>()} {}

KeyWriter::KeyWriter(KeyWriter&&) noexcept = default;
KeyWriter::~KeyWriter() = default;

void KeyWriter::frame(char kind, std::uint64_t number) {
    std::array<std::byte, sizeof number> bytes{};
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(number & 0xFFU);
        number >>= 8U;
    }
    const auto kind_byte = static_cast<std::byte>(kind);
    state_->digester.update({&kind_byte, 1});
    state_->digester.update(bytes);
}

void KeyWriter::add(std::string_view text) {
    frame('t', text.size());
    state_->digester.update(as_bytes(text));
}

void KeyWriter::add(std::int64_t number) {
    frame('n', static_cast<std::uint64_t>(number));
}

void KeyWriter::add(const std::vector<std::string>& texts) {
    begin_list(texts.size());
    for (const std::string& text : texts)
        add(text);
}

void KeyWriter::begin_list(std::size_t count) {
    frame('l', count);
}

StepKey KeyWriter::finish() {
    return {state_->digester.finish_hex()};
}

exec::NetworkMode network_of(const RunAction& run, exec::NetworkMode of_build) {
    if (run.network == dockerfile::NetworkMode::None) return exec::NetworkMode::None;
    if (run.network == dockerfile::NetworkMode::Host) return exec::NetworkMode::Host;
    return of_build;
}

StepKey make_step_key(const Action& action, const StepSurroundings& around) {
    KeyWriter key;
    add_settings(key, around);
    std::visit([&](const auto& one) { add_action(key, one, around); }, action);
    return key.finish();
}

}  // namespace nacre::engine
