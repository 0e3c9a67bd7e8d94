#include "archive/tar.hpp"
#include "archive/tar_format.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nacre::archive {
namespace {

constexpr std::size_t kCopyBuffer = 256U << 10U;
constexpr char kPaxHeaderType = 'x';

char type_flag(EntryType type) noexcept {
    switch (type) {
        case EntryType::File:
            return '0';
        case EntryType::Hardlink:
            return '1';
        case EntryType::Symlink:
            return '2';
        case EntryType::CharDevice:
            return '3';
        case EntryType::BlockDevice:
            return '4';
        case EntryType::Directory:
            return '5';
        case EntryType::Fifo:
            return '6';
    }
    return '0';
}

bool is_ascii(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
}

/// sanitize_utf8() replaces control characters too, which are UTF-8 all the same.
bool is_utf8(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }, ' ');
    return sanitize_utf8(text) == text;
}

constexpr std::uint64_t octal_max(TarField field) noexcept {
    return (1ULL << (3 * (field.length - 1))) - 1;
}

void put(TarBlock& block, TarField field, std::string_view text) {
    std::ranges::copy(
        text.substr(0, field.length), block.begin() + static_cast<std::ptrdiff_t>(field.offset));
}

void put_octal(TarBlock& block, TarField field, std::uint64_t value) {
    put(block, field, fmt::format("{:0{}o}", value, field.length - 1));
}

/// "LENGTH KEYWORD=VALUE\n", where LENGTH counts its own digits.
std::string pax_record(std::string_view keyword, std::string_view value) {
    const std::size_t rest = keyword.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (rest + std::to_string(length).size() != length)
        length = rest + std::to_string(length).size();
    return fmt::format("{} {}={}\n", length, keyword, value);
}

/// Where ustar can cut a path into prefix and name; nothing when it does not fit.
std::optional<std::size_t> ustar_cut(std::string_view path) {
    if (path.size() <= kTarName.length) return 0;
    // The cut is the '/' itself, which is not stored.
    const std::size_t cut = path.find('/', path.size() - kTarName.length - 1);
    if (cut == std::string_view::npos || cut == 0 || cut > kTarPrefix.length
        || cut + 1 == path.size())
        return std::nullopt;
    return cut;
}

void require_writable(const TarEntry& entry) {
    const auto refuse = [&](std::string_view reason) {
        throw Error{
            ErrorCode::InvalidArgument,
            fmt::format("cannot write {} to a tar archive: {}", quoted(entry.path), reason)};
    };
    if (entry.path.empty()) refuse("the path is empty");
    if (entry.path.find('\0') != std::string::npos) refuse("the path has a NUL character");
    if (entry.link_target.find('\0') != std::string::npos) refuse("the link has a NUL character");
    if (entry.device_major > octal_max(kTarDeviceMajor)
        || entry.device_minor > octal_max(kTarDeviceMinor))
        refuse("the device number is too large");
    for (const auto& [name, value] : entry.xattrs)
        if (name.empty() || name.find('=') != std::string::npos
            || name.find('\0') != std::string::npos)
            refuse("the extended attribute " + quoted(name) + " has a name that pax cannot say");
}

/// The records for what the ustar header of `entry` cannot say.
std::string pax_records(const TarEntry& entry, std::string_view path) {
    std::string records;
    const bool long_path = !ustar_cut(path) || !is_ascii(path);
    const bool long_link =
        entry.link_target.size() > kTarLink.length || !is_ascii(entry.link_target);
    if ((long_path && !is_utf8(std::string{path})) || (long_link && !is_utf8(entry.link_target)))
        records += pax_record("hdrcharset", "BINARY");
    if (long_path) records += pax_record("path", path);
    if (long_link) records += pax_record("linkpath", entry.link_target);
    if (entry.type == EntryType::File && entry.size > octal_max(kTarSize))
        records += pax_record("size", std::to_string(entry.size));
    if (entry.uid > octal_max(kTarUid)) records += pax_record("uid", std::to_string(entry.uid));
    if (entry.gid > octal_max(kTarGid)) records += pax_record("gid", std::to_string(entry.gid));
    if (entry.mtime < 0 || static_cast<std::uint64_t>(entry.mtime) > octal_max(kTarMtime))
        records += pax_record("mtime", std::to_string(entry.mtime));
    auto xattrs = entry.xattrs;
    std::ranges::sort(xattrs);
    for (const auto& [name, value] : xattrs)
        records += pax_record(std::string{kPaxXattrPrefix} + name, value);
    return records;
}

std::uint64_t or_zero(std::uint64_t value, TarField field) noexcept {
    return value > octal_max(field) ? 0 : value;
}

void seal(TarBlock& block) {
    put(block, kTarMagic, kUstarMagic);
    put(block, kTarChecksum, fmt::format("{:06o}", tar_checksum(block)));
    block[kTarChecksum.offset + 7] = ' ';
}

TarBlock ustar_header(const TarEntry& entry, std::string_view path) {
    TarBlock block{};
    // What is in a pax record as well is cut here: for readers that know no pax.
    const std::size_t cut = ustar_cut(path).value_or(0);
    put(block, kTarPrefix, path.substr(0, cut));
    put(block, kTarName, cut == 0 ? path : path.substr(cut + 1));
    put_octal(block, kTarMode, entry.mode & 07777U);
    put_octal(block, kTarUid, or_zero(entry.uid, kTarUid));
    put_octal(block, kTarGid, or_zero(entry.gid, kTarGid));
    put_octal(block, kTarSize, entry.type == EntryType::File ? or_zero(entry.size, kTarSize) : 0);
    const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(entry.mtime, 0));
    put_octal(block, kTarMtime, or_zero(seconds, kTarMtime));
    block[kTarType] = type_flag(entry.type);
    put(block, kTarLink, entry.link_target);
    put_octal(block, kTarDeviceMajor, entry.device_major);
    put_octal(block, kTarDeviceMinor, entry.device_minor);
    seal(block);
    return block;
}

TarBlock pax_header(std::string_view path, std::size_t size) {
    TarBlock block{};
    while (path.ends_with('/'))
        path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
    put(block, kTarName, "PaxHeaders/" + std::string{last});
    put_octal(block, kTarMode, 0644);
    put_octal(block, kTarUid, 0);
    put_octal(block, kTarGid, 0);
    put_octal(block, kTarSize, size);
    put_octal(block, kTarMtime, 0);
    block[kTarType] = kPaxHeaderType;
    seal(block);
    return block;
}

Bytes block_bytes(const TarBlock& block) noexcept {
    return as_bytes(std::string_view{block.data(), block.size()});
}

constexpr TarBlock kZeroBlock{};

}  // namespace

void TarWriter::add(const TarEntry& entry) {
    if (content_left_ != 0)
        throw Error{
            ErrorCode::Internal,
            fmt::format(
                "{} bytes of the entry before {} are missing", content_left_, quoted(entry.path))};
    pad();
    require_writable(entry);
    std::string path = entry.path;
    if (entry.type == EntryType::Directory && !path.ends_with('/')) path += '/';
    const std::string records = pax_records(entry, path);
    if (!records.empty()) {
        out_.write(block_bytes(pax_header(path, records.size())));
        out_.write(as_bytes(records));
        padding_ = tar_padding(records.size());
        pad();
    }
    out_.write(block_bytes(ustar_header(entry, path)));
    if (entry.type == EntryType::File) {
        content_left_ = entry.size;
        padding_ = tar_padding(entry.size);
    }
}

void TarWriter::write_content(Bytes bytes) {
    if (bytes.size() > content_left_)
        throw Error{ErrorCode::Internal, "more content than the size of the tar entry was written"};
    out_.write(bytes);
    content_left_ -= bytes.size();
}

void TarWriter::add_file(const TarEntry& entry, ByteSource& content) {
    add(entry);
    std::vector<std::byte> buffer(
        static_cast<std::size_t>(std::min<std::uint64_t>(entry.size, kCopyBuffer)));
    while (content_left_ != 0) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(content_left_, buffer.size()));
        const std::size_t got = content.read(std::span{buffer}.first(wanted));
        if (got == 0)
            throw Error{
                ErrorCode::Conflict,
                fmt::format(
                    "{} changed while it was read: {} of its {} bytes are missing",
                    quoted(entry.path),
                    content_left_,
                    entry.size)};
        write_content(Bytes{buffer}.first(got));
    }
}

void TarWriter::finish() {
    if (content_left_ != 0)
        throw Error{
            ErrorCode::Internal,
            fmt::format("{} bytes of the last tar entry are missing", content_left_)};
    pad();
    out_.write(block_bytes(kZeroBlock));
    out_.write(block_bytes(kZeroBlock));
}

void TarWriter::pad() {
    if (padding_ == 0) return;
    out_.write(block_bytes(kZeroBlock).first(padding_));
    padding_ = 0;
}

}  // namespace nacre::archive
