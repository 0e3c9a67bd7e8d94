#pragma once

#include "archive/tar.hpp"
#include "base/bytes.hpp"
#include "os/file.hpp"

#include <unistd.h>

#include <filesystem>
#include <string>

namespace nacre::test {

/// A statically linked program of many names: the smallest root that a shell runs in.
inline constexpr const char* kBusybox = "/bin/busybox";

inline constexpr const char* kBusyboxPasswd =
    "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:Web:/home/web:/bin/sh\n";
inline constexpr const char* kBusyboxGroup = "root:x:0:\nweb:x:1001:\nmedia:x:2000:web\n";

inline constexpr const char* kBusyboxNames[] = {
    "cat",   "chmod", "chown",    "cp",    "cut",   "date",  "echo",    "env",    "false",
    "find",  "grep",  "head",     "id",    "ip",    "ls",    "mkdir",   "mv",     "nohup",
    "pwd",   "ps",    "readlink", "rm",    "rmdir", "sed",   "seq",     "setsid", "sh",
    "sleep", "sort",  "stat",     "touch", "true",  "wc",    "yes",     "ln",     "kill",
    "test",  "sync",  "tr",       "mount", "ping",  "mknod", "unshare", "nsenter"};

/// The tar of a root with busybox, its links, and the accounts root and web (1000:1001, of group media 2000).
inline std::string busybox_tar() {
    StringSink out;
    archive::TarWriter tar{out};
    const auto folder = [&](const std::string& path, std::uint32_t mode) {
        tar.add({.path = path, .type = archive::EntryType::Directory, .mode = mode, .mtime = 1});
    };
    const auto file = [&](const std::string& path, std::uint32_t mode, const std::string& text) {
        StringSource content{text};
        tar.add_file({.path = path, .mode = mode, .mtime = 1, .size = text.size()}, content);
    };
    constexpr std::size_t kBytesMax = 16U << 20U;
    folder("bin", 0755);
    file("bin/busybox", 0755, os::read_file(kBusybox, kBytesMax));
    for (const char* name : kBusyboxNames)
        tar.add(
            {.path = std::string{"bin/"} + name,
             .type = archive::EntryType::Symlink,
             .mode = 0777,
             .mtime = 1,
             .link_target = "busybox"});
    folder("etc", 0755);
    file("etc/passwd", 0644, kBusyboxPasswd);
    file("etc/group", 0644, kBusyboxGroup);
    folder("root", 0700);
    folder("tmp", 01777);
    tar.finish();
    return out.take();
}

/// The same as a folder.
inline void make_busybox_root(const std::filesystem::path& root) {
    namespace fs = std::filesystem;
    for (const char* folder : {"bin", "etc", "root", "tmp"})
        fs::create_directories(root / folder);
    fs::copy_file(kBusybox, root / "bin/busybox");
    for (const char* name : kBusyboxNames)
        fs::create_symlink("busybox", root / "bin" / name);
    os::write_file_atomically(root / "etc/passwd", kBusyboxPasswd, os::Durability::Buffered);
    os::write_file_atomically(root / "etc/group", kBusyboxGroup, os::Durability::Buffered);
    fs::permissions(root / "tmp", fs::perms{01777});
}

/// Why containers cannot be run in tests here; empty when they can.
inline std::string why_no_containers() {
    if (::geteuid() != 0) return "needs root";
    if (::access(kBusybox, X_OK) != 0) return std::string{"needs "} + kBusybox;
    return "";
}

}  // namespace nacre::test
