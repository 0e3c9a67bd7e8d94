#pragma once

#include "http/client.hpp"
#include "http/server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace nacre {

/// A client that reaches the handler it was made for at `url`.
class HttpClientUnderTest {
public:
    virtual ~HttpClientUnderTest() = default;
    virtual http::Client& client() = 0;
    virtual std::string url() const = 0;
};

struct HttpClientImplementation {
    std::string name;
    std::function<std::unique_ptr<HttpClientUnderTest>(http::Handler&)> make;
};

class HttpClientContract : public testing::TestWithParam<HttpClientImplementation> {};

}  // namespace nacre
