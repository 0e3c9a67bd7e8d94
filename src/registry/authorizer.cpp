#include "registry/detail/authorizer.hpp"

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "json/value.hpp"
#include "registry/detail/refusal.hpp"
#include "registry/detail/url.hpp"

#include <algorithm>

namespace nacre::registry::detail {
namespace {

constexpr std::size_t kTokenBytesMax = 256U << 10U;
/// Token servers that say nothing mean a minute, and none may give less (distribution, "token.md").
constexpr std::int64_t kTokenSecondsMin = 60;
constexpr std::int64_t kTokenSecondsMax = 86'400;
/// A token is not used in its last seconds: the request has to arrive too.
constexpr std::chrono::seconds kTokenMargin{10};
constexpr const char* kClientId = "nacre";

std::string basic(const std::string& user, const Secret& password) {
    return "Basic " + to_base64(as_bytes(user + ":" + password.reveal()));
}

Error unauthenticated(const Scope& scope, bool has_credentials) {
    const std::string& registry = scope.repository.registry;
    if (has_credentials)
        return Error{
            ErrorCode::Unauthenticated,
            "registry '" + registry + "' refuses the credentials for '" + scope.repository.name
                + "' (" + scope.actions + ")"}
            .with_hint("are they still good? 'docker login " + registry + "' writes new ones");
    return Error{
        ErrorCode::Unauthenticated,
        "registry '" + registry + "' wants credentials for '" + scope.repository.name + "' ("
            + scope.actions + "), and there are none"}
        .with_hint(
            "does the image exist? 'docker login " + registry + "' or 'skopeo login " + registry
            + "' writes credentials into an auth file");
}

/// The first way that we know, the safer one first.
std::optional<Challenge> choose(const std::vector<Challenge>& challenges) {
    for (const std::string_view scheme : {"bearer", "basic"}) {
        const auto found = std::ranges::find_if(
            challenges, [&](const Challenge& challenge) { return challenge.scheme == scheme; });
        if (found != challenges.end()) return *found;
    }
    return std::nullopt;
}

void check_realm(const Scope& scope, const Challenge& challenge, Transport transport) {
    if (challenge.scheme != "bearer") return;
    const Url realm = parse_url(challenge.field("realm"));
    if (realm.scheme == "http" && transport == Transport::Tls)
        throw Error{
            ErrorCode::Unauthenticated,
            "registry '" + scope.repository.registry + "' sends for a token to '" + realm.str()
                + "', which has no TLS"};
}

void append_field(std::string& form, std::string_view name, const std::string& value) {
    if (!form.empty()) form += '&';
    form.append(name).append("=").append(http::percent_encode(value));
}

}  // namespace

std::vector<std::string> Scope::names() const {
    std::vector<std::string> names{"repository:" + repository.name + ":" + actions};
    if (mount_from) names.push_back("repository:" + mount_from->name + ":pull");
    return names;
}

std::string Scope::key() const {
    return repository.registry + " " + join(names(), " ");
}

Authorizer::Authorizer(const CredentialSource& credentials, const Clock& clock, Send send)
    : credentials_{credentials},
      clock_{clock},
      send_{std::move(send)} {}

std::optional<std::string> Authorizer::find_token(const Scope& scope) {
    auto state = state_.lock();
    const auto token = state->tokens.find(scope.key());
    if (token == state->tokens.end() || token->second.expires <= clock_.steady_now())
        return std::nullopt;
    return token->second.value;
}

std::optional<std::string> Authorizer::find(const Scope& scope, const std::stop_token& stop) {
    std::optional<Challenge> challenge;
    {
        auto state = state_.lock();
        const auto known = state->challenges.find(scope.repository.registry);
        if (known == state->challenges.end()) return std::nullopt;
        challenge = known->second;
    }
    return authorize(scope, *challenge, stop);
}

std::string Authorizer::renew(
    const Scope& scope,
    const std::optional<std::string>& sent,
    const http::Headers& refused,
    Transport transport,
    const std::stop_token& stop) {
    const auto challenge = choose(parse_challenges(refused));
    if (!challenge)
        throw Error{
            ErrorCode::Unauthenticated,
            "registry '" + scope.repository.registry
                + "' wants credentials, and offers neither Bearer nor Basic"};
    check_realm(scope, *challenge, transport);
    {
        auto state = state_.lock();
        state->challenges.insert_or_assign(scope.repository.registry, *challenge);
        // Another thread may have fetched a newer one already.
        const auto token = state->tokens.find(scope.key());
        if (token != state->tokens.end() && token->second.value == sent) state->tokens.erase(token);
    }
    std::string value = authorize(scope, *challenge, stop);
    if (value == sent) throw unauthenticated(scope, true);
    return value;
}

std::string Authorizer::authorize(
    const Scope& scope, const Challenge& challenge, const std::stop_token& stop) {
    if (const auto token = find_token(scope)) return *token;
    const auto hold = flights_.hold(scope.key(), stop);
    if (const auto token = find_token(scope)) return *token;
    const auto known = credentials_.find(scope.repository, stop);
    if (known && !known->registry_token.empty()) return "Bearer " + known->registry_token.reveal();
    if (challenge.scheme == "basic") {
        if (!known || known->user.empty()) throw unauthenticated(scope, known.has_value());
        return basic(known->user, known->password);
    }
    const Token token = fetch_token(scope, challenge, known, stop);
    state_.lock()->tokens.insert_or_assign(scope.key(), token);
    return token.value;
}

/// Docker's token protocol (distribution, "token.md"), and its OAuth 2 form for identity tokens ("oauth.md").
http::ClientRequest Authorizer::token_request(
    const Scope& scope, const Challenge& challenge, const std::optional<Credentials>& known) const {
    Url url = parse_url(challenge.field("realm"));
    const std::string service = challenge.field("service");
    http::ClientRequest request;
    request.follow_redirects = false;
    request.response_limit = kTokenBytesMax;
    if (known && !known->identity_token.empty()) {
        request.method = "POST";
        request.url = url.str();
        request.headers.set("Content-Type", "application/x-www-form-urlencoded");
        append_field(request.body, "grant_type", "refresh_token");
        append_field(request.body, "refresh_token", known->identity_token.reveal());
        append_field(request.body, "service", service);
        append_field(request.body, "scope", join(scope.names(), " "));
        append_field(request.body, "client_id", kClientId);
        return request;
    }
    if (!service.empty()) url = with_query(url, "service", service);
    for (const std::string& name : scope.names())
        url = with_query(url, "scope", name);
    request.url = url.str();
    if (known && !known->user.empty())
        request.headers.set("Authorization", basic(known->user, known->password));
    return request;
}

Authorizer::Token Authorizer::fetch_token(
    const Scope& scope,
    const Challenge& challenge,
    const std::optional<Credentials>& known,
    const std::stop_token& stop) {
    const http::ClientResponse response = send_(token_request(scope, challenge, known), stop);
    const std::string what =
        "token for '" + scope.repository.str() + "' from '" + challenge.field("realm") + "'";
    if (response.status == 401 || response.status == 403)
        throw unauthenticated(scope, known.has_value());
    if (response.status != 200) throw refusal(response.status, response.body, what);
    return with_context(what, [&] {
        const json::Value document = json::parse(response.body);
        const json::Reader fields{document, "answer"};
        std::string token = fields.get_string_or("token", "");
        if (token.empty()) token = fields.get_string_or("access_token", "");
        if (token.empty())
            throw Error{
                ErrorCode::DataCorrupt, "the answer has neither 'token' nor 'access_token'"};
        const std::int64_t seconds = std::clamp(
            fields.get_integer_or("expires_in", kTokenSecondsMin),
            kTokenSecondsMin,
            kTokenSecondsMax);
        return Token{
            .value = "Bearer " + token,
            .expires = clock_.steady_now() + std::chrono::seconds{seconds} - kTokenMargin};
    });
}

}  // namespace nacre::registry::detail
