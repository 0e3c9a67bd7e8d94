#pragma once

#include "engine/accounts.hpp"
#include "engine/layer_draft.hpp"
#include "engine/plan.hpp"
#include "engine/root_folder.hpp"
#include "source/tree.hpp"

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

namespace nacre::engine {

/// Drafts what COPY and ADD name. Every path is resolved inside the tree it belongs to. Confined to one thread.
class Copier {
public:
    struct Parts {
        LayerDraft& destination;
        FindText find_text;  ///< of the image, for the names of accounts
        std::filesystem::path
            temporary;           ///< folder for the content of archives, while the draft lives
        std::int64_t epoch = 0;  ///< the time of entries that have none of their own
        std::stop_token stop;
    };

    explicit Copier(Parts parts) : parts_{std::move(parts)} {}

    // Trees and folders that are copied from outlive the draft: it reads them when it is written.

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
    void unpack(archive::TarReader& reader, const Target& target);
    void copy_entry(
        const RootFolder& origin, const std::string& from, const std::string& to, Target& target);
    void ensure_parent(const std::string& path, const Target& target);
    void ensure_destination(const Target& target);
    void put_folder(
        const std::string& path, const EntryAttributes& attributes, const Target& target);
    void check_stop() const;

    Parts parts_;
};

}  // namespace nacre::engine
