#include "oci/config.hpp"

#include "support/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nacre::oci {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kDiffId =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const std::string kFull =
    R"({"created":"2026-11-24T08:17:02Z","author":"a","architecture":"arm64","variant":"v8",)"
    R"("os":"linux","config":{"User":"1001:0","ExposedPorts":{"443/tcp":{},"80/tcp":{}},)"
    R"("Env":["PATH=/bin","A="],"Entrypoint":["/e"],"Cmd":["-f"],)"
    R"("Healthcheck":{"Test":["CMD","x"],"Interval":30000000000,"Retries":3},)"
    R"("Volumes":{"/data":{}},"WorkingDir":"/srv","OnBuild":["RUN x"],)"
    R"("Labels":{"a":"1","b":"2"},"StopSignal":"SIGTERM","Shell":["/bin/bash","-c"]},)"
    R"("rootfs":{"type":"layers","diff_ids":[")"
    + kDiffId
    + R"("]},)"
      R"("history":[{"created":"2026-11-24T08:17:02Z","created_by":"COPY","comment":"c"},)"
      R"({"created_by":"ENV","empty_layer":true}]})";

std::string refusal(const std::string& text) {
    const Error error = test::error_of([&] { return parse_image_config(text); });
    EXPECT_EQ(error.code(), ErrorCode::DataCorrupt) << text;
    return error.describe();
}

TEST(ImageConfig, RendersWhatItRead) {
    EXPECT_EQ(render(parse_image_config(kFull)), kFull);
}

TEST(ImageConfig, SortsSetsAndKeepsOrderElsewhere) {
    ImageConfig config;
    config.platform = {.os = "linux", .architecture = "amd64"};
    config.exposed_ports = {"80/tcp", "443/tcp", "80/tcp"};
    config.volumes = {"/z", "/a"};
    config.env = {"Z=1", "A=2"};
    config.labels = {{"z", "1"}, {"a", "2"}};
    EXPECT_EQ(
        render(config),
        R"({"architecture":"amd64","os":"linux","config":{"ExposedPorts":{"443/tcp":{},"80/tcp":{}},)"
        R"("Env":["Z=1","A=2"],"Volumes":{"/a":{},"/z":{}},"Labels":{"a":"2","z":"1"}},)"
        R"("rootfs":{"type":"layers","diff_ids":[]}})");
}

TEST(ImageConfig, TellsAnEmptyEntrypointFromNone) {
    const ImageConfig config = parse_image_config(R"({"config":{"Entrypoint":[],"Cmd":null}})");
    EXPECT_TRUE(config.entrypoint && config.entrypoint->empty());
    EXPECT_FALSE(config.cmd);
}

TEST(ImageConfig, TakesANullConfigForAnEmptyOne) {
    EXPECT_EQ(
        parse_image_config(R"({"architecture":"amd64","os":"linux","config":null,"history":null})"),
        parse_image_config(R"({"architecture":"amd64","os":"linux"})"));
}

TEST(ImageConfig, TakesHistoryAndLayersOfDifferentNumber) {
    const ImageConfig config = parse_image_config(
        R"({"rootfs":{"type":"layers","diff_ids":[")" + kDiffId
        + R"("]},"history":[{},{},{"empty_layer":true}]})");
    EXPECT_EQ(config.diff_ids.size(), 1U);
    EXPECT_EQ(config.history.size(), 3U);
}

TEST(ImageConfig, NamesThePlaceOfAWrongValue) {
    EXPECT_THAT(refusal(R"({"config":{"Entrypoint":"sh"}})"), HasSubstr("config.Entrypoint"));
    EXPECT_THAT(refusal(R"({"config":{"Env":["a",{}]}})"), HasSubstr("config.Env[1]"));
    EXPECT_THAT(refusal(R"({"config":{"Env":{}}})"), HasSubstr("config.Env: expected an array"));
    EXPECT_THAT(refusal(R"({"config":[]})"), HasSubstr("config: expected an object"));
    EXPECT_THAT(refusal(R"({"config":{"Volumes":["/a"]}})"), HasSubstr("config.Volumes"));
    EXPECT_THAT(refusal(R"({"config":{"Labels":{"a":1}}})"), HasSubstr("config.Labels.a"));
    EXPECT_THAT(refusal(R"({"rootfs":{"diff_ids":["sha256:../../x"]}})"), HasSubstr("../../x"));
    EXPECT_THAT(refusal(R"({"history":[1]})"), HasSubstr("history[0]"));
    EXPECT_THAT(
        refusal(R"({"history":[{"empty_layer":"yes"}]})"), HasSubstr("history[0].empty_layer"));
    EXPECT_THAT(refusal(R"({"os":"linux","os":"x"})"), HasSubstr("twice"));
    EXPECT_THAT(refusal("null"), HasSubstr("expected an object, found null"));
    EXPECT_THAT(refusal(""), HasSubstr("JSON"));
}

TEST(ImageConfig, RefusesDeepNesting) {
    std::string text = R"({"x":)" + std::string(10000, '[') + std::string(10000, ']') + "}";
    EXPECT_THAT(refusal(text), HasSubstr("nested too deeply"));
}

TEST(ImageConfig, RendersAHundredThousandLabelsAtOnce) {
    ImageConfig config;
    for (int i = 0; i < 100'000; ++i)
        config.labels.emplace_back("l" + std::to_string(i), "");
    EXPECT_EQ(parse_image_config(render(config)).labels.size(), 100'000U);
}

TEST(ImageConfig, SetsAndFindsVariablesAndLabels) {
    ImageConfig config;
    set_env(config, "A", "1");
    set_env(config, "AB", "2");
    set_env(config, "A", "3=4");
    EXPECT_THAT(config.env, ElementsAre("A=3=4", "AB=2"));
    EXPECT_EQ(find_env(config, "A"), "3=4");
    EXPECT_EQ(find_env(config, "B"), std::nullopt);
    set_label(config, "x", "1");
    set_label(config, "x", "2");
    EXPECT_EQ(find_label(config, "x"), "2");
    EXPECT_EQ(find_label(config, "y"), std::nullopt);
    EXPECT_EQ(config.labels.size(), 1U);
}

}  // namespace
}  // namespace nacre::oci
