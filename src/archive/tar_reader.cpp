#include "archive/compression.hpp"
#include "archive/pax_headers.hpp"
#include "archive/tar.hpp"
#include "archive/tar_format.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

// Read here and not by libarchive: names are bytes, and libarchive converts them between character sets by the
// locale of the process, which loses names that are not valid in it; and it does not check gzip's checksums.

namespace nacre::archive {
namespace {

constexpr std::size_t kSkipBuffer = 64U << 10U;
constexpr std::size_t kSparseExtentsMax = 1U << 18U;
/// Of a pax header beyond what the limits on its values allow.
constexpr std::size_t kPaxOverhead = 64U << 10U;
constexpr std::size_t kExtensionsPerEntryMax = 16;

constexpr TarField kGnuSparseMap{386, 96};
constexpr std::size_t kGnuSparseExtended = 482;
constexpr TarField kGnuRealSize{483, 12};
constexpr TarField kSparseBlockMap{0, 504};
constexpr std::size_t kSparseBlockExtended = 504;
constexpr std::size_t kSparseItem = 24;

[[noreturn]] void throw_damaged(const std::string& reason) {
    throw Error{ErrorCode::DataCorrupt, "damaged tar archive: " + reason};
}

/// A run of stored bytes of a sparse file; between runs are zeros.
struct Extent {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

std::uint64_t unsigned_number(std::string_view text, std::string_view what) {
    const auto value = parse_integer(text);
    if (!value || *value < 0)
        throw_damaged(fmt::format("{} is {}, expected a number", what, quoted(text)));
    return static_cast<std::uint64_t>(*value);
}

std::uint64_t header_number(const TarBlock& block, TarField field, std::string_view what) {
    const auto value = tar_number(block, field);
    if (!value || *value < 0)
        throw_damaged(fmt::format("the {} in the header is no number or negative", what));
    return static_cast<std::uint64_t>(*value);
}

std::uint32_t as_id(std::uint64_t value, std::string_view what) {
    if (value > std::numeric_limits<std::uint32_t>::max())
        throw_damaged(fmt::format("the {} {} does not fit 32 bits", what, value));
    return static_cast<std::uint32_t>(value);
}

/// "1700000000.25", rounded down to whole seconds.
std::int64_t pax_seconds(std::string_view text) {
    const std::size_t dot = text.find('.');
    auto seconds = parse_integer(text.substr(0, dot));
    if (!seconds) throw_damaged("mtime is " + quoted(text) + ", expected seconds");
    const std::string_view fraction = dot == std::string_view::npos ? "" : text.substr(dot + 1);
    const bool has_fraction = fraction.find_first_not_of('0') != std::string_view::npos;
    return *seconds - (text.starts_with('-') && has_fraction ? 1 : 0);
}

std::string without_outer_slashes(std::string_view path) {
    while (path.starts_with('/'))
        path.remove_prefix(1);
    while (path.ends_with('/'))
        path.remove_suffix(1);
    return std::string{path};
}

std::optional<EntryType> entry_type(char flag) {
    switch (flag) {
        case '\0':
        case '0':
        case '7':
        case 'S':
            return EntryType::File;
        case '1':
            return EntryType::Hardlink;
        case '2':
            return EntryType::Symlink;
        case '3':
            return EntryType::CharDevice;
        case '4':
            return EntryType::BlockDevice;
        case '5':
        case 'D':
            return EntryType::Directory;
        case '6':
            return EntryType::Fifo;
        default:
            return std::nullopt;
    }
}

/// The name of the ustar and GNU header itself, without extensions.
std::string header_path(const TarBlock& block) {
    std::string name{tar_text(block, kTarName)};
    const std::string_view magic{block.data() + kTarMagic.offset, 6};
    if (magic != kUstarMagic.substr(0, 6)) return name;
    const std::string_view prefix = tar_text(block, kTarPrefix);
    return prefix.empty() ? name : std::string{prefix} + "/" + name;
}

}  // namespace

struct TarReader::State {
    State(ByteSource& in, const TarLimits& given, Packing packing)
        : unpacking{packing == Packing::Plain ? nullptr : make_decompressing_source(in)},
          source{unpacking ? *unpacking : in},
          limits{given} {}

    /// What the headers before an entry say about it.
    struct Extensions {
        PaxRecords pax;
        std::string gnu_path;
        std::string gnu_link;
    };

    bool next(TarEntry& entry);
    std::size_t read_content(std::span<std::byte> buffer);

    std::size_t read_some(std::span<std::byte> buffer);
    bool read_block(TarBlock& block);
    bool read_header(TarBlock& block);
    std::string read_extension(const TarBlock& block);
    void skip_stored();
    bool take_extension(const TarBlock& block, Extensions& extensions);
    void fill(TarEntry& entry, const TarBlock& block, const Extensions& extensions);
    void apply_pax(TarEntry& entry, const PaxRecords& pax, std::uint64_t& stored_size);
    void check_limits(const TarEntry& entry);
    void read_gnu_sparse(TarEntry& entry, const TarBlock& block);
    void read_pax_sparse(TarEntry& entry, const PaxRecords& pax);
    void read_sparse_1_0();
    void add_extents(const TarBlock& block, TarField map);
    void add_extent(std::uint64_t offset, std::uint64_t length);
    void check_extents(std::uint64_t size) const;

    std::unique_ptr<ByteSource> unpacking;
    ByteSource& source;
    TarLimits limits;
    PaxRecords global;
    std::uint64_t entries = 0;
    std::uint64_t content = 0;
    bool ended = false;

    std::uint64_t stored_left = 0;  ///< bytes of the current member still in the archive
    std::uint64_t padding = 0;
    std::uint64_t size = 0;      ///< of the current entry's content, holes included
    std::uint64_t position = 0;  ///< in it
    bool sparse = false;
    std::vector<Extent> extents;
    std::size_t extent = 0;
};

std::size_t TarReader::State::read_some(std::span<std::byte> buffer) {
    const std::size_t got = source.read(buffer);
    if (got == 0) throw_damaged("it ends too early");
    return got;
}

/// False when the archive ends before the block.
bool TarReader::State::read_block(TarBlock& block) {
    std::span<std::byte> rest = std::as_writable_bytes(std::span{block});
    while (!rest.empty()) {
        const std::size_t got = source.read(rest);
        if (got == 0 && rest.size() == block.size()) return false;
        if (got == 0) throw_damaged("it ends in the middle of a block");
        rest = rest.subspan(got);
    }
    return true;
}

/// False at the end mark, or where an archive without one ends.
bool TarReader::State::read_header(TarBlock& block) {
    skip_stored();
    if (!read_block(block)) return false;
    if (std::ranges::all_of(block, [](char c) { return c == '\0'; })) return false;
    const auto expected = tar_number(block, kTarChecksum);
    if (!expected || *expected != tar_checksum(block))
        throw_damaged("the checksum of a header is wrong");
    return true;
}

void TarReader::State::skip_stored() {
    std::vector<std::byte> scratch(
        static_cast<std::size_t>(std::min<std::uint64_t>(stored_left + padding, kSkipBuffer)));
    for (std::uint64_t left = stored_left + padding; left != 0;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, scratch.size()));
        left -= read_some(std::span{scratch}.first(wanted));
    }
    stored_left = 0;
    padding = 0;
}

/// The content of a header that is about the next one.
std::string TarReader::State::read_extension(const TarBlock& block) {
    const std::uint64_t length = header_number(block, kTarSize, "size");
    const std::uint64_t limit =
        limits.path_bytes + limits.link_bytes + limits.xattr_bytes + kPaxOverhead;
    if (length > limit)
        throw Error{
            ErrorCode::ResourceExhausted,
            fmt::format(
                "a tar archive has an extended header of {} bytes, the limit is {}",
                length,
                limit)};
    std::string text(static_cast<std::size_t>(length), '\0');
    auto rest = std::as_writable_bytes(std::span{text});
    while (!rest.empty())
        rest = rest.subspan(read_some(rest));
    padding = tar_padding(length);
    return text;
}

/// True when the header was one about the next entry, which is consumed.
bool TarReader::State::take_extension(const TarBlock& block, Extensions& extensions) {
    const auto until_nul = [](const std::string& text) { return text.substr(0, text.find('\0')); };
    switch (block[kTarType]) {
        case 'x':
        case 'X':
            parse_pax_records(read_extension(block), extensions.pax);
            return true;
        case 'g':
            parse_pax_records(read_extension(block), global);
            return true;
        case 'L':
            extensions.gnu_path = until_nul(read_extension(block));
            return true;
        case 'K':
            extensions.gnu_link = until_nul(read_extension(block));
            return true;
        case 'V':
        case 'N':
            read_extension(block);
            return true;
        default:
            return false;
    }
}

bool TarReader::State::next(TarEntry& entry) {
    if (ended) return false;
    Extensions extensions;
    TarBlock block;
    for (std::size_t i = 0; i <= kExtensionsPerEntryMax; ++i) {
        if (!read_header(block)) {
            if (i != 0) throw_damaged("it ends after an extended header");
            ended = true;
            return false;
        }
        if (take_extension(block, extensions)) continue;
        if (++entries > limits.entries)
            throw Error{
                ErrorCode::ResourceExhausted,
                fmt::format("a tar archive has more than {} entries", limits.entries)};
        fill(entry, block, extensions);
        return true;
    }
    throw_damaged(fmt::format("more than {} headers precede an entry", kExtensionsPerEntryMax));
}

void TarReader::State::fill(TarEntry& entry, const TarBlock& block, const Extensions& extensions) {
    entry = {};
    sparse = false;
    extents.clear();
    extent = 0;
    position = 0;

    entry.path = extensions.gnu_path.empty() ? header_path(block) : extensions.gnu_path;
    entry.link_target =
        extensions.gnu_link.empty() ? std::string{tar_text(block, kTarLink)} : extensions.gnu_link;
    const auto type = entry_type(block[kTarType]);
    if (!type)
        throw Error{
            ErrorCode::Unsupported,
            fmt::format(
                "tar entry {} has the type {}, which is unknown",
                quoted(entry.path),
                quoted(std::string_view{&block[kTarType], 1}))};
    entry.type = *type;
    const auto mtime = tar_number(block, kTarMtime);
    if (!mtime) throw_damaged("the mtime in the header is no number");
    entry.mtime = *mtime;
    entry.mode = static_cast<std::uint32_t>(header_number(block, kTarMode, "mode") & 07777U);
    std::uint64_t stored_size = header_number(block, kTarSize, "size");
    // A pax record replaces a number that ustar cannot hold.
    PaxRecords pax = global;
    for (const auto& [keyword, value] : extensions.pax)
        pax.insert_or_assign(keyword, value);
    if (!pax.contains("uid")) entry.uid = as_id(header_number(block, kTarUid, "uid"), "uid");
    if (!pax.contains("gid")) entry.gid = as_id(header_number(block, kTarGid, "gid"), "gid");
    apply_pax(entry, pax, stored_size);

    if (entry.type == EntryType::CharDevice || entry.type == EntryType::BlockDevice) {
        entry.device_major = as_id(header_number(block, kTarDeviceMajor, "device"), "device");
        entry.device_minor = as_id(header_number(block, kTarDeviceMinor, "device"), "device");
    }
    if (block[kTarType] == '\0' && entry.path.ends_with('/'))
        entry.type = EntryType::Directory;  // before POSIX there was no other way
    // Other types have no content, whatever their size says: as Go's archive/tar has it, which wrote most layers.
    entry.size = entry.type == EntryType::File ? stored_size : 0;
    if (entry.size > limits.content_bytes) check_limits(entry);
    stored_left = entry.size;
    padding = tar_padding(entry.size);
    if (block[kTarType] == 'S') read_gnu_sparse(entry, block);
    if (entry.type == EntryType::File) read_pax_sparse(entry, pax);
    size = entry.size;
    entry.path = without_outer_slashes(entry.path);
    check_limits(entry);
    content += size;
}

void TarReader::State::apply_pax(
    TarEntry& entry, const PaxRecords& pax, std::uint64_t& stored_size) {
    for (const auto& [keyword, value] : pax) {
        if (keyword == "path")
            entry.path = value;
        else if (keyword == "linkpath")
            entry.link_target = value;
        else if (keyword == "size")
            stored_size = unsigned_number(value, "size");
        else if (keyword == "uid")
            entry.uid = as_id(unsigned_number(value, "uid"), "uid");
        else if (keyword == "gid")
            entry.gid = as_id(unsigned_number(value, "gid"), "gid");
        else if (keyword == "mtime")
            entry.mtime = pax_seconds(value);
        else if (keyword.starts_with(kPaxXattrPrefix))
            entry.xattrs.emplace_back(keyword.substr(kPaxXattrPrefix.size()), value);
    }
}

void TarReader::State::check_limits(const TarEntry& entry) {
    const auto require = [&](std::uint64_t found, std::uint64_t limit, std::string_view what) {
        if (found > limit)
            throw Error{
                ErrorCode::ResourceExhausted,
                fmt::format(
                    "tar entry {}: {} {} bytes, the limit is {}",
                    quoted(entry.path),
                    what,
                    found,
                    limit)};
    };
    require(entry.path.size(), limits.path_bytes, "its path has");
    require(entry.link_target.size(), limits.link_bytes, "its link target has");
    std::uint64_t xattrs = 0;
    for (const auto& [name, value] : entry.xattrs)
        xattrs += name.size() + value.size();
    require(xattrs, limits.xattr_bytes, "its extended attributes have");
    require(entry.size, limits.content_bytes - content, "its content has");
}

void TarReader::State::add_extent(std::uint64_t offset, std::uint64_t length) {
    if (extents.size() == kSparseExtentsMax)
        throw Error{
            ErrorCode::ResourceExhausted,
            fmt::format("a sparse file has more than {} extents", kSparseExtentsMax)};
    extents.push_back({offset, length});
}

/// Extents must ascend, lie within the file, and be exactly what is stored.
void TarReader::State::check_extents(std::uint64_t file_size) const {
    std::uint64_t end = 0;
    std::uint64_t stored = 0;
    for (const Extent& one : extents) {
        if (one.offset < end || one.offset > file_size || one.length > file_size - one.offset)
            throw_damaged("the map of a sparse file is out of order or beyond its size");
        end = one.offset + one.length;
        stored += one.length;
    }
    if (stored != stored_left) throw_damaged("the map of a sparse file contradicts its size");
}

void TarReader::State::add_extents(const TarBlock& block, TarField map) {
    for (std::size_t at = map.offset; at < map.offset + map.length; at += kSparseItem) {
        if (block[at] == '\0') return;
        add_extent(
            header_number(block, {at, 12}, "offset in the map of a sparse file"),
            header_number(block, {at + 12, 12}, "length in the map of a sparse file"));
    }
}

void TarReader::State::read_gnu_sparse(TarEntry& entry, const TarBlock& block) {
    sparse = true;
    add_extents(block, kGnuSparseMap);
    TarBlock more = block;
    bool extended = block[kGnuSparseExtended] != '\0';
    while (extended) {
        if (!read_block(more)) throw_damaged("it ends in the map of a sparse file");
        add_extents(more, kSparseBlockMap);
        extended = more[kSparseBlockExtended] != '\0';
    }
    entry.size = header_number(block, kGnuRealSize, "real size");
    check_extents(entry.size);
}

/// GNU tar's manual, "Storing Sparse Files": formats 0.0 and 0.1 have the map in the header, 1.0 in the data.
void TarReader::State::read_pax_sparse(TarEntry& entry, const PaxRecords& pax) {
    const auto value_of = [&](std::string_view keyword) -> std::string_view {
        const auto found = pax.find(keyword);
        return found == pax.end() ? std::string_view{} : std::string_view{found->second};
    };
    std::string_view real_size = value_of("GNU.sparse.realsize");
    if (real_size.empty()) real_size = value_of("GNU.sparse.size");
    if (real_size.empty()) return;
    sparse = true;
    entry.size = unsigned_number(real_size, "the size of a sparse file");
    if (const auto name = value_of("GNU.sparse.name"); !name.empty()) entry.path = name;
    if (value_of("GNU.sparse.major") == "1") {
        read_sparse_1_0();
    } else if (const auto map = value_of("GNU.sparse.map"); !map.empty()) {
        const std::vector<std::string> numbers = split(map, ',');
        if (numbers.size() % 2 != 0) throw_damaged("the map of a sparse file is cut");
        for (std::size_t i = 0; i < numbers.size(); i += 2)
            add_extent(
                unsigned_number(numbers[i], "an offset of a sparse file"),
                unsigned_number(numbers[i + 1], "a length of a sparse file"));
    }
    check_extents(entry.size);
}

/// The data starts with the number of extents and their numbers, a line each, padded to whole blocks.
void TarReader::State::read_sparse_1_0() {
    constexpr std::size_t kDigitsMax = 20;
    TarBlock block{};
    std::size_t at = kTarBlock;
    const auto next_number = [&] {
        std::string digits;
        while (true) {
            if (at == kTarBlock) {
                if (stored_left < kTarBlock || !read_block(block))
                    throw_damaged("it ends in the map of a sparse file");
                stored_left -= kTarBlock;
                at = 0;
            }
            const char c = block[at++];
            if (c == '\n') return unsigned_number(digits, "a number of a sparse file");
            if (digits.size() == kDigitsMax) throw_damaged("a number of a sparse file is too long");
            digits += c;
        }
    };
    const std::uint64_t count = next_number();
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t offset = next_number();
        add_extent(offset, next_number());
    }
}

std::size_t TarReader::State::read_content(std::span<std::byte> buffer) {
    std::uint64_t wanted = std::min<std::uint64_t>(buffer.size(), size - position);
    bool hole = false;
    if (sparse) {
        while (extent < extents.size()
               && position >= extents[extent].offset + extents[extent].length)
            ++extent;
        const bool last = extent == extents.size();
        hole = last || position < extents[extent].offset;
        const std::uint64_t end = last   ? size
                                  : hole ? extents[extent].offset
                                         : extents[extent].offset + extents[extent].length;
        wanted = std::min(wanted, end - position);
    }
    if (wanted == 0) return 0;
    auto place = buffer.first(wanted);
    if (hole) {
        std::ranges::fill(place, std::byte{0});
        position += wanted;
        return place.size();
    }
    const std::size_t got = read_some(place);
    stored_left -= got;
    position += got;
    return got;
}

TarReader::TarReader(ByteSource& in, const TarLimits& limits, Packing packing)
    : state_{std::make_unique<State>(in, limits, packing)} {}

TarReader::TarReader(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

bool TarReader::next(TarEntry& entry) {
    return state_->next(entry);
}

std::size_t TarReader::read_content(std::span<std::byte> buffer) {
    return state_->read_content(buffer);
}

}  // namespace nacre::archive
