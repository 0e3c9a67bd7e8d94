#include "cli/build/cache_options.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"

#include <gtest/gtest.h>

namespace nacre::cli::build {
namespace {

using test::code_of;

TEST(CacheOptions, AReferenceAloneIsARegistry) {
    const CacheSource source = parse_cache_source("example.org/app:cache");
    EXPECT_EQ(source.kind, CacheSource::Kind::Registry);
    EXPECT_EQ(source.place, "example.org/app:cache");
    EXPECT_EQ(source, [] {
        CacheSource same = parse_cache_source("type=registry,ref=example.org/app:cache");
        same.text = "example.org/app:cache";
        return same;
    }());
    const CacheTarget target = parse_cache_target("example.org/app:cache");
    EXPECT_EQ(target.kind, CacheTarget::Kind::Registry);
    EXPECT_EQ(target.steps, CacheTarget::Steps::OfImage);
}

TEST(CacheOptions, AFolderHasTagsAndDigests) {
    const std::string digest = "sha256:" + std::string(64, 'a');
    const CacheSource source = parse_cache_source("type=local,src=a/b,digest=" + digest);
    EXPECT_EQ(source.kind, CacheSource::Kind::Local);
    EXPECT_EQ(source.place, "a/b");
    EXPECT_EQ(source.digest, oci::Digest::parse(digest));
    EXPECT_EQ(parse_cache_source("type=local,src=a,tag=main").image_tag, "main");
    const CacheTarget target =
        parse_cache_target("type=local,dest=out,mode=max,tag=main,ignore-error=true");
    EXPECT_EQ(target.kind, CacheTarget::Kind::Local);
    EXPECT_EQ(target.place, "out");
    EXPECT_EQ(target.image_tag, "main");
    EXPECT_EQ(target.steps, CacheTarget::Steps::All);
    EXPECT_EQ(target.on_error, CacheTarget::OnError::Warn);
}

TEST(CacheOptions, TakeWhatBuildKitUsersType) {
    const CacheTarget target = parse_cache_target(
        "type=registry,ref=example.org/app,image-manifest=true,oci-mediatypes=true,mode=min");
    EXPECT_EQ(target.place, "example.org/app");
    EXPECT_EQ(parse_cache_target("type=inline").kind, CacheTarget::Kind::Inline);
}

TEST(CacheOptions, RefuseWhatTheyDoNotKnow) {
    for (const char* text :
         {"",
          "type=local",
          "type=local,src=a,mode=max",
          "type=registry",
          "type=registry,ref=Upper",
          "type=inline",
          "type=other,src=a",
          "type=local,src=a,digest=sha256:1",
          "type=local,src=a,tag=/"})
        EXPECT_EQ(code_of([&] { parse_cache_source(text); }), ErrorCode::InvalidArgument) << text;
    for (const char* text :
         {"",
          "type=local",
          "type=local,src=a",
          "type=registry,ref=a,mode=most",
          "type=registry,ref=a,ignore-error=maybe",
          "type=registry,ref=a,compression=zstd",
          "type=registry,ref=a,image-manifest=false",
          "type=inline,mode=max"})
        EXPECT_EQ(code_of([&] { parse_cache_target(text); }), ErrorCode::InvalidArgument) << text;
    for (const char* text : {"type=gha", "type=s3,bucket=a", "type=azblob"}) {
        EXPECT_EQ(code_of([&] { parse_cache_source(text); }), ErrorCode::Unsupported) << text;
        EXPECT_EQ(code_of([&] { parse_cache_target(text); }), ErrorCode::Unsupported) << text;
    }
}

}  // namespace
}  // namespace nacre::cli::build
