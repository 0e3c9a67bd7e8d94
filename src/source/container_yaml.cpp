#include "source/container_yaml.hpp"

#include "base/text.hpp"
#include "source/detail/yaml_tree.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace nacre::source {
namespace {

using detail::YamlKind;
using detail::YamlMember;
using detail::YamlNode;
using detail::YamlPlace;

constexpr std::size_t kListMax = 1000;
constexpr std::size_t kTagBytesMax = 128;
constexpr std::int64_t kBuildSecondsMax = 365LL * 24 * 3600;
constexpr std::string_view kContainerYaml = "container.yaml";
constexpr std::string_view kAdditionalTags = "additional-tags";

bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_image_tag(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kTagBytesMax && is_word(text[0])
           && std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_variable_name(std::string_view text) noexcept {
    return !text.empty() && (text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, is_word);
}

bool is_platform(std::string_view text) noexcept {
    return !text.empty()
           && std::ranges::all_of(text, [](char c) { return is_word(c) || c == '/'; });
}

std::optional<bool> parse_bool(std::string_view text) {
    const std::string lower = to_lower(text);
    for (const char* word : {"true", "yes", "on"}) {
        if (lower == word) return true;
    }
    for (const char* word : {"false", "no", "off"}) {
        if (lower == word) return false;
    }
    return std::nullopt;
}

class Reader;
using KeyHandler = void (*)(Reader&, const std::string& path, const YamlNode& value);

struct Key {
    std::string_view name;
    KeyHandler handle;
};

/// Walks the tree along the schema and notes every deviation.
class Reader {
public:
    Reader(std::string_view text, const std::string& file, BuildSettingsFile& result)
        : lines_{split(text, '\n')},
          file_{&file},
          result_{&result} {}

    BuildSettings& settings() noexcept { return result_->settings; }

    void problem(YamlPlace at, std::string message, std::string hint = {}) {
        add(Severity::Error, at, std::move(message), std::move(hint));
    }

    void warning(YamlPlace at, std::string message) {
        add(Severity::Warning, at, std::move(message), {});
    }

    template <std::size_t N>
    void read_map(const std::string& path, const YamlNode& node, const std::array<Key, N>& keys) {
        if (node.kind == YamlKind::Null) return;
        if (node.kind != YamlKind::Map) {
            wrong_kind(path, node, "a map");
            return;
        }
        for (const YamlMember& member : node.members) {
            const std::string inner = path.empty() ? member.key : path + "." + member.key;
            const auto key = std::ranges::find(keys, member.key, &Key::name);
            if (key == keys.end()) {
                unknown(inner, member, keys);
            } else if (member.value.at(0).kind != YamlKind::Null) {
                key->handle(*this, inner, member.value[0]);
            }
        }
    }

    bool read_bool(const std::string& path, const YamlNode& node) {
        const std::optional<bool> value =
            node.kind == YamlKind::Scalar && !node.quoted ? parse_bool(node.text) : std::nullopt;
        if (!value) wrong_kind(path, node, "true or false");
        return value.value_or(false);
    }

    std::string read_string(const std::string& path, const YamlNode& node) {
        if (node.kind == YamlKind::Scalar) return node.text;
        wrong_kind(path, node, "a string");
        return {};
    }

    /// A list of strings, each of which `accepts`.
    std::vector<std::string> read_list(
        const std::string& path,
        const YamlNode& node,
        const std::function<bool(std::string_view)>& accepts,
        std::string_view needed) {
        std::vector<std::string> values;
        if (node.kind != YamlKind::Sequence) {
            wrong_kind(path, node, "a list of strings");
            return values;
        }
        if (node.items.size() > kListMax) {
            problem(
                node.at,
                "'" + path + "' has " + std::to_string(node.items.size())
                    + " elements, needed at most " + std::to_string(kListMax));
            return values;
        }
        for (const YamlNode& item : node.items) {
            std::string value = read_string(path, item);
            if (item.kind == YamlKind::Scalar && !accepts(value)) {
                problem(
                    item.at,
                    "'" + path + "' has " + quoted(value) + ", needed " + std::string{needed});
            } else if (std::ranges::find(values, value) == values.end()) {
                values.push_back(std::move(value));
            }
        }
        return values;
    }

    void wrong_kind(const std::string& path, const YamlNode& node, const std::string& needed) {
        const std::string found = node.kind == YamlKind::Scalar     ? quoted(node.text)
                                  : node.kind == YamlKind::Map      ? "a map"
                                  : node.kind == YamlKind::Sequence ? "a list"
                                                                    : "nothing";
        problem(
            node.at,
            (path.empty() ? "the file" : "'" + path + "'") + " is " + found + ", needed " + needed);
    }

private:
    template <std::size_t N>
    void unknown(
        const std::string& path, const YamlMember& member, const std::array<Key, N>& keys) {
        std::vector<std::string> names;
        for (const Key& key : keys)
            names.emplace_back(key.name);
        const std::optional<std::string> best =
            member.key.size() <= 40 ? nearest(member.key, names) : std::nullopt;
        problem(
            member.at,
            "unknown key " + quoted(path) + ", needed one of " + join(names, ", "),
            best ? "did you mean '" + *best + "'?" : "");
    }

    void add(Severity severity, YamlPlace at, std::string message, std::string hint) {
        Diagnostic one{
            .severity = severity,
            .file = *file_,
            .line = at.line,
            .column = at.column,
            .message = std::move(message),
            .hint = std::move(hint)};
        const auto index = static_cast<std::size_t>(at.line);
        if (at.line > 0 && index <= lines_.size()) one.excerpt = lines_[index - 1].substr(0, 200);
        result_->diagnostics.push_back(std::move(one));
    }

    std::vector<std::string> lines_;
    const std::string* file_;
    BuildSettingsFile* result_;
};

std::vector<std::string> read_platforms(
    Reader& reader, const std::string& path, const YamlNode& node) {
    constexpr std::string_view kNeeded = "a platform such as x86_64";
    if (node.kind != YamlKind::Scalar) return reader.read_list(path, node, is_platform, kNeeded);
    YamlNode list{YamlKind::Sequence, node.at};
    list.items.push_back(node);
    return reader.read_list(path, list, is_platform, kNeeded);
}

void read_only_platforms(Reader& reader, const std::string& path, const YamlNode& node) {
    reader.settings().only_platforms = read_platforms(reader, path, node);
}

void read_excluded_platforms(Reader& reader, const std::string& path, const YamlNode& node) {
    reader.settings().excluded_platforms = read_platforms(reader, path, node);
}

void read_platform_map(Reader& reader, const std::string& path, const YamlNode& node) {
    static constexpr std::array<Key, 2> kKeys{
        {{"only", read_only_platforms}, {"not", read_excluded_platforms}}};
    reader.read_map(path, node, kKeys);
}

void read_from_latest(Reader& reader, const std::string& path, const YamlNode& node) {
    reader.settings().autorebuild.from_latest = reader.read_bool(path, node);
}

void read_add_timestamp(Reader& reader, const std::string& path, const YamlNode& node) {
    reader.settings().autorebuild.add_timestamp_to_release = reader.read_bool(path, node);
}

void read_ignore_isolated(Reader& reader, const std::string& path, const YamlNode& node) {
    reader.settings().autorebuild.ignore_isolated_builds = reader.read_bool(path, node);
}

void read_autorebuild(Reader& reader, const std::string& path, const YamlNode& node) {
    static constexpr std::array<Key, 3> kKeys{
        {{"from_latest", read_from_latest},
         {"add_timestamp_to_release", read_add_timestamp},
         {"ignore_isolated_builds", read_ignore_isolated}}};
    reader.read_map(path, node, kKeys);
}

void read_tags(Reader& reader, const std::string& path, const YamlNode& node) {
    reader.settings().tags =
        reader.read_list(path, node, is_image_tag, "letters, digits, '_', '.' and '-'");
}

void read_release_env(Reader& reader, const std::string& path, const YamlNode& node) {
    const std::string name = reader.read_string(path, node);
    if (node.kind != YamlKind::Scalar) return;
    if (is_variable_name(name)) {
        reader.settings().set_release_env = name;
    } else {
        reader.problem(
            node.at, "'" + path + "' is " + quoted(name) + ", needed the name of a variable");
    }
}

std::optional<std::int64_t> read_integer(
    Reader& reader, const std::string& path, const YamlNode& node, std::int64_t least) {
    const std::optional<std::int64_t> value =
        node.kind == YamlKind::Scalar && !node.quoted ? parse_integer(node.text) : std::nullopt;
    if (value && *value >= least) return value;
    reader.wrong_kind(path, node, "an integer, " + std::to_string(least) + " or more");
    return std::nullopt;
}

void read_time_limit(Reader& reader, const std::string& path, const YamlNode& node) {
    const std::optional<std::int64_t> seconds = read_integer(reader, path, node, 0);
    if (!seconds) return;
    reader.settings().buildtime_limit = std::chrono::seconds{std::min(*seconds, kBuildSecondsMax)};
}

void read_version(Reader& reader, const std::string& path, const YamlNode& node) {
    static_cast<void>(read_integer(reader, path, node, 1));
}

void read_build_method(Reader& reader, const std::string& path, const YamlNode& node) {
    const std::string method = reader.read_string(path, node);
    if (node.kind != YamlKind::Scalar) return;
    if (method != "docker_api" && method != "imagebuilder" && method != "buildah_bud") {
        reader.problem(
            node.at,
            "'" + path + "' is " + quoted(method)
                + ", needed 'docker_api', 'imagebuilder' or 'buildah_bud'");
        return;
    }
    reader.warning(node.at, "'" + path + "' has no effect: there is one build engine");
}

void refuse_unsupported(Reader& reader, const std::string& path, const YamlNode& node) {
    reader.problem(
        node.at,
        "'" + path + "' is not supported yet",
        "remove it: the build would not be what the file asks for");
}

constexpr std::array<Key, 14> kTopKeys{
    {{"platforms", read_platform_map},
     {"tags", read_tags},
     {"set_release_env", read_release_env},
     {"autorebuild", read_autorebuild},
     {"buildtime_limit", read_time_limit},
     {"version", read_version},
     {"image_build_method", read_build_method},
     {"compose", refuse_unsupported},
     {"flatpak", refuse_unsupported},
     {"operator_manifests", refuse_unsupported},
     {"go", refuse_unsupported},
     {"remote_source", refuse_unsupported},
     {"remote_sources", refuse_unsupported},
     {"remote_sources_version", refuse_unsupported}}};

void append(Diagnostics& to, const Diagnostics& from) {
    to.insert(to.end(), from.begin(), from.end());
}

void check_misspelt_names(const Tree& tree, Diagnostics& found) {
    struct Misspelt {
        std::string_view name;
        std::string_view meant;
    };

    static constexpr std::array<Misspelt, 5> kNames{
        {{"container.yml", kContainerYaml},
         {"containers.yaml", kContainerYaml},
         {"additional_tags", kAdditionalTags},
         {"additional-tag", kAdditionalTags},
         {"additional-tags.txt", kAdditionalTags}}};
    for (const Misspelt& one : kNames) {
        if (!tree.find(one.name)) continue;
        found.push_back(
            {.file = std::string{one.name},
             .message =
                 "the file would be ignored, needed the name '" + std::string{one.meant} + "'",
             .hint = "rename it to '" + std::string{one.meant} + "'"});
    }
}

}  // namespace

BuildSettingsFile parse_container_yaml(std::string_view text, const std::string& file_name) {
    BuildSettingsFile result;
    Reader reader{text.substr(0, detail::kYamlBytesMax), file_name, result};
    const detail::YamlDocument document = detail::read_yaml(text);
    for (const detail::YamlProblem& problem : document.problems)
        reader.problem(problem.at, problem.message);
    if (document.problems.empty()) reader.read_map("", document.root, kTopKeys);
    return result;
}

AdditionalTags parse_additional_tags(std::string_view text, const std::string& file_name) {
    AdditionalTags result;
    int number = 0;
    for (const std::string& line : split(text, '\n')) {
        ++number;
        const std::string name{trim(line)};
        if (name.empty() || name.starts_with('#')) continue;
        Diagnostic one{
            .file = file_name, .line = number, .column = 1, .excerpt = line.substr(0, 200)};
        if (!is_image_tag(name)) {
            one.message =
                "tag " + quoted(name) + " is malformed, needed letters, digits, '_' and '.'";
        } else if (name.find('-') != std::string::npos) {
            one.severity = Severity::Warning;
            one.message = "tag " + quoted(name) + " is left out, needed a name without '-'";
        } else if (result.tags.size() >= kListMax) {
            one.message = "more than " + std::to_string(kListMax) + " tags";
            result.diagnostics.push_back(std::move(one));
            break;
        } else {
            if (std::ranges::find(result.tags, name) == result.tags.end())
                result.tags.push_back(name);
            continue;
        }
        result.diagnostics.push_back(std::move(one));
    }
    return result;
}

BuildSettingsFile read_build_settings(const Tree& tree) {
    BuildSettingsFile result;
    const std::optional<std::string> yaml = find_text(tree, kContainerYaml, detail::kYamlBytesMax);
    if (yaml) result = parse_container_yaml(*yaml, std::string{kContainerYaml});
    result.settings.tags_are_all = !result.settings.tags.empty();
    const std::optional<std::string> list = find_text(tree, kAdditionalTags, detail::kYamlBytesMax);
    if (list) {
        AdditionalTags tags = parse_additional_tags(*list, std::string{kAdditionalTags});
        append(result.diagnostics, tags.diagnostics);
        if (!result.settings.tags.empty()) {
            result.diagnostics.push_back(
                {.file = std::string{kAdditionalTags},
                 .message = "tags are given here and in 'container.yaml', needed only one of them",
                 .hint = "move all of them to 'container.yaml'"});
        } else {
            result.settings.tags = std::move(tags.tags);
        }
    }
    check_misspelt_names(tree, result.diagnostics);
    return result;
}

}  // namespace nacre::source
