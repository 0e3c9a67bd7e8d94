#include "api/koji/hub_handler.hpp"

#include "base/text.hpp"
#include "koji/codec.hpp"

#include <algorithm>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

constexpr std::string_view kNegotiate = "Negotiate ";
constexpr std::string_view kLoginPath = "/ssllogin";
constexpr std::string_view kRawContentType = "application/octet-stream";

std::optional<std::int64_t> find_number(
    const std::optional<std::string>& text, std::string_view name) {
    if (!text || text->empty()) return std::nullopt;
    if (const auto number = parse_integer(*text)) return number;
    throw Fault{
        FaultCode::AuthError,
        "invalid " + std::string{name} + ": expected an int, found " + nacre::quoted(*text)};
}

/// Headers, or the query string of clients before 1.30.
std::optional<hub::PresentedSession> find_session(const http::Request& request) {
    const auto field = [&](std::string_view header, std::string_view query) {
        auto text = request.headers.find(header);
        return text ? text : request.find_query(query);
    };
    const auto id = find_number(field("Koji-Session-Id", "session-id"), "session id");
    const auto key = field("Koji-Session-Key", "session-key");
    if (!id && !key) return std::nullopt;
    if (!id || !key) throw Fault{FaultCode::AuthError, "a session needs both an id and a key"};
    auto callnum = field("Koji-Session-Callnum", "callnum");
    if (!callnum) callnum = request.headers.find("Koji-Callnum");
    return hub::PresentedSession{
        .id = hub::SessionId{*id}, .key = *key, .callnum = find_number(callnum, "callnum")};
}

http::Response refuse(int status, std::string_view text) {
    http::Response response = http::Response::plain(status, text);
    response.headers.set("Koji-Version", kKojiVersion);
    return response;
}

bool is_raw_upload(const http::Request& request) {
    const auto type = request.headers.find("Content-Type");
    return type && type->substr(0, kRawContentType.size()) == kRawContentType;
}

std::string get_query(const http::Request& request, std::string_view name) {
    if (auto text = request.find_query(name)) return std::move(*text);
    throw Fault{
        FaultCode::ParameterError, "rawUpload needs '" + std::string{name} + "' in the query"};
}

}  // namespace

HubHandler::HubHandler(const Dispatcher& dispatcher, HubHandlerConfig config, Log log)
    : dispatcher_{dispatcher},
      config_{std::move(config)},
      log_{log} {}

/// What the transport says about who logs in.
struct HubHandler::Login {
    std::optional<hub::VerifiedClient> client;
    std::string problem;  ///< of a certificate
    std::string refusal;  ///< of a ticket
    std::string reply;    ///< for the client that showed a ticket
};

bool HubHandler::is_from_proxy(const http::Request& request) const {
    const auto& proxies = config_.trusted_proxies;
    return std::find(proxies.begin(), proxies.end(), request.peer) != proxies.end();
}

CallHeaders HubHandler::headers_of(const http::Request& request) const {
    CallHeaders headers;
    headers.peer = request.peer;
    if (is_from_proxy(request))
        if (const auto forwarded = request.headers.find("X-Forwarded-For"))
            headers.peer = trim(split(*forwarded, ',').back());
    return headers;
}

HubHandler::Login HubHandler::verify_client(const http::Request& request) const {
    Login login;
    if (is_from_proxy(request)) {
        if (const auto user = request.headers.find("Remote-User"))
            login.client = {.authtype = hub::AuthType::Gssapi, .identity = *user, .name = *user};
        return login;
    }
    const std::string authorization = request.headers.find("Authorization").value_or("");
    const bool shows_ticket =
        equals_ignoring_case(authorization.substr(0, kNegotiate.size()), kNegotiate);
    if (shows_ticket && config_.tickets != nullptr)
        verify_ticket(request, trim(authorization.substr(kNegotiate.size())), login);
    else if (request.certificate)
        verify_certificate(*request.certificate, login);
    else if (config_.tickets != nullptr)
        login.refusal = "this service asks for a Kerberos ticket";
    return login;
}

void HubHandler::verify_ticket(
    const http::Request& request, std::string_view token, Login& login) const {
    try {
        const auth::VerifiedTicket ticket = config_.tickets->verify(from_base64(token));
        login.client = {
            .authtype = hub::AuthType::Gssapi,
            .identity = ticket.principal,
            .name = ticket.principal};
        login.reply = ticket.reply;
    } catch (const Error& error) {
        login.refusal = error.describe();
        dispatcher_.note_refused_login(headers_of(request).peer, "ticket", login.refusal);
    }
}

void HubHandler::verify_certificate(
    const http::ClientCertificate& certificate, Login& login) const {
    const auto name = certificate.find(config_.certificate_name);
    if (!certificate.problem.empty())
        login.problem = certificate.subject + ": " + certificate.problem;
    else if (!name || name->empty())
        login.problem = "unable to get user information (" + config_.certificate_name
                        + ") from client certificate " + certificate.subject;
    else
        login.client = {
            .authtype = hub::AuthType::Ssl, .identity = certificate.subject, .name = *name};
}

Value HubHandler::upload(
    const http::Request& request, const CallHeaders& headers, std::string_view body) const {
    const hub::UploadTarget target =
        hub::upload_target(get_query(request, "filepath"), get_query(request, "filename"));
    const auto volume = request.find_query("volume");
    if (volume && *volume != hub::kVolumeName)
        throw Fault{FaultCode::GenericError, "No such volume: " + *volume};
    const auto offset = parse_integer(request.find_query("offset").value_or("0"));
    if (!offset) throw Fault{FaultCode::ParameterError, "rawUpload 'offset' is no int"};
    const auto overwrite = request.find_query("overwrite");
    const hub::UploadOptions options{
        .offset = *offset,
        .overwrite = overwrite && !overwrite->empty() && *overwrite != "0",
        .verify = request.find_query("fileverify").value_or("adler32")};
    return dispatcher_.upload(headers, target, options, body);
}

Value HubHandler::answer(const CallHeaders& headers, std::string_view body) const {
    const nacre::koji::Call call = nacre::koji::parse_call(body);
    return dispatcher_.call(headers, call.method, call.params);
}

http::Response HubHandler::answer_with(const http::Request& request, const Login& login) const {
    const bool uploads = is_raw_upload(request);
    // A body that is too long is refused by its HTTP status, as Koji does; every other failure is a fault.
    const std::string body =
        request.read_body(uploads ? config_.upload_bytes_max : config_.request_bytes_max);
    http::Response response;
    try {
        CallHeaders headers = headers_of(request);
        headers.session = find_session(request);
        headers.client = login.client;
        headers.client_problem = login.problem;
        response.text = nacre::koji::render_response(
            uploads ? upload(request, headers, body) : answer(headers, body));
    } catch (const auth::TooManyAttempts& error) {
        response.headers.set("Retry-After", std::to_string(error.retry_after().count()));
        response.text = nacre::koji::render_fault(
            FaultCode::AuthError, std::string{error.what()} + ": " + error.hint());
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Internal || error.code() == ErrorCode::ResourceExhausted)
            log_.error("call.failed", {{"error", error.describe()}});
        const nacre::koji::FaultText fault = nacre::koji::fault_of(std::current_exception());
        response.text = nacre::koji::render_fault(fault.code, fault.text);
    }
    response.headers.set("Content-Type", "text/xml");
    response.headers.set("Koji-Version", kKojiVersion);
    return response;
}

http::Response HubHandler::handle(const http::Request& request) {
    if (request.method != "POST") {
        http::Response response =
            refuse(405, "This is an XML-RPC server: only POST is accepted.\n");
        response.headers.set("Allow", "POST");
        return response;
    }
    if (request.content_length == 0) return refuse(400, "the request has no body\n");
    if (!request.path.ends_with(kLoginPath)) return answer_with(request, {});
    const Login login = verify_client(request);
    if (!login.refusal.empty()) {
        http::Response refusal = refuse(401, login.refusal + "\n");
        refusal.headers.set("WWW-Authenticate", "Negotiate");
        return refusal;
    }
    http::Response response = answer_with(request, login);
    if (!login.reply.empty())
        response.headers.set("WWW-Authenticate", "Negotiate " + to_base64(as_bytes(login.reply)));
    return response;
}

}  // namespace nacre::api::koji
