#include "api/koji/dispatcher.hpp"

#include "base/error.hpp"
#include "hub/audit.hpp"
#include "koji/fault.hpp"

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

const Method* find_in(
    const std::map<std::string, Method, std::less<>>& methods, std::string_view name) {
    const auto found = methods.find(name);
    return found == methods.end() ? nullptr : &found->second;
}

void require(Context& context, Needs needs) {
    switch (needs) {
        case Needs::Nothing:
            return;
        case Needs::Login:
            return hub::require_login(context.call);
        case Needs::Host:
            context.hub.host_tasks.verify(context.call);
            return;
    }
}

/// Refusals that are routine are none: of an expired session, and of a call that is sent again.
bool is_refusal(const Fault& fault) noexcept {
    const FaultCode code = fault.fault_code();
    return code == FaultCode::ActionNotAllowed || code == FaultCode::AuthError
           || code == FaultCode::AuthLockError;
}

/// Who somebody said to be.
std::string login_name(
    const CallHeaders& headers, const Parameters& parameters, std::string_view method) {
    if (method == "login") return parameters.get_text("user");
    return headers.client ? headers.client->identity : "";
}

}  // namespace

Dispatcher::Dispatcher(hub::Hub& hub, auth::Authenticator& authenticator)
    : hub_{hub},
      authenticator_{authenticator} {
    for (const auto make :
         {archive_methods,
          build_methods,
          channel_methods,
          file_methods,
          generator_methods,
          history_methods,
          host_methods,
          absent_methods,
          policy_methods,
          search_methods,
          session_methods,
          package_methods,
          system_methods,
          tag_methods,
          tagging_methods,
          target_methods,
          task_methods,
          user_methods,
          host_task_methods}) {
        for (Method& method : make()) {
            std::string name = method.signature.name();
            if (!methods_.emplace(name, std::move(method)).second)
                throw Error{ErrorCode::Internal, "method '" + name + "' is in two tables"};
        }
    }
}

Dispatcher::Prepared Dispatcher::prepare(std::string_view name, Array params) const {
    const Method* method = find_in(methods_, name);
    // Clients probe for features with this text.
    if (method == nullptr)
        throw Fault{FaultCode::GenericError, "Invalid method: " + std::string{name}};
    Bound bound = bind(method->signature, nacre::koji::split_arguments(std::move(params)));
    Parameters parameters{method->signature, std::move(bound)};
    const sql::Access access = access_of(*method, parameters);
    return {.method = method, .parameters = std::move(parameters), .access = access};
}

sql::Access Dispatcher::access_of(const Method& method, const Parameters& parameters) const {
    if (method.flow != Flow::Wrapper) return method.access;
    const auto& known = method.signature.parameters();
    const std::string& first = known.front().name;
    if (first == "methodName") {
        const Method* inner = find_in(methods_, parameters.get_text(first));
        return inner == nullptr ? sql::Access::Read : inner->access;
    }
    for (const Value& call : parameters.get_array(first))
        if (access_of_call(call) == sql::Access::Write) return sql::Access::Write;
    return sql::Access::Read;
}

sql::Access Dispatcher::access_of_call(const Value& call) const {
    const Struct* members = call.if_struct();
    const Value* name = members == nullptr ? nullptr : members->find("methodName");
    if (name == nullptr || name->if_string() == nullptr) return sql::Access::Read;
    const Method* method = find_in(methods_, *name->if_string());
    if (method == nullptr) return sql::Access::Read;
    // Which access a wrapper inside a multiCall needs is not looked for: the greater one is always right.
    return method->flow == Flow::Wrapper ? sql::Access::Write : method->access;
}

void Dispatcher::check_password(const CallHeaders& headers, const Parameters& parameters) const {
    const std::string user = parameters.get_text("user");
    const auth::PasswordCredentials credentials{user, Secret{parameters.get_text("password")}};
    std::optional<auth::Identity> identity;
    try {
        // Slow on purpose, hence outside of the transaction.
        identity = authenticator_.authenticate(credentials, headers.peer);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::PermissionDenied) throw;
        throw Fault{FaultCode::AuthError, "logins by " + user + " are not allowed"};
    }
    if (!identity || identity->user != user)
        throw Fault{FaultCode::AuthError, "invalid username or password"};
}

void Dispatcher::open_session(Context& context, const Method& method) const {
    if (method.flow == Flow::Login || !context.headers.session) return;
    hub_.sessions.authenticate(
        context.call, *context.headers.session, context.headers.peer, method.signature.name());
}

Value Dispatcher::run(
    const CallHeaders& headers,
    const Prepared& prepared,
    hub::Caller& caller,
    std::vector<hub::RefusalNote>& refusals) const {
    hub::Call call = hub_.begin(prepared.access);
    Context context{
        .dispatcher = *this, .hub = hub_, .call = call, .headers = headers, .refusals = refusals};
    open_session(context, *prepared.method);
    caller = call.caller();
    require(context, prepared.method->needs);
    Value answer = prepared.method->run(context, prepared.parameters);
    if (prepared.access == sql::Access::Write) call.commit();
    return answer;
}

Value Dispatcher::call(const CallHeaders& headers, std::string_view name, Array params) const {
    const Prepared prepared = prepare(name, std::move(params));
    hub::Caller caller{.name = {}, .address = headers.peer};
    std::vector<hub::RefusalNote> refusals;
    try {
        if (name == "login") check_password(headers, prepared.parameters);
        Value answer = run(headers, prepared, caller, refusals);
        // The transaction of the call is over here: notes are written by their own.
        hub_.refusals.note(caller, refusals);
        return answer;
    } catch (const Fault& fault) {
        if (is_refusal(fault)) {
            const bool login = prepared.method->flow == Flow::Login;
            refusals.push_back(
                {login ? "login.refused" : "call.refused",
                 login ? login_name(headers, prepared.parameters, name) : std::string{name},
                 fault.what()});
        }
        hub_.refusals.note(caller, refusals);
        throw;
    } catch (const auth::TooManyAttempts& error) {
        note_refused_login(
            headers.peer, login_name(headers, prepared.parameters, name), error.what());
        throw;
    }
}

void Dispatcher::note_refused_login(
    const std::string& peer, std::string who, std::string reason) const {
    hub_.refusals.note(
        {.name = {}, .address = peer}, {{"login.refused", std::move(who), std::move(reason)}});
}

hub::UploadReceipt Dispatcher::store_upload(
    const CallHeaders& headers,
    const hub::UploadTarget& target,
    const hub::UploadOptions& options,
    std::string_view body,
    hub::Caller& caller) const {
    hub::Call call = hub_.begin(sql::Access::Write);
    if (!headers.session)
        throw Fault{FaultCode::ActionNotAllowed, "you must be logged-in to upload a file"};
    hub_.sessions.authenticate(call, *headers.session, headers.peer, "rawUpload");
    caller = call.caller();
    StringSource source{body};
    hub::UploadReceipt receipt = hub_.files.upload(call, target, options, source);
    call.commit();
    return receipt;
}

Value Dispatcher::upload(
    const CallHeaders& headers,
    const hub::UploadTarget& target,
    const hub::UploadOptions& options,
    std::string_view body) const {
    hub::Caller caller{.name = {}, .address = headers.peer};
    hub::UploadReceipt receipt;
    try {
        receipt = store_upload(headers, target, options, body, caller);
    } catch (const Fault& fault) {
        if (is_refusal(fault))
            hub_.refusals.note(caller, {{"call.refused", "rawUpload", fault.what()}});
        throw;
    }
    Struct answer;
    answer.set("size", receipt.size);
    answer.set("fileverify", receipt.verify);
    answer.set("offset", receipt.offset);
    if (!receipt.hex_digest.empty()) answer.set("hexdigest", receipt.hex_digest);
    return answer;
}

Value Dispatcher::run_inside(Context& context, std::string_view name, Array params) const {
    const Prepared prepared = prepare(name, std::move(params));
    if (prepared.method->flow == Flow::Login)
        throw Fault{
            FaultCode::GenericError,
            std::string{name} + " cannot be called from inside another call"};
    try {
        require(context, prepared.method->needs);
        return prepared.method->run(context, prepared.parameters);
    } catch (const Fault& fault) {
        if (is_refusal(fault))
            context.refusals.push_back({"call.refused", std::string{name}, fault.what()});
        throw;
    }
}

}  // namespace nacre::api::koji
