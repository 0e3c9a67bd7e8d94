#include "api/koji/method.hpp"
#include "api/koji/rows.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

Struct answer_of(const hub::SessionCredentials& credentials) {
    return make_struct({
        {"session-id", value_of(credentials.id)},
        {"session-key", credentials.key},
        {"header-auth", true},
    });
}

Struct start(Context& context, const Parameters& parameters, const hub::VerifiedLogin& login) {
    const bool renew = parameters.flag("renew");
    if (renew) {
        if (!context.headers.session)
            throw Fault{FaultCode::AuthError, "there is no session to renew"};
        context.hub.sessions.authenticate(
            context.call, *context.headers.session, context.headers.peer, "login");
    }
    return answer_of(context.hub.sessions.login(
        context.call,
        login.user,
        context.headers.peer,
        {.authtype = login.authtype,
         .renew = renew,
         .exclusive = parameters.flag("exclusive"),
         .principal = login.principal}));
}

Value login(Context& context, const Parameters& parameters) {
    return start(
        context,
        parameters,
        {.user = parameters.get_text("user"),
         .authtype = hub::AuthType::Normal,
         .principal = std::nullopt});
}

Value ssl_login(Context& context, const Parameters& parameters) {
    if (!context.headers.client) {
        const std::string& problem = context.headers.client_problem;
        throw Fault{
            FaultCode::AuthError,
            "could not verify client: "
                + (problem.empty() ? "it showed neither a certificate nor a ticket" : problem)};
    }
    const hub::VerifiedClient& client = *context.headers.client;
    const hub::ProxyRequest proxy{
        .user = parameters.find_text("proxyuser"),
        .authtype = parameters.find_integer("proxyauthtype")};
    const hub::VerifiedLogin found =
        hub::find_verified_login(context.call, context.hub.verified_logins, client, proxy);
    Struct answer = start(context, parameters, found);
    if (proxy.user) hub::audit(context.call, "login.proxy", *proxy.user, client.identity);
    return answer;
}

Value logout(Context& context, const Parameters& parameters) {
    const auto session = parameters.find_integer("session_id");
    context.hub.sessions.logout(
        context.call, session ? std::optional{hub::SessionId{*session}} : std::nullopt);
    return nullptr;
}

Value logout_child(Context& context, const Parameters& parameters) {
    context.hub.sessions.logout_child(
        context.call, hub::SessionId{parameters.get_integer("session_id")});
    return nullptr;
}

Value subsession(Context& context, const Parameters&) {
    return answer_of(context.hub.sessions.subsession(context.call));
}

Value exclusive_session(Context& context, const Parameters& parameters) {
    context.hub.sessions.make_exclusive(context.call, parameters.force("force"));
    return nullptr;
}

Value shared_session(Context& context, const Parameters&) {
    context.hub.sessions.make_shared(context.call);
    return nullptr;
}

Value show_session(Context& context, const Parameters&) {
    const hub::Caller& caller = context.call.caller();
    return "session " + (caller.session ? caller.session->str() : "none") + ", user "
           + (caller.user ? caller.name : "none");
}

Value get_session_info(Context& context, const Parameters& parameters) {
    const hub::Caller& caller = context.call.caller();
    if (const auto user = parameters.find_integer("user_id")) {
        if (hub::UserId{*user} != caller.user) hub::require_permission(context.call, "admin");
        return rows_of(context.hub.sessions.list(context.call, hub::UserId{*user}));
    }
    if (!caller.session) return nullptr;
    return row_or_nil(context.hub.sessions.find(context.call, *caller.session));
}

Value get_logged_in_user(Context& context, const Parameters&) {
    const hub::Caller& caller = context.call.caller();
    if (!caller.user) return nullptr;
    const hub::User user = context.hub.users.get(context.call, caller.user->value());
    Struct row = row_of(user);
    row.set("authtype", static_cast<std::int64_t>(caller.authtype));
    row.set(
        "krb_principal",
        user.krb_principals.empty() ? Value{} : Value{user.krb_principals.front()});
    return row;
}

Value has_perm(Context& context, const Parameters& parameters) {
    const std::string permission = parameters.get_text("perm");
    if (parameters.flag("strict")) {
        bool is_known = false;
        for (const hub::Permission& known : context.hub.users.all_permissions(context.call))
            is_known = is_known || known.name == permission;
        if (!is_known)
            throw Fault{FaultCode::GenericError, "No such permission " + permission + " defined"};
    }
    return hub::has_permission(context.call, permission);
}

Value get_perms(Context& context, const Parameters&) {
    Array names;
    if (!context.call.caller().user) return names;
    for (const std::string& name : hub::caller_permissions(context.call))
        names.emplace_back(name);
    return names;
}

}  // namespace

Methods session_methods() {
    constexpr auto kWrite = sql::Access::Write;
    return {
        {.signature = Signature{"login(user, password, opts=None, renew=False, exclusive=False)"},
         .access = kWrite,
         .run = login,
         .doc = "Opens a session by password: {session-id, session-key, header-auth}.",
         .flow = Flow::Login},
        {.signature =
             Signature{"sslLogin(proxyuser=None, proxyauthtype=None, renew=False, exclusive=None)"},
         .access = kWrite,
         .run = ssl_login,
         .doc = "Opens a session for whom the transport has verified.",
         .flow = Flow::Login},
        changing(
            "logout(session_id=None)",
            logout,
            "Ends the caller's session, or another one of its own."),
        changing("logoutChild(session_id)", logout_child, "Ends a subsession."),
        changing(
            "subsession()",
            subsession,
            "A session that ends with the caller's: for the process of a task."),
        changing(
            "exclusiveSession(force=False)",
            exclusive_session,
            "Locks out the user's other sessions; force takes the lock from another."),
        changing("sharedSession()", shared_session, "Undoes exclusiveSession."),
        reading("showSession()", show_session, "The session, as text."),
        reading(
            "getSessionInfo(details=False, user_id=None)",
            get_session_info,
            "The session as a struct, or the sessions of a user."),
        reading("getLoggedInUser()", get_logged_in_user, "The caller, or nil when anonymous."),
        reading(
            "hasPerm(perm, strict=False)",
            has_perm,
            "Whether the caller has a permission; admin has all."),
        reading("getPerms()", get_perms, "The names of the caller's permissions."),
    };
}

}  // namespace nacre::api::koji
