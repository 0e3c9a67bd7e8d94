#pragma once

#include "api/distgit/callers.hpp"
#include "auth/static_authenticator.hpp"
#include "base/bytes.hpp"
#include "http/message.hpp"
#include "http/target.hpp"

#include <memory>
#include <set>
#include <string>

namespace nacre::api::distgit::test {

/// "root" is an administrator; "root", "alice" and "eve" exist.
class FixedAdministrators final : public Administrators {
public:
    bool exists(const std::string& user) const override {
        return std::set<std::string>{"root", "alice", "eve"}.contains(user);
    }

    bool is_administrator(const std::string& user) const override { return user == "root"; }
};

inline void add_users(auth::StaticAuthenticator& authenticator) {
    for (const std::string user : {"root", "alice", "eve"})
        authenticator.set_password(user, user + "-password");
}

/// A request with its body, which a server would read from a connection.
class TestRequest {
public:
    TestRequest(std::string method, const std::string& target) {
        request_.method = std::move(method);
        request_.target = target;
        auto parsed = http::parse_target(target);
        request_.path = parsed->path;
        request_.query = parsed->query;
        request_.peer = "192.0.2.1";
    }

    TestRequest& as(const std::string& user) {
        request_.headers.set(
            "Authorization", "Basic " + to_base64(as_bytes(user + ":" + user + "-password")));
        return *this;
    }

    TestRequest& body(const std::string& type, std::string text) {
        request_.headers.set("Content-Type", type);
        text_ = std::move(text);
        return *this;
    }

    http::Request& get() {
        source_ = std::make_unique<StringSource>(text_);
        request_.body = source_.get();
        return request_;
    }

private:
    http::Request request_;
    std::string text_;
    std::unique_ptr<StringSource> source_;
};

inline std::string read_all(ByteSource& source) {
    std::string text;
    std::byte buffer[1000];
    while (const std::size_t count = source.read(buffer))
        text += as_text(Bytes{buffer, count});
    return text;
}

}  // namespace nacre::api::distgit::test
