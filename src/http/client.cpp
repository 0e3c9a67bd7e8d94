#include "http/client.hpp"

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/text.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

namespace nacre::http {
namespace {

constexpr std::size_t kIdleHandlesMax = 16;
constexpr long kRedirectsMax = 10;
constexpr int kPollMilliseconds = 1000;

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

/// What the callbacks of one transfer work on. An exception in a callback is kept and makes the transfer fail.
struct Transfer {
    const ClientRequest& request;
    CURL* easy;
    ClientResponse response;
    std::string_view rest_of_body;
    std::exception_ptr failure;
};

bool has_sink(const Transfer& transfer) {
    long status = 0;
    ::curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    return transfer.request.response_sink != nullptr && status >= 200 && status < 300;
}

std::size_t on_data(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& transfer = *static_cast<Transfer*>(user);
    try {
        const std::string_view text{data, size};
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

void prepare(Transfer& transfer, const std::string& user_agent, const ListPtr& headers) {
    CURL* easy = transfer.easy;
    const ClientRequest& request = transfer.request;
    ::curl_easy_reset(easy);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_URL, request.url.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_USERAGENT, user_agent.c_str());
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
            return ErrorCode::InvalidArgument;
        case CURLE_OUT_OF_MEMORY:
            return ErrorCode::ResourceExhausted;
        default:
            return ErrorCode::Unavailable;
    }
}

/// Drives the transfer to its end.
CURLcode run(Handle& handle, const std::stop_token& stop) {
    const Attachment attached{handle};
    CURLM* multi = handle.multi.get();
    const std::stop_callback wake{stop, [multi] { ::curl_multi_wakeup(multi); }};
    while (true) {
        if (stop.stop_requested()) throw Cancelled{};
        int running = 0;
        CURLMcode code = ::curl_multi_perform(multi, &running);
        if (code == CURLM_OK && running > 0)
            code = ::curl_multi_poll(multi, nullptr, 0, kPollMilliseconds, nullptr);
        if (code != CURLM_OK)
            throw Error{
                ErrorCode::Internal,
                "cannot run a transfer: " + std::string{::curl_multi_strerror(code)}};
        int left = 0;
        if (const CURLMsg* message = ::curl_multi_info_read(multi, &left))
            return message->data.result;
    }
}

}  // namespace

struct CurlClient::State {
    explicit State(std::string agent) : user_agent{std::move(agent)} {
        if (::curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw Error{ErrorCode::Internal, "cannot start the HTTP client library"};
    }

    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() {
        idle.lock()->clear();
        ::curl_global_cleanup();
    }

    Handle take() {
        auto handles = idle.lock();
        if (handles->empty()) return Handle{};
        Handle handle = std::move(handles->back());
        handles->pop_back();
        return handle;
    }

    /// Only after a transfer that ended well: another one may have left a connection half used.
    void give_back(Handle handle) {
        auto handles = idle.lock();
        if (handles->size() < kIdleHandlesMax) handles->push_back(std::move(handle));
    }

    std::string user_agent;
    Guarded<std::vector<Handle>> idle;
};

CurlClient::CurlClient(std::string user_agent)
    : state_{std::make_unique<State>(std::move(user_agent))} {}

CurlClient::~CurlClient() = default;

ClientResponse CurlClient::exchange(const ClientRequest& request, std::stop_token stop) {
    Handle handle = state_->take();
    if (handle.easy == nullptr || handle.multi == nullptr) throw std::bad_alloc{};
    Transfer transfer{request, handle.easy.get(), {}, request.body, nullptr};
    const ListPtr headers = make_header_list(request.headers);
    prepare(transfer, state_->user_agent, headers);
    std::array<char, CURL_ERROR_SIZE> reason{};
    set(handle.easy.get(), CURLOPT_ERRORBUFFER, reason.data());
    const CURLcode code = run(handle, stop);
    if (transfer.failure) std::rethrow_exception(transfer.failure);
    if (code != CURLE_OK) {
        const std::string cause =
            reason.front() != '\0' ? reason.data() : ::curl_easy_strerror(code);
        throw Error{to_error_code(code), request.method + " " + request.url + ": " + cause};
    }
    long status = 0;
    ::curl_easy_getinfo(handle.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    // The options still point into this frame.
    ::curl_easy_reset(handle.easy.get());
    state_->give_back(std::move(handle));
    return std::move(transfer.response);
}

}  // namespace nacre::http
