#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::source::detail {

inline constexpr std::size_t kYamlBytesMax = 256U << 10U;
inline constexpr std::size_t kYamlDepthMax = 20;
inline constexpr std::size_t kYamlNodesMax = 20'000;

struct YamlPlace {
    int line = 0;
    int column = 0;
};

enum class YamlKind : std::uint8_t { Null, Scalar, Sequence, Map };

struct YamlNode;

struct YamlMember {
    std::string key;
    YamlPlace at;
    std::vector<YamlNode> value;  ///< always one; a vector because the type is not complete yet
};

/// A YAML document as values with their places. Aliases are not taken, so that a small text is a small tree.
struct YamlNode {
    YamlKind kind = YamlKind::Null;
    YamlPlace at;
    std::string text;     ///< of a Scalar
    bool quoted = false;  ///< a Scalar in quotes is a string whatever it looks like
    std::vector<YamlNode> items;
    std::vector<YamlMember> members;
};

/// What is wrong with a text as YAML.
struct YamlProblem {
    YamlPlace at;
    std::string message;
};

struct YamlDocument {
    YamlNode root;
    std::vector<YamlProblem> problems;
};

/// Reads the only document of `text`. Never throws for any text.
YamlDocument read_yaml(std::string_view text);

}  // namespace nacre::source::detail
