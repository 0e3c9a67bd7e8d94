#pragma once

#include "base/error.hpp"
#include "http/client.hpp"
#include "http/server.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace nacre::test {

/// What becomes of one exchange.
enum class Fate : std::uint8_t {
    Answered,
    Unreachable,  ///< the handler never saw the request
    AnswerLost,   ///< the handler did what was asked, the client was not told
    BrokenOff     ///< the second half of the answer does not arrive
};

/// An http::Client without a network: requests go to a handler in the same thread. `fates` holds what becomes of
/// the next exchanges; those after it are answered. `seen` keeps what reached the handler.
class ScriptedHttpClient final : public http::Client {
public:
    explicit ScriptedHttpClient(http::Handler& handler, std::string peer = "127.0.0.1")
        : handler_{handler},
          peer_{std::move(peer)} {}

    http::ClientResponse exchange(
        const http::ClientRequest& request, std::stop_token stop) override {
        const Fate fate = begin(request, stop);
        http::ClientResponse response = answer(request);
        if (fate == Fate::Answered) return response;
        throw Error{ErrorCode::Unavailable, "connection reset"};
    }

    http::ClientStream open(const http::ClientRequest& request, std::stop_token stop) override {
        const Fate fate = begin(request, stop);
        http::ClientRequest whole = request;
        whole.response_sink = nullptr;
        whole.response_limit = std::string::npos;
        http::ClientResponse response = answer(whole);
        if (fate == Fate::AnswerLost) throw Error{ErrorCode::Unavailable, "connection reset"};
        if (fate == Fate::BrokenOff) response.body.resize(response.body.size() / 2);
        return {
            .status = response.status,
            .headers = response.headers,
            .body = std::make_unique<Body>(std::move(response.body), fate, std::move(stop))};
    }

    std::deque<Fate> fates;
    std::vector<http::ClientRequest> seen;
    std::optional<http::ClientCertificate> certificate;  ///< what the client shows in TLS

private:
    class Body final : public ByteSource {
    public:
        Body(std::string text, Fate fate, std::stop_token stop)
            : text_{std::move(text)},
              rest_{text_},
              fate_{fate},
              stop_{std::move(stop)} {}

        std::size_t read(std::span<std::byte> buffer) override {
            if (stop_.stop_requested()) throw Cancelled{};
            const std::size_t count = rest_.read(buffer);
            if (count == 0 && fate_ == Fate::BrokenOff)
                throw Error{ErrorCode::Unavailable, "connection reset"};
            return count;
        }

    private:
        const std::string text_;
        StringSource rest_;
        const Fate fate_;
        const std::stop_token stop_;
    };

    Fate begin(const http::ClientRequest& request, const std::stop_token& stop) {
        if (stop.stop_requested()) throw Cancelled{};
        const Fate fate = next_fate();
        if (fate == Fate::Unreachable) throw Error{ErrorCode::Unavailable, "cannot connect"};
        seen.push_back(request);
        return fate;
    }

    Fate next_fate() {
        if (fates.empty()) return Fate::Answered;
        const Fate fate = fates.front();
        fates.pop_front();
        return fate;
    }

    static std::string read_all(ByteSource& source) {
        std::string text;
        std::vector<std::byte> buffer(64U << 10U);
        while (const std::size_t size = source.read(buffer))
            text += as_text(Bytes{buffer}.subspan(0, size));
        return text;
    }

    static void set_target(http::Request& request, const std::string& url) {
        const std::size_t host = url.find("://") + 3;
        const std::size_t path = std::min(url.find('/', host), url.size());
        request.local_host = url.substr(host, path - host);
        request.target = path == url.size() ? "/" : url.substr(path);
        const std::size_t question = std::min(request.target.find('?'), request.target.size());
        request.path = http::percent_decode(request.target.substr(0, question)).value_or("/");
        std::string query = request.target.substr(question);
        while (!query.empty()) {
            const std::size_t end = std::min(query.find('&', 1), query.size());
            const std::string field = query.substr(1, end - 1);
            const std::size_t equals = std::min(field.find('='), field.size());
            request.query.emplace_back(
                http::percent_decode(field.substr(0, equals)).value_or(""),
                equals == field.size()
                    ? ""
                    : http::percent_decode(field.substr(equals + 1)).value_or(""));
            query = query.substr(end);
        }
    }

    http::ClientResponse answer(const http::ClientRequest& asked) {
        const std::string body =
            asked.body_source == nullptr ? asked.body : read_all(*asked.body_source);
        StringSource source{body};
        http::Request request;
        request.method = asked.method;
        request.headers = asked.headers;
        request.peer = peer_;
        request.certificate = certificate;
        request.content_length = body.size();
        request.body = &source;
        set_target(request, asked.url);
        http::Response given = handler_.handle(request);
        http::ClientResponse response{.status = given.status, .headers = given.headers};
        response.body = given.source == nullptr ? given.text : read_all(*given.source);
        if (given.source == nullptr || given.source_size)
            response.headers.set(
                "Content-Length", std::to_string(given.source_size.value_or(response.body.size())));
        if (asked.method == "HEAD") response.body.clear();
        if (asked.response_sink != nullptr && given.status / 100 == 2) {
            asked.response_sink->write(as_bytes(response.body));
            response.body.clear();
        } else if (response.body.size() > asked.response_limit) {
            throw Error{ErrorCode::ResourceExhausted, "the answer is too long"};
        }
        return response;
    }

    http::Handler& handler_;
    std::string peer_;
};

}  // namespace nacre::test
