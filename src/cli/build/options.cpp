#include "cli/build/options.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/build/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace nacre::cli::build {
namespace {

constexpr int kGzipLevelDefault = 6;
constexpr int kGzipLevelFast = 1;
constexpr int kGzipLevelMax = 12;
constexpr int kZstdLevelDefault = 3;
constexpr int kZstdLevelMax = 19;
constexpr std::size_t kNameMax = 1024;

int parse_level(std::string_view text, std::string_view whole, int fallback, int greatest) {
    if (text.empty()) return fallback;
    const auto level = parse_integer(text);
    if (!level || *level < 1 || *level > greatest)
        refuse("--compression", whole, "a level from 1 to " + std::to_string(greatest));
    return static_cast<int>(*level);
}

OutputSpec::Kind parse_kind(const std::string& type, std::string_view whole) {
    constexpr std::array<std::pair<std::string_view, OutputSpec::Kind>, 6> kKinds{
        {{"image", OutputSpec::Kind::Image},
         {"oci", OutputSpec::Kind::Oci},
         {"docker", OutputSpec::Kind::Docker},
         {"local", OutputSpec::Kind::Local},
         {"tar", OutputSpec::Kind::Tar},
         {"registry", OutputSpec::Kind::Registry}}};
    for (const auto& [name, kind] : kKinds)
        if (name == type) return kind;
    refuse("--output", whole, "type=oci, docker, local, tar, registry or image");
}

bool needs_destination(OutputSpec::Kind kind) {
    return kind == OutputSpec::Kind::Local;
}

bool writes_stream(OutputSpec::Kind kind) {
    return kind == OutputSpec::Kind::Oci || kind == OutputSpec::Kind::Docker
           || kind == OutputSpec::Kind::Tar;
}

NamedTexts parse_pairs(const std::vector<std::string>& texts, std::string_view option) {
    NamedTexts pairs;
    for (const std::string& text : texts) {
        auto pair = split_pair(text);
        if (pair.first.empty() || pair.first.size() > kNameMax) refuse(option, text, "NAME=VALUE");
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

/// "--build-arg NAME" takes the value of the environment, and is nothing when that has none.
NamedTexts parse_build_args(const std::vector<std::string>& texts, const Environment& environment) {
    NamedTexts pairs;
    for (auto& [name, value] : parse_pairs(texts, "--build-arg")) {
        pairs.emplace_back(name, value);
        if (texts[pairs.size() - 1].find('=') != std::string::npos) continue;
        const auto known = environment(name);
        pairs.back().second = known.value_or("");
        if (!known) pairs.back().first.clear();
    }
    std::erase_if(pairs, [](const auto& pair) { return pair.first.empty(); });
    return pairs;
}

NamedTexts parse_contexts(const std::vector<std::string>& texts) {
    NamedTexts contexts = parse_pairs(texts, "--build-context");
    for (const auto& [name, where] : contexts) {
        if (where.empty())
            refuse(
                "--build-context",
                name,
                "NAME=FOLDER, NAME=docker-image://IMAGE, NAME=oci-layout://FOLDER or an address");
        if (where.starts_with("target:"))
            throw Error{
                ErrorCode::Unsupported,
                "--build-context " + quoted(name + "=" + where)
                    + ": targets are of files for 'docker buildx bake', one build has none of others"}
                .with_hint("name a stage of the Dockerfile, or build that one first and take "
                           "docker-image://NAME");
    }
    return contexts;
}

using AnnotationPlace = NamedTexts ImageAnnotations::*;

/// The places that "index,manifest[linux/amd64]" names; nothing when that is no list of places.
std::optional<std::vector<AnnotationPlace>> find_places(
    const std::string& text, const oci::Platform& platform) {
    constexpr std::array<std::pair<std::string_view, AnnotationPlace>, 4> kPlaces{
        {{"manifest", &ImageAnnotations::manifest},
         {"manifest-descriptor", &ImageAnnotations::manifest_descriptor},
         {"index", &ImageAnnotations::index},
         {"index-descriptor", &ImageAnnotations::index_descriptor}}};
    std::vector<AnnotationPlace> places;
    for (const std::string& part : split(text, ',')) {
        const std::string name = part.substr(0, part.find('['));
        const auto* known =
            std::ranges::find_if(kPlaces, [&](const auto& place) { return place.first == name; });
        if (known == kPlaces.end()) return std::nullopt;
        if (name.size() < part.size()) {
            if (!part.ends_with(']')) refuse("--annotation", text, "TYPE[PLATFORM]:NAME=VALUE");
            const std::string wanted = part.substr(name.size() + 1, part.size() - name.size() - 2);
            if (oci::Platform::parse(wanted) != platform) continue;
        }
        places.push_back(known->second);
    }
    return places;
}

ImageAnnotations parse_annotations(
    const std::vector<std::string>& texts, const oci::Platform& platform) {
    ImageAnnotations annotations;
    for (const auto& [name, value] : parse_pairs(texts, "--annotation")) {
        const std::size_t colon = name.find(':');
        const auto places = colon == std::string::npos
                                ? std::nullopt
                                : find_places(name.substr(0, colon), platform);
        if (!places) {
            annotations.manifest.emplace_back(name, value);
            continue;
        }
        const std::string key = name.substr(colon + 1);
        if (key.empty()) refuse("--annotation", name, "TYPE:NAME=VALUE");
        for (const AnnotationPlace place : *places)
            (annotations.*place).emplace_back(key, value);
    }
    return annotations;
}

std::vector<oci::Reference> parse_tags(const std::vector<std::string>& texts) {
    std::vector<oci::Reference> tags;
    for (const std::string& text : texts) {
        oci::Reference tag =
            with_context("-t " + quoted(text), [&] { return oci::Reference::parse(text); });
        if (tag.digest) refuse("-t", text, "a name without a digest");
        tags.push_back(std::move(tag));
    }
    return tags;
}

PullPolicy parse_pull(const std::string& text) {
    if (text.empty() || text == "missing" || text == "false") return PullPolicy::Missing;
    if (text == "always" || text == "newer" || text == "true") return PullPolicy::Always;
    if (text == "never") return PullPolicy::Never;
    refuse("--pull", text, "always, missing or never");
}

exec::NetworkMode parse_network(const std::string& text) {
    if (text == "none") return exec::NetworkMode::None;
    if (text == "default" || text == "host") return exec::NetworkMode::Host;
    refuse("--network", text, "default, host or none");
}

/// Of the user's own machine. Secrets are the user's to give; who asks for the machine's network has it.
engine::Entitlements parse_entitlements(const BuildOptions& options) {
    engine::Entitlements allowed{.network_host = options.network == "host", .secrets = true};
    for (const std::string& text : options.allow)
        for (const std::string& name : split_csv(text)) {
            if (name == "network.host") {
                allowed.network_host = true;
            } else if (name == "security.insecure") {
                allowed.security_insecure = true;
            } else {
                refuse("--allow", text, "network.host or security.insecure");
            }
        }
    return allowed;
}

std::optional<std::int64_t> parse_epoch(
    const BuildOptions& options, const NamedTexts& build_args, const Environment& environment) {
    std::string text = options.source_date_epoch;
    std::string source = "--source-date-epoch";
    for (const auto& [name, value] : build_args)
        if (text.empty() && name == "SOURCE_DATE_EPOCH") {
            text = value;
            source = "--build-arg SOURCE_DATE_EPOCH";
        }
    if (text.empty()) {
        text = environment("SOURCE_DATE_EPOCH").value_or("");
        source = "SOURCE_DATE_EPOCH";
    }
    if (text.empty() || text == kEpochOfContext) return std::nullopt;
    // The last second that RFC 3339 can write.
    constexpr std::int64_t kEpochMax = 253402300799;
    const auto epoch = parse_integer(text);
    if (!epoch || *epoch < 0 || *epoch > kEpochMax)
        refuse(source, text, "a number of seconds since 1970, or 'context'");
    return epoch;
}

/// "nofile=1024", "nofile=1024:2048".
exec::Ulimit parse_ulimit(const std::string& text) {
    const auto [name, values] = split_pair(text);
    const std::size_t colon = values.find(':');
    const auto soft = parse_integer(values.substr(0, colon));
    const auto hard = colon == std::string::npos ? soft : parse_integer(values.substr(colon + 1));
    if (name.empty() || !soft || !hard || *soft < 0 || *hard < *soft)
        refuse("--ulimit", text, "NAME=SOFT[:HARD], such as nofile=1024:2048");
    return {name, static_cast<std::uint64_t>(*soft), static_cast<std::uint64_t>(*hard)};
}

exec::ResourceLimits parse_limits(const BuildOptions& options) {
    exec::ResourceLimits limits;
    if (!options.memory.empty()) limits.memory_bytes = parse_bytes(options.memory, "--memory");
    if (!options.cpus.empty()) {
        double cpus = 0;
        const char* end = options.cpus.data() + options.cpus.size();
        const auto [rest, failure] = std::from_chars(options.cpus.data(), end, cpus);
        if (failure != std::errc{} || rest != end || !std::isfinite(cpus) || cpus <= 0)
            refuse("--cpus", options.cpus, "a number greater than 0, such as 1.5");
        limits.cpus = cpus;
    }
    if (!options.shm_size.empty()) limits.shm_bytes = parse_bytes(options.shm_size, "--shm-size");
    for (const std::string& text : options.ulimits)
        limits.ulimits.push_back(parse_ulimit(text));
    return limits;
}

/// "HOST:ADDRESS" or "HOST=ADDRESS"; an IPv6 address may be in brackets.
std::vector<exec::HostEntry> parse_hosts(const std::vector<std::string>& texts) {
    std::vector<exec::HostEntry> hosts;
    for (const std::string& text : texts) {
        const std::size_t end = text.find_first_of(":=");
        std::string address = end == std::string::npos ? "" : text.substr(end + 1);
        if (address.starts_with('[') && address.ends_with(']'))
            address = address.substr(1, address.size() - 2);
        const bool is_address =
            !address.empty()
            && address.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos;
        if (end == 0 || !is_address || text.find_first_of(" \t\n") != std::string::npos)
            refuse("--add-host", text, "HOST:ADDRESS, the address as numbers");
        hosts.push_back({text.substr(0, end), std::move(address)});
    }
    return hosts;
}

/// "id=token,src=token.txt", "id=token,env=TOKEN"; an id alone is the name of a variable.
std::map<std::string, SecretSource> parse_secrets(const std::vector<std::string>& texts) {
    std::map<std::string, SecretSource> secrets;
    for (const std::string& text : texts) {
        std::string id;
        SecretSource source;
        for (const std::string& field : split_csv(text)) {
            const auto [name, value] = split_pair(field);
            if (name == "id") {
                id = value;
            } else if (name == "src" || name == "source") {
                source.file = value;
            } else if (name == "env") {
                source.variable = value;
            } else if (name != "type" || (value != "file" && value != "env")) {
                refuse("--secret", text, "id=NAME,src=FILE or id=NAME,env=VARIABLE");
            }
        }
        if (id.empty()) refuse("--secret", text, "id=NAME,src=FILE or id=NAME,env=VARIABLE");
        if (source.file.empty() && source.variable.empty()) source.variable = id;
        secrets.insert_or_assign(id, std::move(source));
    }
    return secrets;
}

/// "default", "default=SOCKET", "default=KEY,KEY": without anything the user's agent.
SshSources parse_ssh(const std::vector<std::string>& texts, const Environment& environment) {
    SshSources sources;
    for (const std::string& text : texts) {
        auto [id, value] = split_pair(text);
        if (value.empty()) value = environment("SSH_AUTH_SOCK").value_or("");
        if (id.empty()) refuse("--ssh", text, "ID, ID=SOCKET or ID=KEY");
        if (value.empty())
            throw Error{
                ErrorCode::InvalidArgument,
                "--ssh " + quoted(text) + ": SSH_AUTH_SOCK is not set, so there is no agent"}
                .with_hint("--ssh " + id + "=KEY gives the file of a private key");
        std::vector<std::filesystem::path> paths;
        for (std::string& path : split_csv(value)) {
            if (path.empty()) refuse("--ssh", text, "ID, ID=SOCKET or ID=KEY");
            paths.emplace_back(std::move(path));
        }
        sources.insert_or_assign(id, std::move(paths));
    }
    return sources;
}

bool is_switched_on(const NamedTexts& build_args, std::string_view name) {
    const auto found = std::ranges::find(build_args, name, &NamedTexts::value_type::first);
    if (found == build_args.end()) return false;
    if (found->second == "1" || found->second == "true") return true;
    if (found->second == "0" || found->second == "false" || found->second.empty()) return false;
    refuse("--build-arg " + std::string{name}, found->second, "1, true, 0 or false");
}

std::string parse_hostname(const std::string& text) {
    // Linux's HOST_NAME_MAX.
    constexpr std::size_t kHostNameMax = 64;
    const bool is_plain = std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || c == '.' || c == '-';
    });
    if (!is_plain || text.size() > kHostNameMax || text.starts_with('-'))
        refuse(
            "--build-arg BUILDKIT_SANDBOX_HOSTNAME",
            text,
            "a name of at most 64 letters, digits, '.' and '-'");
    return text;
}

/// What build arguments ask of the builder (Dockerfile reference, "BuildKit built-in build args").
void apply_known_arguments(BuildSettings& settings) {
    if (is_switched_on(settings.build_args, "BUILDKIT_INLINE_CACHE"))
        settings.cache_to.push_back(parse_cache_target("type=inline"));
    settings.in_index = is_switched_on(settings.build_args, "BUILDKIT_MULTI_PLATFORM");
    settings.keep_git_folder = is_switched_on(settings.build_args, "BUILDKIT_CONTEXT_KEEP_GIT_DIR");
    for (const auto& [name, value] : settings.build_args)
        if (name == "BUILDKIT_SANDBOX_HOSTNAME") settings.hostname = parse_hostname(value);
}

ProgressKind parse_progress(const BuildOptions& options) {
    if (options.quiet) return ProgressKind::Quiet;
    if (options.progress == "auto" || options.progress == "tty") return ProgressKind::Auto;
    if (options.progress == "plain") return ProgressKind::Plain;
    if (options.progress == "json" || options.progress == "rawjson") return ProgressKind::Json;
    if (options.progress == "quiet") return ProgressKind::Quiet;
    refuse("--progress", options.progress, "auto, plain, json or quiet");
}

unsigned parse_jobs(const std::string& text) {
    constexpr std::int64_t kJobsMax = 1024;
    if (text.empty()) return 0;
    const auto jobs = parse_integer(text);
    if (!jobs || *jobs < 0 || *jobs > kJobsMax)
        refuse("--jobs", text, "a number from 1 to 1024, or 0 for the default");
    return static_cast<unsigned>(*jobs);
}

std::vector<OutputSpec> parse_outputs(const BuildOptions& options) {
    std::vector<OutputSpec> outputs;
    std::size_t streams = 0;
    for (const std::string& text : options.outputs) {
        outputs.push_back(parse_output(text));
        if (outputs.back().destination == "-") ++streams;
    }
    if (streams > 1)
        throw Error{ErrorCode::InvalidArgument, "only one --output can go to the standard output"};
    if (options.push) outputs.push_back({.kind = OutputSpec::Kind::Registry});
    for (const OutputSpec& output : outputs)
        if (output.kind == OutputSpec::Kind::Registry && options.tags.empty()
            && output.names.empty())
            throw Error{
                ErrorCode::InvalidArgument,
                "a push needs the name to push to: -t REGISTRY/NAME:TAG"};
    return outputs;
}

std::optional<std::filesystem::path> path_of(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return std::filesystem::path{text};
}

/// "type=oci,dest=FILE,name=NAME,push=true", as written.
struct OutputFields {
    std::string type;
    std::string destination;
    std::vector<std::string> names;
    bool push = false;
};

OutputFields read_output_fields(std::string_view text) {
    OutputFields fields;
    for (const std::string& field : split_csv(text)) {
        auto [name, value] = split_pair(field);
        if (name == "type") {
            fields.type = value;
        } else if (name == "dest") {
            fields.destination = value;
        } else if (name == "name") {
            std::ranges::move(split(value, ','), std::back_inserter(fields.names));
        } else if (name == "push" && (value == "true" || value == "false")) {
            fields.push = value == "true";
        } else {
            throw Error{
                ErrorCode::Unsupported,
                "--output " + quoted(text) + ": " + quoted(name)
                    + " is not supported, only type, dest, name and push are"};
        }
    }
    return fields;
}

/// 0: not a unit of time.
std::int64_t seconds_of_unit(char unit) {
    switch (unit) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 60 * 60;
        case 'd':
            return 24 * 60 * 60;
        default:
            return 0;
    }
}

}  // namespace

archive::CompressionSettings parse_compression(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    const std::string_view level =
        colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    archive::CompressionSettings settings;
    if (name == "gzip") {
        settings.kind = archive::CompressionKind::Gzip;
        settings.level = level == "fast"
                             ? kGzipLevelFast
                             : parse_level(level, text, kGzipLevelDefault, kGzipLevelMax);
    } else if (name == "zstd") {
        settings.kind = archive::CompressionKind::Zstd;
        settings.level = parse_level(level, text, kZstdLevelDefault, kZstdLevelMax);
    } else if (name == "none" || name == "uncompressed") {
        settings.kind = archive::CompressionKind::None;
    } else {
        refuse("--compression", text, "gzip[:LEVEL], gzip:fast, zstd[:LEVEL] or none");
    }
    return settings;
}

OutputSpec parse_output(std::string_view text) {
    if (text.empty()) refuse("--output", text, "a folder, '-' or type=TYPE");
    OutputSpec output;
    if (text.find_first_of("=,") == std::string_view::npos) {
        output.kind = text == "-" ? OutputSpec::Kind::Tar : OutputSpec::Kind::Local;
        output.destination = std::string{text};
        return output;
    }
    const OutputFields fields = read_output_fields(text);
    output.destination = fields.destination;
    output.names = fields.names;
    output.kind = parse_kind(fields.type, text);
    if (fields.push && output.kind == OutputSpec::Kind::Image)
        output.kind = OutputSpec::Kind::Registry;
    if (needs_destination(output.kind) && output.destination.empty())
        refuse("--output", text, "dest=FOLDER");
    if (writes_stream(output.kind) && output.destination.empty()) output.destination = "-";
    return output;
}

std::uint64_t parse_bytes(std::string_view text, std::string_view option) {
    std::string number = to_lower(text);
    if (number.size() > 1 && number.ends_with('b')) number.pop_back();
    if (number.size() > 1 && number.ends_with('i')) number.pop_back();
    unsigned shift = 0;
    constexpr std::string_view kUnits = "kmgt";
    if (const std::size_t unit = kUnits.find(number.empty() ? ' ' : number.back());
        unit != std::string_view::npos) {
        shift = 10U * static_cast<unsigned>(unit + 1);
        number.pop_back();
    }
    const auto value = parse_integer(number);
    if (!value || *value < 0 || *value > (INT64_MAX >> shift))
        refuse(option, text, "a size such as 512m, 2g or 1048576");
    return static_cast<std::uint64_t>(*value) << shift;
}

std::chrono::seconds parse_age(std::string_view text, std::string_view option) {
    constexpr std::int64_t kSecondsMax = 1'000'000'000;
    std::int64_t total = 0;
    std::string number;
    for (const char c : text) {
        if (c >= '0' && c <= '9' && number.size() < 10) {
            number += c;
            continue;
        }
        const auto value = parse_integer(number);
        const std::int64_t unit = seconds_of_unit(c);
        if (!value || unit == 0) refuse(option, text, "an age such as 90s, 24h or 7d");
        total += *value * unit;
        number.clear();
    }
    if (text.empty() || !number.empty() || total > kSecondsMax)
        refuse(option, text, "an age such as 90s, 24h or 7d");
    return std::chrono::seconds{total};
}

BuildSettings read_settings(const BuildOptions& options, const Environment& environment) {
    BuildSettings settings;
    settings.context = options.context;
    settings.file = options.file;
    settings.tags = parse_tags(options.tags);
    settings.target = options.target;
    settings.build_args = parse_build_args(options.build_args, environment);
    settings.build_contexts = parse_contexts(options.build_contexts);
    settings.labels = parse_pairs(options.labels, "--label");
    settings.platform =
        options.platform.empty() ? oci::Platform::host() : oci::Platform::parse(options.platform);
    settings.annotations = parse_annotations(options.annotations, settings.platform);
    settings.use_cache = !options.no_cache;
    for (const std::string& text : options.cache_from)
        settings.cache_from.push_back(parse_cache_source(text));
    for (const std::string& text : options.cache_to)
        settings.cache_to.push_back(parse_cache_target(text));
    apply_known_arguments(settings);
    settings.pull = parse_pull(options.pull);
    settings.network = parse_network(options.network);
    settings.entitlements = parse_entitlements(options);
    settings.limits = parse_limits(options);
    settings.extra_hosts = parse_hosts(options.add_hosts);
    settings.secrets = parse_secrets(options.secrets);
    settings.ssh = parse_ssh(options.ssh, environment);
    settings.squash = options.squash;
    settings.compression = parse_compression(options.compression);
    settings.compression.threads = parse_jobs(options.jobs);
    settings.source_date_epoch = parse_epoch(options, settings.build_args, environment);
    settings.iid_file = path_of(options.iidfile);
    settings.metadata_file = path_of(options.metadata_file);
    settings.outputs = parse_outputs(options);
    settings.progress = parse_progress(options);
    settings.check = options.check;
    if (settings.context == "-" && settings.file == "-")
        throw Error{
            ErrorCode::InvalidArgument,
            "context and Dockerfile cannot both come from the standard input"};
    return settings;
}

}  // namespace nacre::cli::build
