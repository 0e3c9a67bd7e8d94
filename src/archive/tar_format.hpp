#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nacre::archive {

// What the reader and the writer of tar share: POSIX.1-2008, pax, "ustar Interchange Format", and the
// extensions of GNU tar (tar.h of its manual, "Basic Tar Format").

inline constexpr std::size_t kTarBlock = 512;

using TarBlock = std::array<char, kTarBlock>;

/// A field of a header block.
struct TarField {
    std::size_t offset;
    std::size_t length;
};

inline constexpr TarField kTarName{0, 100};
inline constexpr TarField kTarMode{100, 8};
inline constexpr TarField kTarUid{108, 8};
inline constexpr TarField kTarGid{116, 8};
inline constexpr TarField kTarSize{124, 12};
inline constexpr TarField kTarMtime{136, 12};
inline constexpr TarField kTarChecksum{148, 8};
inline constexpr std::size_t kTarType = 156;
inline constexpr TarField kTarLink{157, 100};
inline constexpr TarField kTarMagic{257, 8};
inline constexpr TarField kTarDeviceMajor{329, 8};
inline constexpr TarField kTarDeviceMinor{337, 8};
inline constexpr TarField kTarPrefix{345, 155};

inline constexpr std::string_view kUstarMagic{
    "ustar\0"
    "00",
    8};
inline constexpr std::string_view kGnuMagic{"ustar  \0", 8};

inline constexpr std::string_view kPaxXattrPrefix = "SCHILY.xattr.";

/// The field up to its first NUL.
std::string_view tar_text(const TarBlock& block, TarField field) noexcept;

/// An octal number, or GNU's base-256 form; nothing when it is neither or does not fit. Blank is 0.
std::optional<std::int64_t> tar_number(const TarBlock& block, TarField field) noexcept;

/// The sum of all bytes with the checksum field as blanks.
std::uint32_t tar_checksum(const TarBlock& block) noexcept;

/// Bytes from `size` to the end of its last block.
constexpr std::uint64_t tar_padding(std::uint64_t size) noexcept {
    return (kTarBlock - size % kTarBlock) % kTarBlock;
}

}  // namespace nacre::archive
