#include "api/koji/hub_handler.hpp"

#include "base/text.hpp"
#include "koji/codec.hpp"

#include <algorithm>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

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

CallHeaders HubHandler::headers_of(const http::Request& request) const {
    CallHeaders headers{
        .session = find_session(request), .peer = request.peer, .verified_user = std::nullopt};
    const auto& proxies = config_.trusted_proxies;
    if (std::find(proxies.begin(), proxies.end(), request.peer) == proxies.end()) return headers;
    if (const auto forwarded = request.headers.find("X-Forwarded-For"))
        headers.peer = trim(split(*forwarded, ',').back());
    headers.verified_user = request.headers.find("Remote-User");
    return headers;
}

Value HubHandler::upload(const http::Request& request, std::string_view body) const {
    const CallHeaders headers = headers_of(request);
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

Value HubHandler::answer(const http::Request& request, std::string_view body) const {
    const nacre::koji::Call call = nacre::koji::parse_call(body);
    return dispatcher_.call(headers_of(request), call.method, call.params);
}

std::string HubHandler::answer_text(const http::Request& request) const {
    const bool uploads = is_raw_upload(request);
    // A body that is too long is refused by its HTTP status, as Koji does; every other failure is a fault.
    const std::string body =
        request.read_body(uploads ? config_.upload_bytes_max : config_.request_bytes_max);
    try {
        return nacre::koji::render_response(
            uploads ? upload(request, body) : answer(request, body));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Internal || error.code() == ErrorCode::ResourceExhausted)
            log_.error("call.failed", {{"error", error.describe()}});
        const nacre::koji::FaultText fault = nacre::koji::fault_of(std::current_exception());
        return nacre::koji::render_fault(fault.code, fault.text);
    }
}

http::Response HubHandler::handle(const http::Request& request) {
    if (request.method != "POST") {
        http::Response response =
            refuse(405, "This is an XML-RPC server: only POST is accepted.\n");
        response.headers.set("Allow", "POST");
        return response;
    }
    if (request.content_length == 0) return refuse(400, "the request has no body\n");
    http::Response response;
    response.text = answer_text(request);
    response.headers.set("Content-Type", "text/xml");
    response.headers.set("Koji-Version", kKojiVersion);
    return response;
}

}  // namespace nacre::api::koji
