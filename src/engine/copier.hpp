#pragma once

#include "engine/plan.hpp"
#include "engine/root_folder.hpp"
#include "source/tree.hpp"

#include <cstdint>
#include <stop_token>

namespace nacre::engine {

/// Copies into one image root what COPY and ADD name. Every path is resolved inside the roots it belongs to. Confined to
/// one thread.
class Copier {
public:
    /// `destination` outlives it. `epoch` is the time of files that have none of their own.
    Copier(const RootFolder& destination, std::int64_t epoch, std::stop_token stop)
        : destination_{destination},
          epoch_{epoch},
          stop_{std::move(stop)} {}

    /// From a source tree: files belong to root unless --chown says otherwise.
    void copy_from_tree(const source::Tree& tree, const CopyAction& action);

    /// From another image or stage: owners, links, devices and attributes stay as they are unless --chown says otherwise.
    void copy_from_root(const RootFolder& origin, const CopyAction& action);

private:
    struct Target;

    Target target_of(const CopyAction& action) const;
    std::string place(const Target& target, const std::string& name, bool single_file) const;
    void write_node(
        const source::Tree& tree,
        const source::Node& node,
        const std::string& path,
        const Target& target);
    void write_inline(const InlineFile& file, const std::string& path, const Target& target);
    bool try_unpack(const source::Tree& tree, const source::Node& node, const Target& target);
    void copy_entry(
        const RootFolder& origin, const std::string& from, const std::string& to, Target& target);
    void copy_children(
        const RootFolder& origin, const std::string& from, const std::string& to, Target& target);
    void check_stop() const;

    const RootFolder& destination_;
    std::int64_t epoch_;
    std::stop_token stop_;
};

}  // namespace nacre::engine
