#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::http {

/// Header fields in their order. Names compare without regard to case.
class Headers {
public:
    void add(std::string_view name, std::string_view value);
    /// Replaces all fields of that name.
    void set(std::string_view name, std::string_view value);
    /// The first field of that name.
    std::optional<std::string> find(std::string_view name) const;

    const std::vector<std::pair<std::string, std::string>>& fields() const noexcept {
        return fields_;
    }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// What a client showed of itself in TLS.
struct ClientCertificate {
    std::string subject;  ///< RFC 4514: "CN=alice,O=Example"
    /// ("CN", "alice"), ..., in the order of the certificate.
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string problem;  ///< why no authority of the server vouches for it; empty: one does

    /// The value of the only attribute of that name, whatever its case.
    std::optional<std::string> find(std::string_view name) const;
};

/// A request as a handler sees it. The body is read, by the handler's thread, while it arrives.
struct Request {
    std::string method;  ///< upper case
    std::string target;  ///< path and query as received
    std::string path;    ///< percent-decoded, starts with '/', without the query
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
    Headers headers;
    std::string peer;                              ///< IP address of the client
    std::optional<ClientCertificate> certificate;  ///< over TLS, when the client has one
    std::string local_host;  ///< "host:port" from the Host field, for links back to us
    std::optional<std::uint64_t> content_length;
    ByteSource* body = nullptr;  ///< never null in a handler
    std::stop_token stop;        ///< requested when the client goes away or the server stops

    /// The first value of query parameter `name`.
    std::optional<std::string> find_query(std::string_view name) const;
    /// The whole body; throws Error{ResourceExhausted} beyond `limit`.
    std::string read_body(std::size_t limit) const;
};

/// An answer. The body is `source` when there is one, else `text`.
struct Response {
    int status = 200;
    Headers headers;
    std::string text;
    std::unique_ptr<ByteSource> source;        ///< read by the server until it gives 0
    std::optional<std::uint64_t> source_size;  ///< sent as Content-Length; else chunked

    static Response plain(int status, std::string_view text);
    static Response json(int status, std::string text);
    static Response html(int status, std::string text);
};

/// "Basic …" credentials (RFC 7617), or nothing.
struct BasicCredentials {
    std::string user;
    std::string password;
};

std::optional<BasicCredentials> find_basic_credentials(const Headers& headers);

std::string percent_encode(std::string_view text);
/// Nothing when the text has a '%' without two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace nacre::http
