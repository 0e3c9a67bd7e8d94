#include "dockerfile/mount.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "dockerfile/detail/mount_options.hpp"
#include "dockerfile/detail/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>

namespace nacre::dockerfile {
namespace {

using detail::MountField;

constexpr std::string_view kSecretFolder = "/run/secrets/";

enum class Kind : std::uint8_t { Bind, Cache, Tmpfs, Secret, Ssh };

constexpr std::array<std::string_view, 5> kKindNames{"bind", "cache", "tmpfs", "secret", "ssh"};

struct Option {
    std::string_view name;       ///< as written
    std::string_view canonical;  ///< its only name in the code
    std::string_view kinds;      ///< first letters of the mount types that take it; 'h' is ssh
};

constexpr std::array<Option, 18> kOptions{
    {{"type", "type", "bctsh"},
     {"from", "from", "bc"},
     {"source", "source", "bcs"},
     {"src", "source", "bcs"},
     {"target", "target", "bctsh"},
     {"dst", "target", "bctsh"},
     {"destination", "target", "bctsh"},
     {"readonly", "readonly", "bct"},
     {"ro", "readonly", "bct"},
     {"readwrite", "readwrite", "bct"},
     {"rw", "readwrite", "bct"},
     {"required", "required", "sh"},
     {"size", "size", "t"},
     {"id", "id", "csh"},
     {"sharing", "sharing", "c"},
     {"mode", "mode", "csh"},
     {"uid", "uid", "csh"},
     {"env", "env", "s"}}};
constexpr Option kGid{"gid", "gid", "csh"};

const Option* find_option(std::string_view key) {
    if (key == kGid.name) return &kGid;
    const auto found = std::ranges::find(kOptions, key, &Option::name);
    return found == kOptions.end() ? nullptr : found;
}

char letter_of(Kind kind) {
    return "bctsh"[static_cast<std::size_t>(kind)];
}

bool is_switch(std::string_view canonical) {
    return canonical == "readonly" || canonical == "readwrite" || canonical == "required";
}

std::optional<Kind> find_kind(std::string_view name) {
    const auto found = std::ranges::find(kKindNames, name);
    if (found == kKindNames.end()) return std::nullopt;
    return static_cast<Kind>(found - kKindNames.begin());
}

std::vector<std::string> option_names(Kind kind) {
    std::vector<std::string> names;
    for (const Option& option : kOptions) {
        if (option.kinds.find(letter_of(kind)) != std::string_view::npos)
            names.emplace_back(option.name);
    }
    if (kGid.kinds.find(letter_of(kind)) != std::string_view::npos) names.emplace_back(kGid.name);
    return names;
}

/// Options by their canonical names, with their values expanded.
class Options {
public:
    void set(std::string_view canonical, std::string value) {
        values_.emplace_back(canonical, std::move(value));
    }

    std::optional<std::string> find(std::string_view canonical) const {
        const auto found =
            std::ranges::find(values_.rbegin(), values_.rend(), canonical, &Item::first);
        if (found == values_.rend()) return std::nullopt;
        return found->second;
    }

    std::string text(std::string_view canonical, std::string_view fallback = {}) const {
        return find(canonical).value_or(std::string{fallback});
    }

    bool flag(std::string_view canonical) const {
        const std::optional<std::string> value = find(canonical);
        if (!value) return false;
        const std::optional<bool> on = detail::parse_bool(*value);
        if (!on) refuse(canonical, *value, "'true' or 'false'");
        return *on;
    }

    std::uint32_t number(std::string_view canonical, int base, std::uint32_t fallback) const {
        const std::optional<std::string> value = find(canonical);
        if (!value) return fallback;
        std::uint32_t result = 0;
        const char* end = value->data() + value->size();
        const auto parsed = std::from_chars(value->data(), end, result, base);
        if (parsed.ec != std::errc{} || parsed.ptr != end || (base == 8 && result > 07777))
            refuse(
                canonical, *value, base == 8 ? "octal permission bits such as 0755" : "a number");
        return result;
    }

    [[noreturn]] static void refuse(
        std::string_view option, std::string_view value, std::string_view needed) {
        throw Error{
            ErrorCode::InvalidArgument,
            "mount option '" + std::string{option} + "' is " + quoted(value) + ", needed "
                + std::string{needed}};
    }

private:
    using Item = std::pair<std::string, std::string>;
    std::vector<Item> values_;
};

Access access_of(const Options& options, Access fallback) {
    if (options.find("readonly"))
        return options.flag("readonly") ? Access::ReadOnly : Access::ReadWrite;
    if (options.find("readwrite"))
        return options.flag("readwrite") ? Access::ReadWrite : Access::ReadOnly;
    return fallback;
}

std::string required_target(const Options& options, std::string_view kind) {
    std::string target = options.text("target");
    if (target.empty()) {
        throw Error{
            ErrorCode::InvalidArgument,
            "mount of type '" + std::string{kind} + "' has no target, needed 'target=PATH'"};
    }
    if (target.find_first_not_of("/.") == std::string::npos)
        Options::refuse("target", target, "a path below the root");
    return target;
}

std::uint64_t parse_size(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + digits, value);
    std::string unit = to_lower(trim(text.substr(digits)));
    if (unit.ends_with('b')) unit.pop_back();
    if (unit.ends_with('i')) unit.pop_back();
    static constexpr std::string_view kUnits = "kmgtp";
    const std::size_t power = unit.size() == 1 ? kUnits.find(unit[0]) : std::string_view::npos;
    const bool known = unit.empty() || power != std::string_view::npos;
    const unsigned shift = unit.empty() ? 0 : 10 * (static_cast<unsigned>(power & 7U) + 1);
    if (digits == 0 || parsed.ec != std::errc{} || !known
        || value > (std::numeric_limits<std::uint64_t>::max() >> shift))
        Options::refuse("size", text, "bytes such as '64m' or '1g'");
    return value << shift;
}

Sharing parse_sharing(std::string_view text) {
    if (text == "shared") return Sharing::Shared;
    if (text == "private") return Sharing::Private;
    if (text == "locked") return Sharing::Locked;
    Options::refuse("sharing", text, "'shared', 'private' or 'locked'");
}

std::string base_name(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    return std::string{path.substr(path.rfind('/') + 1)};
}

SecretMount make_secret(const Options& options) {
    SecretMount mount;
    const std::string source = options.text("source");
    mount.id = options.text("id", source);
    mount.target = options.text("target");
    mount.env = options.text("env");
    if (!source.empty() && options.find("id")) {
        throw Error{
            ErrorCode::InvalidArgument,
            "secret mount has both 'source' and 'id', needed one of them"};
    }
    if (mount.id.empty()) mount.id = base_name(mount.target);
    if (mount.id.empty()) {
        throw Error{
            ErrorCode::InvalidArgument, "secret mount has neither id nor target, needed 'id=NAME'"};
    }
    if (mount.target.empty() && mount.env.empty())
        mount.target = std::string{kSecretFolder} + base_name(mount.id);
    mount.required = options.flag("required");
    mount.mode = options.number("mode", 8, mount.mode);
    mount.uid = options.number("uid", 10, 0);
    mount.gid = options.number("gid", 10, 0);
    return mount;
}

CacheMount make_cache(const Options& options) {
    CacheMount mount;
    mount.target = required_target(options, "cache");
    mount.id = options.text("id", mount.target);
    mount.from = options.text("from");
    mount.source = options.text("source", "/");
    mount.access = access_of(options, Access::ReadWrite);
    if (const std::optional<std::string> sharing = options.find("sharing"))
        mount.sharing = parse_sharing(*sharing);
    mount.mode = options.number("mode", 8, mount.mode);
    mount.uid = options.number("uid", 10, 0);
    mount.gid = options.number("gid", 10, 0);
    return mount;
}

SshMount make_ssh(const Options& options) {
    SshMount mount;
    mount.id = options.text("id", mount.id);
    mount.target = options.text("target");
    mount.required = options.flag("required");
    mount.mode = options.number("mode", 8, mount.mode);
    mount.uid = options.number("uid", 10, 0);
    mount.gid = options.number("gid", 10, 0);
    return mount;
}

Mount make_typed(Kind kind, const Options& options) {
    switch (kind) {
        case Kind::Cache:
            return make_cache(options);
        case Kind::Secret:
            return make_secret(options);
        case Kind::Ssh:
            return make_ssh(options);
        case Kind::Tmpfs: {
            TmpfsMount mount{required_target(options, "tmpfs"), 0};
            if (const std::optional<std::string> size = options.find("size"))
                mount.size = parse_size(*size);
            return mount;
        }
        case Kind::Bind:
            break;
    }
    return BindMount{
        options.text("from"),
        options.text("source", "/"),
        required_target(options, "bind"),
        access_of(options, Access::ReadOnly)};
}

/// The type decides which options there are, so it is looked for first.
Kind kind_of(const std::vector<MountField>& fields, const WordExpander& expand) {
    Kind kind = Kind::Bind;
    for (const MountField& field : fields) {
        if (field.key != "type") continue;
        const std::string name = expand(field.value);
        const std::optional<Kind> found = find_kind(name);
        if (!found) Options::refuse("type", name, "'bind', 'cache', 'tmpfs', 'secret' or 'ssh'");
        kind = *found;
    }
    return kind;
}

const Option& get_option(const MountField& field, Kind kind) {
    const Option* option = find_option(field.key);
    const std::string_view type = kKindNames[static_cast<std::size_t>(kind)];
    if (option == nullptr || option->kinds.find(letter_of(kind)) == std::string_view::npos) {
        const std::vector<std::string> names = option_names(kind);
        const std::optional<std::string> best =
            field.key.size() < 20 ? nearest(field.key, names) : std::nullopt;
        throw Error{
            ErrorCode::InvalidArgument,
            "mount of type '" + std::string{type} + "' has no option " + quoted(field.key)
                + ", needed one of " + join(names, ", ")}
            .with_hint(best ? "did you mean '" + *best + "'?" : std::string{});
    }
    if (!field.has_value && !is_switch(option->canonical)) {
        throw Error{
            ErrorCode::InvalidArgument,
            "mount option " + quoted(field.key) + " has no value, needed '" + field.key
                + "=VALUE'"};
    }
    return *option;
}

}  // namespace

Mount make_mount(const MountFlag& flag, const WordExpander& expand) {
    const std::vector<MountField> fields = detail::split_mount(flag.raw);
    const Kind kind = kind_of(fields, expand);
    Options options;
    for (const MountField& field : fields) {
        const Option& option = get_option(field, kind);
        const bool raw = option.canonical == "from";
        std::string value = !field.has_value ? "true" : raw ? field.value : expand(field.value);
        options.set(option.canonical, std::move(value));
    }
    return make_typed(kind, options);
}

namespace detail {

std::vector<MountField> split_mount(std::string_view raw) {
    std::vector<std::string> texts(1);
    bool in_quotes = false;
    for (const char c : raw) {
        if (c == '"') {
            in_quotes = !in_quotes;
        } else if (c == ',' && !in_quotes) {
            texts.emplace_back();
        } else {
            texts.back() += c;
        }
    }
    std::vector<MountField> fields;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        MountField field{to_lower(trim(std::string_view{text}.substr(0, equals))), {}, false};
        field.has_value = equals != std::string::npos;
        if (field.has_value) field.value = text.substr(equals + 1);
        fields.push_back(std::move(field));
    }
    return fields;
}

std::vector<MountProblem> check_mount(MountFlag& flag) {
    bool variable = false;
    for (const MountField& field : split_mount(flag.raw)) {
        variable = variable || field.value.find('$') != std::string::npos;
        if (field.key != "from") continue;
        flag.source_from = field.value;
        if (field.value.find('$') != std::string::npos) {
            return {
                {"mount option 'from' is " + quoted(field.value)
                     + ", variables are not expanded there",
                 "define a stage: FROM " + field.value + " AS name, and use from=name"}};
        }
    }
    if (variable) return {};
    try {
        make_mount(flag, [](const std::string& raw) { return raw; });
    } catch (const Error& error) {
        return {{error.what(), error.hint()}};
    }
    return {};
}

}  // namespace detail
}  // namespace nacre::dockerfile
