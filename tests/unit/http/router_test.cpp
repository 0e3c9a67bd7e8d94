#include "http/router.hpp"

#include <gtest/gtest.h>

namespace nacre::http {
namespace {

class Named final : public Handler {
public:
    explicit Named(std::string name) : name_{std::move(name)} {}

    Response handle(const Request&) override { return Response::plain(200, name_); }

private:
    std::string name_;
};

std::string route(Router& router, const std::string& path) {
    Request request;
    request.path = path;
    const Response response = router.handle(request);
    return response.status == 200 ? response.text : std::to_string(response.status);
}

TEST(Router, TakesTheLongestPrefixOfWholeSegments) {
    Named root{"root"};
    Named registry{"registry"};
    Named deep{"deep"};
    Router router;
    router.add("/", root);
    router.add("/v2", registry);
    router.add("/v2/deep/", deep);
    EXPECT_EQ(route(router, "/v2"), "registry");
    EXPECT_EQ(route(router, "/v2/x"), "registry");
    EXPECT_EQ(route(router, "/v20"), "root");
    EXPECT_EQ(route(router, "/v2/deep/x"), "deep");
    EXPECT_EQ(route(router, "/v2/deep"), "registry");
}

TEST(Router, AnswersNotFoundWithoutAMatch) {
    Named registry{"registry"};
    Router router;
    router.add("/v2", registry);
    EXPECT_EQ(route(router, "/other"), "404");
}

}  // namespace
}  // namespace nacre::http
