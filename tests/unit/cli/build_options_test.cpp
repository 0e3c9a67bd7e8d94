#include "base/error.hpp"
#include "cli/build/options.hpp"
#include "support/code_of.hpp"

#include <gmock/gmock.h>

#include <map>

namespace nacre::cli::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::optional<std::string> empty_environment(const std::string& /*name*/) {
    return std::nullopt;
}

BuildSettings read(const BuildOptions& options) {
    return read_settings(options, empty_environment);
}

TEST(BuildOptions, MeanWhatDockerUsersExpectByDefault) {
    const BuildSettings settings = read({});
    EXPECT_EQ(settings.context, ".");
    EXPECT_TRUE(settings.use_cache);
    EXPECT_EQ(settings.network, exec::NetworkMode::Host);
    EXPECT_EQ(settings.compression.kind, archive::CompressionKind::Gzip);
    EXPECT_EQ(settings.platform, oci::Platform::host());
    EXPECT_EQ(settings.source_date_epoch, std::nullopt);
    EXPECT_TRUE(settings.outputs.empty());
}

TEST(BuildOptions, TakeABuildArgWithoutAValueFromTheEnvironment) {
    const Environment environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "KNOWN") return "value";
        return std::nullopt;
    };
    const BuildSettings settings =
        read_settings({.build_args = {"A=1=2", "KNOWN", "UNKNOWN", "EMPTY="}}, environment);
    EXPECT_THAT(
        settings.build_args,
        ElementsAre(Pair("A", "1=2"), Pair("KNOWN", "value"), Pair("EMPTY", "")));
}

TEST(BuildOptions, FindTheEpochInOptionArgumentAndEnvironmentInThisOrder) {
    const Environment environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "SOURCE_DATE_EPOCH") return "3";
        return std::nullopt;
    };
    EXPECT_EQ(
        read_settings(
            {.build_args = {"SOURCE_DATE_EPOCH=2"}, .source_date_epoch = "1"}, environment)
            .source_date_epoch,
        1);
    EXPECT_EQ(
        read_settings({.build_args = {"SOURCE_DATE_EPOCH=2"}}, environment).source_date_epoch, 2);
    EXPECT_EQ(read_settings({}, environment).source_date_epoch, 3);
}

TEST(BuildOptions, AreRefusedWithTheirName) {
    const auto refused = [](const BuildOptions& options) {
        return test::message_of([&] { read(options); });
    };
    EXPECT_THAT(refused({.tags = {"Not A Name"}}), HasSubstr("-t 'Not A Name'"));
    EXPECT_THAT(refused({.labels = {"=x"}}), HasSubstr("--label '=x'"));
    EXPECT_THAT(refused({.network = "bridge"}), HasSubstr("--network 'bridge'"));
    EXPECT_THAT(refused({.compression = "lzma"}), HasSubstr("--compression 'lzma'"));
    EXPECT_THAT(refused({.compression = "zstd:20"}), HasSubstr("from 1 to 19"));
    EXPECT_THAT(refused({.source_date_epoch = "now"}), HasSubstr("--source-date-epoch 'now'"));
    EXPECT_THAT(refused({.progress = "fancy"}), HasSubstr("--progress 'fancy'"));
    EXPECT_THAT(refused({.jobs = "many"}), HasSubstr("--jobs 'many'"));
    EXPECT_THAT(refused({.push = true}), HasSubstr("a push needs the name"));
    EXPECT_THAT(
        refused({.context = "-", .file = "-"}), HasSubstr("cannot both come from the standard"));
    EXPECT_THAT(refused({.outputs = {"-", "type=oci"}}), HasSubstr("only one --output"));
}

TEST(BuildOptions, SayWhereSecretsAndAgentsAre) {
    const BuildSettings settings = read(
        {.secrets = {"id=a,src=a.txt", "id=b,env=B", "id=c,type=env"}, .ssh = {"default=/socket"}});
    EXPECT_EQ(settings.secrets.at("a"), (SecretSource{"a.txt", ""}));
    EXPECT_EQ(settings.secrets.at("b"), (SecretSource{"", "B"}));
    EXPECT_EQ(settings.secrets.at("c"), (SecretSource{"", "c"}));
    EXPECT_THAT(settings.ssh.at("default"), ElementsAre("/socket"));
    EXPECT_THAT(read({.ssh = {"git=a,b"}}).ssh.at("git"), ElementsAre("a", "b"));
    EXPECT_EQ(test::code_of([] { read({.ssh = {"git=a,,b"}}); }), ErrorCode::InvalidArgument);
    EXPECT_THAT(test::message_of([] { read({.secrets = {"src=x"}}); }), HasSubstr("--secret"));
    EXPECT_THAT(test::message_of([] { read({.ssh = {"default"}}); }), HasSubstr("SSH_AUTH_SOCK"));
}

TEST(BuildOptions, LimitSteps) {
    const BuildSettings settings = read(
        {.add_hosts = {"db:10.0.0.5", "six=[2001:db8::1]"},
         .memory = "1g",
         .cpus = "1.5",
         .ulimits = {"nofile=1:2", "nproc=3"},
         .shm_size = "64m"});
    ASSERT_EQ(settings.extra_hosts.size(), 2U);
    EXPECT_EQ(settings.extra_hosts[1].name, "six");
    EXPECT_EQ(settings.extra_hosts[1].address, "2001:db8::1");
    EXPECT_EQ(settings.limits.memory_bytes, 1U << 30U);
    EXPECT_EQ(settings.limits.cpus, 1.5);
    EXPECT_EQ(settings.limits.shm_bytes, 64U << 20U);
    EXPECT_EQ(settings.limits.ulimits.at(0).hard, 2U);
    EXPECT_EQ(settings.limits.ulimits.at(1).hard, 3U);
    for (const BuildOptions& options :
         {BuildOptions{.add_hosts = {"db"}},
          BuildOptions{.add_hosts = {"db:host-gateway"}},
          BuildOptions{.cpus = "0"},
          BuildOptions{.cpus = "1x"},
          BuildOptions{.ulimits = {"nofile"}},
          BuildOptions{.ulimits = {"nofile=2:1"}}})
        EXPECT_EQ(test::code_of([&] { read(options); }), ErrorCode::InvalidArgument);
}

TEST(BuildOptions, PutAnnotationsWhereTheyAreMeantToBe) {
    const ImageAnnotations found = read({.annotations =
                                             {"a=1",
                                              "manifest:b=2",
                                              "index,manifest-descriptor:c=3",
                                              "manifest[linux/amd64],manifest[linux/arm64]:d=4",
                                              "index-descriptor:e=5",
                                              "org.example:f=6"},
                                         .platform = "linux/amd64"})
                                       .annotations;
    EXPECT_EQ(
        found.manifest, (NamedTexts{{"a", "1"}, {"b", "2"}, {"d", "4"}, {"org.example:f", "6"}}));
    EXPECT_EQ(found.manifest_descriptor, (NamedTexts{{"c", "3"}}));
    EXPECT_EQ(found.index, (NamedTexts{{"c", "3"}}));
    EXPECT_EQ(found.index_descriptor, (NamedTexts{{"e", "5"}}));
    for (const char* wrong : {"index:=1", "manifest[linux/amd64:a=1", "manifest[]:a=1"})
        EXPECT_EQ(
            test::code_of([&] { read({.annotations = {wrong}}); }), ErrorCode::InvalidArgument)
            << wrong;
}

TEST(BuildOptions, AllowWhatTheUserNames) {
    const engine::Entitlements none = read({}).entitlements;
    EXPECT_FALSE(none.network_host || none.security_insecure);
    EXPECT_TRUE(none.secrets);
    EXPECT_TRUE(read({.network = "host"}).entitlements.network_host);
    const engine::Entitlements both =
        read({.allow = {"network.host,security.insecure"}}).entitlements;
    EXPECT_TRUE(both.network_host && both.security_insecure);
    EXPECT_EQ(test::code_of([] { read({.allow = {"device"}}); }), ErrorCode::InvalidArgument);
}

TEST(BuildOptions, TakeTheTimeOfTheContextWhenTheyAreToldSo) {
    const Environment environment = [](const std::string&) { return std::optional{"3"}; };
    EXPECT_EQ(
        read_settings({.build_args = {"SOURCE_DATE_EPOCH=context"}}, environment).source_date_epoch,
        std::nullopt);
}

TEST(BuildOptions, KnowTheArgumentsThatAskSomethingOfTheBuilder) {
    const BuildSettings settings =
        read({.build_args = {"BUILDKIT_INLINE_CACHE=1", "BUILDKIT_MULTI_PLATFORM=true"}});
    ASSERT_EQ(settings.cache_to.size(), 1U);
    EXPECT_EQ(settings.cache_to.front().kind, CacheTarget::Kind::Inline);
    EXPECT_TRUE(settings.in_index);
    EXPECT_EQ(read({.build_args = {"BUILDKIT_SANDBOX_HOSTNAME=box-1"}}).hostname, "box-1");
    EXPECT_EQ(
        test::code_of([] { read({.build_args = {"BUILDKIT_SANDBOX_HOSTNAME=a b"}}); }),
        ErrorCode::InvalidArgument);
    EXPECT_TRUE(read({.build_args = {"BUILDKIT_INLINE_CACHE=0"}}).cache_to.empty());
    EXPECT_EQ(
        test::code_of([] { read({.build_args = {"BUILDKIT_INLINE_CACHE=maybe"}}); }),
        ErrorCode::InvalidArgument);
}

TEST(Compression, HasNamesAndLevels) {
    EXPECT_EQ(parse_compression("gzip").level, 6);
    EXPECT_EQ(parse_compression("gzip:9").level, 9);
    EXPECT_EQ(parse_compression("gzip:fast").level, 1);
    EXPECT_EQ(parse_compression("zstd").kind, archive::CompressionKind::Zstd);
    EXPECT_EQ(parse_compression("zstd:19").level, 19);
    EXPECT_EQ(parse_compression("none").kind, archive::CompressionKind::None);
}

TEST(Output, IsWhatDockerWrites) {
    using Kind = OutputSpec::Kind;
    EXPECT_EQ(parse_output("out"), (OutputSpec{Kind::Local, "out", {}}));
    EXPECT_EQ(parse_output("-"), (OutputSpec{Kind::Tar, "-", {}}));
    EXPECT_EQ(
        parse_output("type=oci,dest=a.tar,name=app:1"),
        (OutputSpec{Kind::Oci, "a.tar", {"app:1"}}));
    EXPECT_EQ(parse_output("type=docker"), (OutputSpec{Kind::Docker, "-", {}}));
    EXPECT_EQ(parse_output("type=tar,\"dest=a,b.tar\""), (OutputSpec{Kind::Tar, "a,b.tar", {}}));
    EXPECT_EQ(parse_output("type=image,push=true"), (OutputSpec{Kind::Registry, "", {}}));
    EXPECT_EQ(parse_output("type=registry"), (OutputSpec{Kind::Registry, "", {}}));
}

TEST(Output, IsRefusedWhenItIsNotUnderstood) {
    for (const char* text : {"", "type=vfs", "type=local", "type=oci,unpack=true", "dest=x"})
        EXPECT_NE(test::message_of([&] { parse_output(text); }), "") << text;
}

TEST(Bytes, AreCountedInPowersOf1024) {
    EXPECT_EQ(parse_bytes("1048576", "--memory"), 1048576U);
    EXPECT_EQ(parse_bytes("64b", "--memory"), 64U);
    EXPECT_EQ(parse_bytes("64k", "--memory"), 65536U);
    EXPECT_EQ(parse_bytes("512MB", "--memory"), 512U << 20U);
    EXPECT_EQ(parse_bytes("2GiB", "--memory"), 2ULL << 30U);
    for (const char* text : {"", "k", "-1", "1.5g", "9999999999g", "12q"})
        EXPECT_EQ(test::code_of([&] { parse_bytes(text, "--memory"); }), ErrorCode::InvalidArgument)
            << text;
}

TEST(Age, IsASumOfUnits) {
    EXPECT_EQ(parse_age("90s", "until").count(), 90);
    EXPECT_EQ(parse_age("1h30m", "until").count(), 5400);
    EXPECT_EQ(parse_age("7d", "until").count(), 604800);
    for (const char* text : {"", "5", "h", "1y", "-1h", "99999999999h"})
        EXPECT_EQ(test::code_of([&] { parse_age(text, "until"); }), ErrorCode::InvalidArgument)
            << text;
}

}  // namespace
}  // namespace nacre::cli::build
