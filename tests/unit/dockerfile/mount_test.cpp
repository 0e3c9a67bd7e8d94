#include "dockerfile/mount.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

namespace nacre::dockerfile {
namespace {

Mount make(const std::string& raw) {
    return make_mount({raw, {}, {}}, [](const std::string& word) {
        return word == "$HOME/c" ? std::string{"/home/u/c"} : word;
    });
}

TEST(Mount, TakesTheDefaultsOfEachType) {
    const auto bind = std::get<BindMount>(make("target=/t"));
    EXPECT_EQ(bind.source, "/");
    EXPECT_EQ(bind.access, Access::ReadOnly);
    const auto cache = std::get<CacheMount>(make("type=cache,target=$HOME/c"));
    EXPECT_EQ(cache.id, "/home/u/c");
    EXPECT_EQ(cache.access, Access::ReadWrite);
    EXPECT_EQ(cache.sharing, Sharing::Shared);
    EXPECT_EQ(cache.mode, 0755U);
    const auto secret = std::get<SecretMount>(make("type=secret,id=a/b"));
    EXPECT_EQ(secret.target, "/run/secrets/b");
    EXPECT_EQ(secret.mode, 0400U);
    EXPECT_FALSE(secret.required);
    const auto ssh = std::get<SshMount>(make("type=ssh"));
    EXPECT_EQ(ssh.id, "default");
    EXPECT_EQ(ssh.mode, 0600U);
    EXPECT_EQ(std::get<TmpfsMount>(make("type=tmpfs,target=/t")).size, 0U);
}

TEST(Mount, ReadsEveryOption) {
    const auto bind = std::get<BindMount>(make("dst=/t,from=base,src=/s,rw=true,type=bind"));
    EXPECT_EQ(bind.from, "base");
    EXPECT_EQ(bind.source, "/s");
    EXPECT_EQ(bind.access, Access::ReadWrite);
    const auto cache = std::get<CacheMount>(
        make("type=cache,id=i,destination=/t,sharing=private,ro,mode=0700,uid=1,gid=2,source=/x"));
    EXPECT_EQ(cache.id, "i");
    EXPECT_EQ(cache.sharing, Sharing::Private);
    EXPECT_EQ(cache.access, Access::ReadOnly);
    EXPECT_EQ(cache.mode, 0700U);
    EXPECT_EQ(cache.gid, 2U);
}

TEST(Mount, ReadsSizesWithUnits) {
    const auto size = [](const std::string& text) {
        return std::get<TmpfsMount>(make("type=tmpfs,target=/t,size=" + text)).size;
    };
    EXPECT_EQ(size("7"), 7U);
    EXPECT_EQ(size("2k"), 2048U);
    EXPECT_EQ(size("64m"), 64U << 20U);
    EXPECT_EQ(size("1GiB"), 1U << 30U);
    EXPECT_THROW(size("99999999999999999999"), Error);
    EXPECT_THROW(size("99999999999g"), Error);
    EXPECT_THROW(size(""), Error);
    EXPECT_THROW(size("m"), Error);
}

TEST(Mount, GivesASecretAsAVariableOnly) {
    const auto secret = std::get<SecretMount>(make("type=secret,id=t,env=TOKEN,required"));
    EXPECT_EQ(secret.env, "TOKEN");
    EXPECT_EQ(secret.target, "");
    EXPECT_TRUE(secret.required);
    EXPECT_EQ(std::get<SecretMount>(make("type=secret,target=/x/name")).id, "name");
}

TEST(Mount, RefusesOptionsOfOtherTypesAndBadValues) {
    for (const char* raw :
         {"type=bind,target=/t,sharing=shared",
          "type=cache,target=/t,size=1",
          "type=secret",
          "type=ssh,from=x",
          "type=secret,id=a,source=b",
          "type=cache,target=/t,mode=9",
          "type=cache,target=/t,uid=-1",
          "type=bind,target",
          "type=bind,target=/t,ro=perhaps",
          "type=bind,target=/..",
          "oops",
          ""})
        EXPECT_THROW(make(raw), Error) << raw;
}

}  // namespace
}  // namespace nacre::dockerfile
