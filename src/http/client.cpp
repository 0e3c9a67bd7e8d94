#include "http/client.hpp"

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace nacre::http {
namespace {

constexpr std::size_t kIdleHandlesMax = 16;
constexpr long kRedirectsMax = 10;
constexpr int kPollMilliseconds = 1000;
/// Of a body that nobody has read yet; then the peer has to wait.
constexpr std::size_t kUnreadBytesMax = 256U << 10U;

struct EasyCloser {
    void operator()(CURL* handle) const noexcept { ::curl_easy_cleanup(handle); }
};

struct MultiCloser {
    void operator()(CURLM* handle) const noexcept { ::curl_multi_cleanup(handle); }
};

struct ListCloser {
    void operator()(curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
};

using ListPtr = std::unique_ptr<curl_slist, ListCloser>;

/// One transfer at a time. The connections stay with the multi handle.
struct Handle {
    std::unique_ptr<CURLM, MultiCloser> multi{::curl_multi_init()};
    std::unique_ptr<CURL, EasyCloser> easy{::curl_easy_init()};
};

/// A handle is in its multi handle only while this exists.
class Attachment {
public:
    explicit Attachment(Handle& handle) : handle_{handle} {
        ::curl_multi_add_handle(handle.multi.get(), handle.easy.get());
    }

    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    ~Attachment() { ::curl_multi_remove_handle(handle_.multi.get(), handle_.easy.get()); }

private:
    Handle& handle_;
};

/// The part of a body that has arrived and was not read yet.
struct Unread {
    std::string bytes;
    bool is_paused = false;
};

/// What the callbacks of one transfer work on. An exception in a callback is kept and makes the transfer fail.
struct Transfer {
    const ClientRequest& request;
    CURL* easy;
    ClientResponse response;
    std::string_view rest_of_body;
    Unread* unread;  ///< null: the body goes to the response or its sink
    std::exception_ptr failure;
};

int status_of(CURL* easy) {
    long status = 0;
    ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

bool has_sink(const Transfer& transfer) {
    return transfer.request.response_sink != nullptr && status_of(transfer.easy) / 100 == 2;
}

std::size_t on_data(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    try {
        const std::string_view text{data, size};
        if (transfer.unread != nullptr) {
            transfer.unread->is_paused = transfer.unread->bytes.size() > kUnreadBytesMax;
            if (transfer.unread->is_paused) return CURL_WRITEFUNC_PAUSE;
            transfer.unread->bytes.append(text);
            return size;
        }
        if (has_sink(transfer)) {
            transfer.request.response_sink->write(as_bytes(text));
            return size;
        }
        if (size > transfer.request.response_limit - transfer.response.body.size())
            throw Error{
                ErrorCode::ResourceExhausted,
                transfer.request.url + ": answer is larger than the limit of "
                    + std::to_string(transfer.request.response_limit) + " bytes"};
        transfer.response.body.append(text);
        return size;
    } catch (...) {
        transfer.failure = std::current_exception();
        return 0;
    }
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    try {
        const std::string_view line = trim(std::string_view{data, size});
        // A new status line: what came before belongs to a redirect or to "100 Continue".
        if (line.starts_with("HTTP/")) transfer.response.headers = Headers{};
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos)
            transfer.response.headers.add(line.substr(0, colon), trim(line.substr(colon + 1)));
        return size;
    } catch (...) {
        transfer.failure = std::current_exception();
        return 0;
    }
}

std::size_t on_upload(char* buffer, std::size_t, std::size_t size, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    try {
        const auto room = std::as_writable_bytes(std::span{buffer, size});
        if (transfer.request.body_source != nullptr)
            return transfer.request.body_source->read(room);
        const std::size_t count = transfer.rest_of_body.copy(buffer, size);
        transfer.rest_of_body.remove_prefix(count);
        return count;
    } catch (...) {
        transfer.failure = std::current_exception();
        return CURL_READFUNC_ABORT;
    }
}

int on_rewind(void* user, curl_off_t offset, int origin) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    if (transfer.request.body_source != nullptr || origin != SEEK_SET || offset != 0)
        return CURL_SEEKFUNC_CANTSEEK;
    transfer.rest_of_body = transfer.request.body;
    return CURL_SEEKFUNC_OK;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    if (const CURLcode code = ::curl_easy_setopt(easy, option, value); code != CURLE_OK)
        throw Error{
            ErrorCode::Internal,
            "cannot prepare a request: " + std::string{::curl_easy_strerror(code)}};
}

bool sends_body(const ClientRequest& request) noexcept {
    return request.body_source != nullptr || !request.body.empty() || request.method == "POST"
           || request.method == "PUT" || request.method == "PATCH";
}

void set_method(CURL* easy, const ClientRequest& request) {
    if (request.method == "HEAD") set(easy, CURLOPT_NOBODY, 1L);
    if (!sends_body(request)) {
        if (request.method != "GET" && request.method != "HEAD")
            set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
        return;
    }
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_off_t size = static_cast<curl_off_t>(request.body.size());
    if (request.body_source != nullptr)
        size = request.body_size ? static_cast<curl_off_t>(*request.body_size) : -1;
    set(easy, CURLOPT_INFILESIZE_LARGE, size);
}

ListPtr make_header_list(const Headers& headers) {
    ListPtr list;
    for (const auto& [name, value] : headers.fields()) {
        if (name.find_first_of("\r\n") != std::string::npos
            || value.find_first_of("\r\n") != std::string::npos)
            throw Error{
                ErrorCode::InvalidArgument, "header field " + quoted(name) + " has a line end"};
        // curl removes a field that has no value unless it ends in a semicolon.
        const std::string line = value.empty() ? name + ";" : name + ": " + value;
        curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc{};
        static_cast<void>(list.release());
        list.reset(longer);
    }
    return list;
}

long whole_seconds(std::chrono::milliseconds time) noexcept {
    const long seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
    return std::max(1L, seconds);
}

/// How a client is, whatever it asks for.
struct Manner {
    std::string user_agent;
    ClientTls tls;
};

void set_tls(CURL* easy, const ClientTls& tls) {
    if (!tls.authorities_file.empty()) set(easy, CURLOPT_CAINFO, tls.authorities_file.c_str());
    if (!tls.certificate_file.empty()) set(easy, CURLOPT_SSLCERT, tls.certificate_file.c_str());
}

void prepare(Transfer& transfer, const Manner& manner, const ListPtr& headers) {
    CURL* easy = transfer.easy;
    const ClientRequest& request = transfer.request;
    ::curl_easy_reset(easy);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_URL, request.url.c_str());
    // Every transfer has a connection of its own, so HTTP/2 saves none, and some registries move large blobs slower with it.
    set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_USERAGENT, manner.user_agent.c_str());
    set_tls(easy, manner.tls);
    set(easy, CURLOPT_HTTPHEADER, headers.get());
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, long{request.connect_limit.count()});
    set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(easy, CURLOPT_LOW_SPEED_TIME, whole_seconds(request.idle_limit));
    const bool is_safe = request.method == "GET" || request.method == "HEAD";
    set(easy, CURLOPT_FOLLOWLOCATION, request.follow_redirects && is_safe ? 1L : 0L);
    set(easy, CURLOPT_MAXREDIRS, kRedirectsMax);
    set(easy, CURLOPT_WRITEFUNCTION, &on_data);
    set(easy, CURLOPT_HEADERFUNCTION, &on_header);
    set(easy, CURLOPT_READFUNCTION, &on_upload);
    set(easy, CURLOPT_SEEKFUNCTION, &on_rewind);
    for (const CURLoption data :
         {CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA})
        set(easy, data, static_cast<void*>(&transfer));
    set_method(easy, request);
}

ErrorCode to_error_code(CURLcode code) noexcept {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return ErrorCode::DeadlineExceeded;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_TOO_MANY_REDIRECTS:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
            return ErrorCode::InvalidArgument;
        case CURLE_OUT_OF_MEMORY:
            return ErrorCode::ResourceExhausted;
        default:
            return ErrorCode::Unavailable;
    }
}

bool is_about_trust(CURLcode code) noexcept {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE
           || code == CURLE_SSL_CERTPROBLEM;
}

/// Drives the transfer one step further; its result once it has ended. Does not wait for the peer when `unread` has bytes already: a transfer
/// that they hold up has no socket to wait for.
std::optional<CURLcode> drive(
    Handle& handle, const std::stop_token& stop, const Unread* unread = nullptr) {
    CURLM* multi = handle.multi.get();
    const std::stop_callback wake{stop, [multi] { ::curl_multi_wakeup(multi); }};
    if (stop.stop_requested()) throw Cancelled{};
    int running = 0;
    CURLMcode code = ::curl_multi_perform(multi, &running);
    int left = 0;
    if (const CURLMsg* message = ::curl_multi_info_read(multi, &left)) return message->data.result;
    const bool has_bytes = unread != nullptr && !unread->bytes.empty();
    if (code == CURLM_OK && running > 0 && !has_bytes)
        code = ::curl_multi_poll(multi, nullptr, 0, kPollMilliseconds, nullptr);
    if (code != CURLM_OK)
        throw Error{
            ErrorCode::Internal,
            "cannot run a transfer: " + std::string{::curl_multi_strerror(code)}};
    return std::nullopt;
}

using Reason = std::array<char, CURL_ERROR_SIZE>;

void throw_unless_done(
    const Transfer& transfer, CURLcode code, const Reason& reason, const std::string& advice) {
    if (transfer.failure) std::rethrow_exception(transfer.failure);
    if (code == CURLE_OK) return;
    const std::string cause = reason.front() != '\0' ? reason.data() : ::curl_easy_strerror(code);
    throw Error{
        to_error_code(code), transfer.request.method + " " + transfer.request.url + ": " + cause}
        .with_hint(is_about_trust(code) ? advice : std::string{});
}

}  // namespace

struct CurlClient::State {
    State(std::string agent, ClientTls tls) : manner{std::move(agent), std::move(tls)} {
        if (::curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw Error{ErrorCode::Internal, "cannot start the HTTP client library"};
    }

    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() {
        idle.lock()->clear();
        ::curl_global_cleanup();
    }

    Handle take_idle() {
        auto handles = idle.lock();
        if (handles->empty()) return Handle{};
        Handle handle = std::move(handles->back());
        handles->pop_back();
        return handle;
    }

    Handle take() {
        Handle handle = take_idle();
        if (handle.easy == nullptr || handle.multi == nullptr) throw std::bad_alloc{};
        return handle;
    }

    /// Only after a transfer that ended well: another one may have left a connection half used.
    void give_back(Handle handle) {
        auto handles = idle.lock();
        if (handles->size() < kIdleHandlesMax) handles->push_back(std::move(handle));
    }

    const Manner manner;
    Guarded<std::vector<Handle>> idle;
};

CurlClient::CurlClient(std::string user_agent, ClientTls tls)
    : state_{std::make_unique<State>(std::move(user_agent), std::move(tls))} {}

CurlClient::~CurlClient() = default;

ClientResponse CurlClient::exchange(const ClientRequest& request, std::stop_token stop) {
    Handle handle = state_->take();
    CURL* easy = handle.easy.get();
    Transfer transfer{request, easy, {}, request.body, nullptr, nullptr};
    const ListPtr headers = make_header_list(request.headers);
    prepare(transfer, state_->manner, headers);
    Reason reason{};
    set(easy, CURLOPT_ERRORBUFFER, reason.data());
    {
        const Attachment attached{handle};
        std::optional<CURLcode> code;
        while (!code)
            code = drive(handle, stop);
        throw_unless_done(transfer, *code, reason, state_->manner.tls.advice);
        transfer.response.status = status_of(easy);
    }
    // The options still point into this frame.
    ::curl_easy_reset(easy);
    state_->give_back(std::move(handle));
    return std::move(transfer.response);
}

/// The body of an answer. It stays where it was made: curl points into it.
class CurlClient::Stream final : public ByteSource {
public:
    Stream(State& state, ClientRequest request, std::stop_token stop)
        : state_{state},
          request_{std::move(request)},
          stop_{std::move(stop)},
          handle_{state.take()},
          transfer_{request_, handle_.easy.get(), {}, request_.body, &unread_, nullptr},
          headers_{make_header_list(request_.headers)} {
        prepare(transfer_, state.manner, headers_);
        set(transfer_.easy, CURLOPT_ERRORBUFFER, reason_.data());
        attached_.emplace(handle_);
    }

    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    ~Stream() override { end(); }

    /// Returns when the first byte of the body or its end is there, hence all fields too.
    ClientResponse head() {
        wait_for_bytes();
        ClientResponse response = std::move(transfer_.response);
        response.status = status_;
        return response;
    }

    std::size_t read(std::span<std::byte> buffer) override {
        if (read_ == unread_.bytes.size()) wait_for_bytes();
        const std::string_view rest = std::string_view{unread_.bytes}.substr(read_);
        const Bytes given = as_bytes(rest.substr(0, buffer.size()));
        std::ranges::copy(given, buffer.begin());
        read_ += given.size();
        return given.size();
    }

private:
    void wait_for_bytes() {
        unread_.bytes.clear();
        read_ = 0;
        if (is_done_) return;
        // May call back at once, with the bytes that were held up.
        if (unread_.is_paused) ::curl_easy_pause(transfer_.easy, CURLPAUSE_CONT);
        while (unread_.bytes.empty() && !is_done_) {
            const std::optional<CURLcode> code = drive(handle_, stop_, &unread_);
            if (!code) continue;
            throw_unless_done(transfer_, *code, reason_, state_.manner.tls.advice);
            is_done_ = true;
        }
        status_ = status_of(transfer_.easy);
        if (is_done_) end();
    }

    /// A connection that was used to the end can be used again.
    void end() noexcept {
        if (!attached_) return;
        attached_.reset();
        if (!is_done_) return;
        ::curl_easy_reset(handle_.easy.get());
        state_.give_back(std::move(handle_));
    }

    State& state_;
    const ClientRequest request_;
    const std::stop_token stop_;
    Handle handle_;
    Unread unread_;
    Transfer transfer_;
    ListPtr headers_;
    Reason reason_{};
    std::optional<Attachment> attached_;
    std::size_t read_ = 0;
    int status_ = 0;
    bool is_done_ = false;
};

ClientStream CurlClient::open(const ClientRequest& request, std::stop_token stop) {
    auto stream = std::make_unique<Stream>(*state_, request, std::move(stop));
    ClientResponse head = stream->head();
    return {.status = head.status, .headers = std::move(head.headers), .body = std::move(stream)};
}

}  // namespace nacre::http
