#pragma once

#include "archive/tar.hpp"
#include "base/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::archive::test {

using std::string_literals::operator""s;

struct ReadEntry {
    TarEntry entry;
    std::string content;
};

inline std::vector<ReadEntry> read_tar(std::string_view bytes, const TarLimits& limits = {}) {
    StringSource in{bytes};
    TarReader reader{in, limits};
    std::vector<ReadEntry> all;
    TarEntry entry;
    while (reader.next(entry)) {
        std::string content;
        std::array<std::byte, 1000> buffer{};
        while (const std::size_t got = reader.read_content(buffer))
            content += as_text(Bytes{buffer}.first(got));
        all.push_back({entry, std::move(content)});
    }
    return all;
}

inline std::string write_tar(const std::vector<ReadEntry>& entries) {
    StringSink out;
    TarWriter writer{out};
    for (auto one : entries) {
        one.entry.size = one.content.size();
        StringSource content{one.content};
        writer.add_file(one.entry, content);
    }
    writer.finish();
    return out.take();
}

inline ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "no Error was thrown";
    return ErrorCode::Internal;
}

/// One of everything that the format can say and layers contain.
inline std::vector<ReadEntry> one_of_everything() {
    const std::string long_name(140, 'n');
    return {
        {{.path = "dir", .type = EntryType::Directory, .mode = 01777, .mtime = 1'700'000'000}, ""},
        {{.path = "dir/file", .mode = 04755, .uid = 1000, .gid = 100}, "hello\n"},
        {{.path = "dir/" + long_name + "/" + long_name, .mtime = -5}, std::string(512, 'x')},
        {{.path = long_name + "/short"}, std::string(513, 'y')},
        {{.path = "hard", .type = EntryType::Hardlink, .link_target = "dir/file"}, ""},
        {{.path = "soft", .type = EntryType::Symlink, .link_target = long_name}, ""},
        {{.path = "null", .type = EntryType::CharDevice, .device_major = 1, .device_minor = 3}, ""},
        {{.path = "disk",
          .type = EntryType::BlockDevice,
          .device_major = 259,
          .device_minor = 1'048'575},
         ""},
        {{.path = "fifo", .type = EntryType::Fifo}, ""},
        {{.path = "utf-\xc3\xa9", .uid = 4'000'000'000U, .gid = 2'097'152}, ""},
        {{.path = "latin-\xe9", .mtime = 9'000'000'000}, ""},
        {{.path = "l\xff", .type = EntryType::Symlink, .link_target = "\xe9t\xe9"}, ""},
        {{.path = "new\nline\x1b[31m"}, ""},
        {{.path = "attributes",
          .xattrs =
              {{"security.capability", "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s},
               {"user.empty", ""},
               {"user.text", "a=b\nc"}}},
         ""},
    };
}

inline void expect_same(const ReadEntry& found, const ReadEntry& wanted) {
    SCOPED_TRACE(wanted.entry.path);
    EXPECT_EQ(found.entry.path, wanted.entry.path);
    EXPECT_EQ(found.entry.type, wanted.entry.type);
    EXPECT_EQ(found.entry.mode, wanted.entry.mode);
    EXPECT_EQ(found.entry.uid, wanted.entry.uid);
    EXPECT_EQ(found.entry.gid, wanted.entry.gid);
    EXPECT_EQ(found.entry.mtime, wanted.entry.mtime);
    EXPECT_EQ(found.entry.link_target, wanted.entry.link_target);
    EXPECT_EQ(found.entry.device_major, wanted.entry.device_major);
    EXPECT_EQ(found.entry.device_minor, wanted.entry.device_minor);
    EXPECT_EQ(found.entry.xattrs, wanted.entry.xattrs);
    EXPECT_EQ(found.content, wanted.content);
}

}  // namespace nacre::archive::test
