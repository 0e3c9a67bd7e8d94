#include "hub/verified_logins.hpp"

#include "hub/users.hpp"
#include "koji/fault.hpp"

#include <algorithm>

namespace nacre::hub {
namespace {

using koji::Fault;
using koji::FaultCode;

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

/// The kind that the session gets when a proxy asks for one.
AuthType proxied_kind(
    const VerifiedLoginRules& rules, AuthType own, std::optional<std::int64_t> wanted) {
    if (!wanted) return own;
    if (*wanted != static_cast<std::int64_t>(own) && !rules.proxies_choose_kind)
        throw Fault{
            FaultCode::AuthError,
            "Proxy must use same auth mechanism as hub (behaviour can be overriden via "
            "AllowProxyAuthType hub option)"};
    if (*wanted == static_cast<std::int64_t>(AuthType::Gssapi)) return AuthType::Gssapi;
    if (*wanted == static_cast<std::int64_t>(AuthType::Ssl)) return AuthType::Ssl;
    throw Fault{
        FaultCode::AuthError,
        "Proxied authtype " + std::to_string(*wanted) + " is not valid for sslLogin"};
}

VerifiedLogin of_principal(
    Call& call, const VerifiedLoginRules& rules, const std::string& principal) {
    VerifiedLogin login{.user = principal, .authtype = AuthType::Gssapi, .principal = principal};
    if (const auto mapped = Users{}.find(call, principal)) {
        login.user = mapped->name;
        return login;
    }
    const std::size_t at = principal.rfind('@');
    const std::string name = principal.substr(0, at);
    // "alice/admin" or "host/builder" is somebody else than "alice" and "builder": such a principal has to be mapped.
    const bool is_plain = name.find_first_of("/@\\") == std::string::npos;
    if (is_plain && contains(rules.realms, principal.substr(at + 1))) login.user = name;
    return login;
}

VerifiedLogin of_name(Call& call, const std::string& name, AuthType authtype) {
    // A certificate names users by their names only: a principal in it is nobody.
    const auto user = Users{}.find(call, name);
    if (user && user->name != name) throw Fault{FaultCode::AuthError, "Unknown user: " + name};
    return {.user = name, .authtype = authtype, .principal = std::nullopt};
}

}  // namespace

VerifiedLogin find_verified_login(
    Call& call,
    const VerifiedLoginRules& rules,
    const VerifiedClient& client,
    const ProxyRequest& proxy) {
    std::string name = client.name;
    AuthType authtype = client.authtype;
    if (proxy.user) {
        const auto& proxies =
            authtype == AuthType::Gssapi ? rules.principal_proxies : rules.certificate_proxies;
        if (!contains(proxies, client.identity))
            throw Fault{
                FaultCode::AuthError, client.identity + " is not authorized to login other users"};
        name = *proxy.user;
        authtype = proxied_kind(rules, authtype, proxy.authtype);
    }
    if (authtype == AuthType::Gssapi && name.find('@') != std::string::npos)
        return of_principal(call, rules, name);
    return of_name(call, name, authtype);
}

}  // namespace nacre::hub
