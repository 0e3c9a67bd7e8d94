#include "client/koji_session.hpp"

#include "base/adler32.hpp"
#include "base/error.hpp"
#include "base/pause.hpp"
#include "base/text.hpp"
#include "koji/arguments.hpp"
#include "os/file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <vector>

namespace nacre::client {
namespace {

using koji::Fault;
using koji::FaultCode;

bool is_busy(int status) noexcept {
    return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
}

[[noreturn]] void refuse_status(const http::ClientResponse& response, const std::string& url) {
    const std::string what = "hub '" + url + "' answered with status "
                             + std::to_string(response.status) + ": " + quoted(trim(response.body));
    if (is_busy(response.status)) throw Error{ErrorCode::Unavailable, what};
    if (response.status == 401) throw Error{ErrorCode::Unauthenticated, what};
    if (response.status == 403) throw Error{ErrorCode::PermissionDenied, what};
    if (response.status == 413) throw Error{ErrorCode::InvalidArgument, what};
    throw Error{ErrorCode::DataCorrupt, what}.with_hint("is this the address of a Koji hub?");
}

[[noreturn]] void refuse_answer(std::string_view method, std::string_view expected) {
    throw Error{
        ErrorCode::DataCorrupt,
        "hub answered " + std::string{method} + " without " + std::string{expected}};
}

const koji::Struct& get_row(const koji::Value& value, std::string_view method) {
    if (const koji::Struct* row = value.if_struct()) return *row;
    refuse_answer(method, "a struct");
}

std::int64_t get_number(const koji::Struct& row, std::string_view name, std::string_view method) {
    const koji::Value* value = row.find(name);
    if (value != nullptr)
        if (const std::int64_t* number = value->if_integer()) return *number;
    refuse_answer(method, name);
}

std::string text_or_empty(const koji::Struct& row, std::string_view name) {
    const koji::Value* value = row.find(name);
    const std::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? "" : *text;
}

CallOutcome outcome_of(const koji::Value& answer) {
    if (const koji::Array* result = answer.if_array(); result != nullptr && result->size() == 1)
        return {.value = result->front(), .fault = std::nullopt};
    const koji::Struct& row = get_row(answer, "multiCall");
    const auto code = static_cast<FaultCode>(get_number(row, "faultCode", "multiCall"));
    return {
        .value = {},
        .fault = koji::FaultText{.code = code, .text = text_or_empty(row, "faultString")}};
}

}  // namespace

const koji::Value& CallOutcome::get() const {
    if (fault) throw Fault{fault->code, fault->text};
    return value;
}

KojiSession::KojiSession(
    KojiSessionConfig config,
    http::Client& http,
    Random& random,
    const Clock& clock,
    std::stop_token stop)
    : config_{std::move(config)},
      http_{&http},
      random_{&random},
      clock_{&clock},
      stop_{std::move(stop)} {}

std::optional<std::int64_t> KojiSession::session_id() const noexcept {
    return session_ ? std::optional{session_->id} : std::nullopt;
}

void KojiSession::take(const koji::Value& answer) {
    const koji::Struct& row = get_row(answer, "login");
    const std::int64_t id = get_number(row, "session-id", "login");
    const std::string key = text_or_empty(row, "session-key");
    if (key.empty()) refuse_answer("login", "session-key");
    // Numbers go on over a renewal, whether or not the hub counts anew for the new key.
    const std::int64_t callnum = session_ && session_->id == id ? session_->callnum : 0;
    session_ = Session{.id = id, .key = key, .callnum = callnum};
}

void KojiSession::login(const std::string& user, const Secret& password) {
    session_.reset();
    credentials_ = Credentials{.user = user, .password = password};
    take(call("login", koji::Array{user, password.reveal()}));
}

void KojiSession::renew() {
    koji::Struct keywords;
    keywords.set("renew", true);
    const Message message{
        .url = config_.url,
        .content_type = "text/xml",
        .body = koji::render_call(
            "login",
            koji::join_arguments(
                {.positional = {credentials_->user, credentials_->password.reveal()},
                 .keywords = keywords}))};
    // One attempt: whoever asked for the renewal is in a loop of attempts already.
    take(attempt(request_for(message)));
}

void KojiSession::resume(std::int64_t session_id, const Secret& session_key) {
    session_ = Session{.id = session_id, .key = session_key.reveal(), .callnum = 0};
}

void KojiSession::logout() {
    if (!session_) return;
    try {
        call("logout");
    } catch (const Error&) {
        // The session expires by itself; there is nothing left to do with it here.
        session_.reset();
        return;
    }
    session_.reset();
}

KojiSession KojiSession::subsession() {
    KojiSession child{config_, *http_, *random_, *clock_, stop_};
    child.take(call("subsession"));
    return child;
}

http::ClientRequest KojiSession::request_for(const Message& message) {
    http::ClientRequest request{
        .method = "POST",
        .url = message.url,
        .body = message.body,
        .idle_limit = config_.idle_limit,
        .response_limit = koji::kMessageBytesMax};
    request.headers.set("Content-Type", message.content_type);
    if (session_) {
        request.headers.set("Koji-Session-Id", std::to_string(session_->id));
        request.headers.set("Koji-Session-Key", session_->key);
        if (message.callnum)
            request.headers.set("Koji-Session-Callnum", std::to_string(*message.callnum));
    }
    return request;
}

koji::Value KojiSession::attempt(const http::ClientRequest& request) {
    const http::ClientResponse response = http_->exchange(request, stop_);
    if (response.status != 200) refuse_status(response, config_.url);
    return koji::parse_response(response.body);
}

koji::Value KojiSession::send(Message message) {
    const SteadyTime start = clock_->steady_now();
    bool was_renewed = false;
    // One number for all attempts, so that the hub applies the call once; never used again, because a call that
    // was given up may have been applied.
    if (session_) message.callnum = session_->callnum++;
    for (int tried = 1;; ++tried) {
        const bool is_last =
            tried >= config_.attempts_max || clock_->steady_now() - start >= config_.patience;
        try {
            return attempt(request_for(message));
        } catch (const Fault& fault) {
            if (fault.fault_code() == FaultCode::AuthExpired && can_renew() && !was_renewed) {
                was_renewed = true;
                renew();
                continue;
            }
            if (fault.fault_code() != FaultCode::ServerOffline || is_last) throw;
        } catch (const Error& error) {
            if (!is_retryable(error.code()) || is_last) throw;
        }
        const Backoff backoff{.first = config_.first_pause, .max = config_.pause_max};
        pause(pause_after(backoff, tried - 1, *random_), stop_);
    }
}

koji::Value KojiSession::call(
    std::string_view method, koji::Array arguments, koji::Struct keywords) {
    return send({
        .url = config_.url,
        .content_type = "text/xml",
        .body = koji::render_call(
            method,
            koji::join_arguments(
                {.positional = std::move(arguments), .keywords = std::move(keywords)})),
    });
}

std::vector<CallOutcome> KojiSession::multicall(const std::vector<koji::Call>& calls) {
    std::vector<CallOutcome> outcomes;
    for (std::size_t first = 0; first < calls.size(); first += kCallsPerMessageMax) {
        const std::size_t last = std::min(calls.size(), first + kCallsPerMessageMax);
        koji::Array batch;
        for (std::size_t index = first; index < last; ++index) {
            koji::Struct row;
            row.set("methodName", calls[index].method);
            row.set("params", calls[index].params);
            batch.emplace_back(std::move(row));
        }
        const koji::Value answer = call("multiCall", koji::Array{koji::Value{std::move(batch)}});
        const koji::Array* answers = answer.if_array();
        if (answers == nullptr || answers->size() != last - first)
            refuse_answer("multiCall", "an answer for each call");
        for (const koji::Value& one : *answers)
            outcomes.push_back(outcome_of(one));
    }
    return outcomes;
}

void KojiSession::upload(
    const UploadPlace& place, std::uint64_t offset, Bytes bytes, Overwrite overwrite) {
    Message message{
        .url = config_.url + "?filename=" + http::percent_encode(place.name)
               + "&filepath=" + http::percent_encode(place.folder)
               + "&fileverify=adler32&offset=" + std::to_string(offset),
        .content_type = "application/octet-stream",
        .body = std::string{as_text(bytes)}};
    if (overwrite == Overwrite::Yes) message.url += "&overwrite=1";
    try {
        const koji::Value answer = send(message);
        const koji::Struct& row = get_row(answer, "rawUpload");
        Adler32 sum;
        sum.update(bytes);
        const std::int64_t size = get_number(row, "size", "rawUpload");
        if (size != static_cast<std::int64_t>(bytes.size())
            || text_or_empty(row, "hexdigest") != sum.hex())
            throw Error{
                ErrorCode::DataCorrupt,
                "upload of '" + place.name + "' at " + std::to_string(offset) + ": hub has "
                    + std::to_string(size) + " bytes with adler32 "
                    + text_or_empty(row, "hexdigest") + ", sent were "
                    + std::to_string(bytes.size()) + " with " + sum.hex()};
    } catch (const Fault& fault) {
        // The chunk arrived, its receipt did not: the hub verified the length when it wrote.
        if (fault.fault_code() != FaultCode::RetryError) throw;
    }
}

std::optional<UploadState> KojiSession::check_upload(const UploadPlace& place) {
    koji::Struct keywords;
    keywords.set("verify", "adler32");
    const koji::Value answer =
        call("checkUpload", koji::Array{place.folder, place.name}, std::move(keywords));
    if (answer.is_nil()) return std::nullopt;
    const koji::Struct& row = get_row(answer, "checkUpload");
    return UploadState{
        .size = get_number(row, "size", "checkUpload"),
        .hex_digest = text_or_empty(row, "hexdigest")};
}

void KojiSession::upload_file(const std::filesystem::path& path, const UploadPlace& place) {
    os::FileSource source{os::open_file(path, O_RDONLY)};
    std::vector<std::byte> buffer(kUploadChunk);
    Adler32 sum;
    std::uint64_t offset = 0;
    while (true) {
        const std::size_t size = source.read(buffer);
        // An empty file is one empty chunk.
        if (size == 0 && offset != 0) break;
        const Bytes chunk{buffer.data(), size};
        upload(place, offset, chunk, offset == 0 ? Overwrite::Yes : Overwrite::No);
        sum.update(chunk);
        offset += size;
        if (size == 0) break;
    }
    const auto state = check_upload(place);
    if (!state || state->size != static_cast<std::int64_t>(offset)
        || state->hex_digest != sum.hex())
        throw Error{
            ErrorCode::DataCorrupt,
            "uploaded file '" + place.name + "' differs from '" + path.string() + "'"}
            .with_hint("send it again");
}

}  // namespace nacre::client
