#include "registry/auth_file.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "registry/detail/credential_key.hpp"

#include <algorithm>

namespace nacre::registry {
namespace {

constexpr std::size_t kFileBytesMax = 4U << 20U;
constexpr std::size_t kAnswerBytesMax = 1U << 20U;
constexpr std::chrono::seconds kHelperLimit{60};
constexpr std::string_view kHelperPrefix = "docker-credential-";
/// What docker calls its own registry when it talks to helpers.
constexpr const char* kDockerHubKey = "https://index.docker.io/v1/";
/// Of helpers: the name of the user stands for "the secret is an identity token".
constexpr std::string_view kTokenUser = "<token>";

bool is_helper_name(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || c == '-' || c == '_' || c == '.';
    });
}

void check_helper_name(const std::string& name) {
    if (!is_helper_name(name))
        throw Error{
            ErrorCode::InvalidArgument,
            "credential helper " + quoted(name) + " is no program name"};
}

Credentials parse_entry(const json::Reader& entry) {
    Credentials credentials{
        .user = entry.get_string_or("username", ""),
        .password = Secret{entry.get_string_or("password", "")},
        .identity_token = Secret{entry.get_string_or("identitytoken", "")},
        .registry_token = Secret{entry.get_string_or("registrytoken", "")}};
    const std::string encoded = entry.get_string_or("auth", "");
    if (encoded.empty()) return credentials;
    const std::string text = from_base64(encoded);
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos)
        throw Error{ErrorCode::InvalidArgument, "'auth' is not base64 of USER:PASSWORD"};
    credentials.user = text.substr(0, colon);
    // Old versions of docker wrote a zero byte behind it.
    std::string password = text.substr(colon + 1);
    while (password.ends_with('\0'))
        password.pop_back();
    credentials.password = Secret{std::move(password)};
    return credentials;
}

bool is_empty(const Credentials& credentials) noexcept {
    return credentials.user.empty() && credentials.identity_token.empty()
           && credentials.registry_token.empty();
}

}  // namespace

AuthFileContent parse_auth_file(std::string_view text) {
    const json::Value document = json::parse(text, {.bytes = kFileBytesMax});
    const json::Reader root{document, "auth file"};
    AuthFileContent content;
    content.store = root.get_string_or("credsStore", "");
    if (!content.store.empty()) check_helper_name(content.store);
    for (auto& [key, helper] : root.get_string_map("credHelpers")) {
        check_helper_name(helper);
        content.helpers.insert_or_assign(detail::normal_key(key), std::move(helper));
    }
    if (!root.has("auths")) return content;
    const json::Object* auths = document.if_object()->find("auths")->if_object();
    if (auths == nullptr) throw Error{ErrorCode::InvalidArgument, "'auths' is no object"};
    for (const json::Member& member : auths->members())
        with_context("auths[" + quoted(member.name) + "]", [&] {
            const Credentials credentials = parse_entry(json::Reader{member.value, "entry"});
            // With a credential store, docker keeps an empty entry to say that there is one.
            if (!is_empty(credentials))
                content.credentials.insert_or_assign(detail::normal_key(member.name), credentials);
        });
    return content;
}

std::vector<std::filesystem::path> auth_files(
    const std::function<std::optional<std::string>(const std::string&)>& find_variable) {
    const auto get = [&](const char* name) { return find_variable(name).value_or(""); };
    if (const std::string file = get("REGISTRY_AUTH_FILE"); !file.empty()) return {file};
    std::vector<std::filesystem::path> files;
    const std::filesystem::path home = get("HOME");
    if (const std::filesystem::path folder = get("XDG_RUNTIME_DIR"); !folder.empty())
        files.push_back(folder / "containers/auth.json");
    if (!home.empty()) files.push_back(home / ".config/containers/auth.json");
    if (const std::filesystem::path folder = get("DOCKER_CONFIG"); !folder.empty())
        files.push_back(folder / "config.json");
    else if (!home.empty())
        files.push_back(home / ".docker/config.json");
    return files;
}

AuthFileCredentials::AuthFileCredentials(
    const std::vector<std::filesystem::path>& files,
    os::ProcessRunner& runner,
    std::vector<std::string> environment)
    : runner_{runner},
      environment_{std::move(environment)} {
    for (const std::filesystem::path& file : files) {
        if (!std::filesystem::exists(file)) continue;
        with_context("auth file '" + file.string() + "'", [&] {
            files_.push_back(parse_auth_file(os::read_file(file, kFileBytesMax)));
        });
    }
}

std::optional<Credentials> AuthFileCredentials::find(
    const Repository& repository, std::stop_token stop) const {
    for (const AuthFileContent& file : files_)
        if (auto found = find_in(file, repository, stop)) return found;
    return std::nullopt;
}

std::optional<Credentials> AuthFileCredentials::find_in(
    const AuthFileContent& file, const Repository& repository, const std::stop_token& stop) const {
    for (const std::string& key : detail::credential_keys(repository)) {
        if (const auto helper = file.helpers.find(key); helper != file.helpers.end())
            return ask(helper->second, key, stop);
        if (const auto known = file.credentials.find(key); known != file.credentials.end())
            return known->second;
    }
    return file.store.empty() ? std::nullopt : ask(file.store, repository.registry, stop);
}

/// The protocol of docker-credential-helpers: the registry on standard input, a JSON object on standard output.
std::optional<Credentials> AuthFileCredentials::ask(
    const std::string& helper, const std::string& registry, const std::stop_token& stop) const {
    const std::string program = std::string{kHelperPrefix} + helper;
    return with_context(
        "credentials for '" + registry + "' from '" + program + "'",
        [&]() -> std::optional<Credentials> {
            os::Command command;
            command.argv = {program, "get"};
            command.environment = environment_;
            const os::ProcessResult result = runner_.run(
                command,
                {.input = registry == kDockerHub ? kDockerHubKey : registry,
                 .output_limit = kAnswerBytesMax,
                 .limit = kHelperLimit},
                stop);
            if (!result.status.success()) {
                if (result.out.find("credentials not found") != std::string::npos)
                    return std::nullopt;
                throw Error{
                    ErrorCode::Unauthenticated,
                    result.status.describe() + ": " + quoted(trim(result.out + result.err))};
            }
            const json::Value document = json::parse(result.out);
            const json::Reader answer{document, "answer"};
            const std::string user = answer.get_string("Username");
            const bool is_token = user == kTokenUser;
            Credentials found{
                .user = is_token ? "" : user,
                .password = {},
                .identity_token = {},
                .registry_token = {}};
            Secret& secret = is_token ? found.identity_token : found.password;
            secret = Secret{answer.get_string("Secret")};
            return found;
        });
}

}  // namespace nacre::registry
