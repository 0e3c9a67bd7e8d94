#pragma once

#include "archive/tar.hpp"
#include "engine/layer_draft.hpp"

#include <map>
#include <string>
#include <vector>

namespace nacre::test {

/// A draft as it is written: its entries and their contents.
class WrittenLayer {
public:
    explicit WrittenLayer(const engine::LayerDraft& draft) {
        StringSink out;
        draft.write(out, index_);
        StringSource source{out.text()};
        archive::TarReader reader{source, {}};
        archive::TarEntry entry;
        while (reader.next(entry)) {
            std::string text(entry.size, '\0');
            std::size_t size = 0;
            while (const std::size_t count =
                       reader.read_content(std::as_writable_bytes(std::span{text}.subspan(size))))
                size += count;
            paths_.push_back(entry.path);
            contents_[entry.path] = std::move(text);
            entries_[entry.path] = entry;
        }
    }

    /// In the order of the archive.
    const std::vector<std::string>& paths() const { return paths_; }

    const archive::TarEntry& entry(const std::string& path) const { return entries_.at(path); }

    const std::string& content(const std::string& path) const { return contents_.at(path); }

    /// What write() says of the entries.
    const std::vector<archive::TarEntry>& index() const { return index_; }

private:
    std::vector<std::string> paths_;
    std::map<std::string, archive::TarEntry> entries_;
    std::map<std::string, std::string> contents_;
    std::vector<archive::TarEntry> index_;
};

}  // namespace nacre::test
