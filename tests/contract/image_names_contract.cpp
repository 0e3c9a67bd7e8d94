#include "contract/image_names_contract.hpp"

#include "base/error.hpp"
#include "oci/descriptor.hpp"
#include "support/code_of.hpp"

namespace nacre::store::contract {
namespace {

using test::code_of;

oci::Digest digest(char digit) {
    return oci::Digest::parse("sha256:" + std::string(64, digit));
}

NamedManifest manifest(char digit) {
    return {digest(digit), std::string{oci::kMediaTypeManifest}};
}

using Strings = std::vector<std::string>;
using Manifests = std::vector<NamedManifest>;

}  // namespace

TEST_P(ImageNamesContract, StartsEmpty) {
    EXPECT_EQ(names().repositories(), Strings{});
    EXPECT_EQ(names().tags("app"), Strings{});
    EXPECT_EQ(names().manifests("app"), Manifests{});
    EXPECT_EQ(names().find_tag("app", "latest"), std::nullopt);
    EXPECT_EQ(names().find_manifest("app", digest('a')), std::nullopt);
    EXPECT_FALSE(names().remove_tag("app", "latest"));
    EXPECT_FALSE(names().remove_manifest("app", digest('a')));
}

TEST_P(ImageNamesContract, RemembersManifestsPerRepository) {
    names().add_manifest("app", manifest('a'));
    names().add_manifest("app", manifest('a'));
    names().add_manifest("team/app", manifest('b'));
    EXPECT_EQ(names().find_manifest("app", digest('a')), manifest('a'));
    EXPECT_EQ(names().find_manifest("app", digest('b')), std::nullopt);
    EXPECT_EQ(names().manifests("team/app"), Manifests{manifest('b')});
    EXPECT_EQ(names().repositories(), (Strings{"app", "team/app"}));
}

TEST_P(ImageNamesContract, NestsRepositories) {
    names().add_manifest("a/b/c", manifest('a'));
    names().add_manifest("a", manifest('a'));
    names().add_manifest("a/b", manifest('b'));
    EXPECT_EQ(names().repositories(), (Strings{"a", "a/b", "a/b/c"}));
    EXPECT_EQ(names().manifests("a"), Manifests{manifest('a')});
}

TEST_P(ImageNamesContract, MovesATagInOneStep) {
    names().add_manifest("app", manifest('a'));
    names().add_manifest("app", manifest('b'));
    names().set_tag("app", "latest", digest('a'));
    names().set_tag("app", "latest", digest('a'));
    EXPECT_EQ(names().find_tag("app", "latest"), manifest('a'));
    names().set_tag("app", "latest", digest('b'));
    EXPECT_EQ(names().find_tag("app", "latest"), manifest('b'));
    names().set_tag("app", "1.0", digest('a'));
    EXPECT_EQ(names().tags("app"), (Strings{"1.0", "latest"}));
}

TEST_P(ImageNamesContract, RefusesATagOfAnUnknownManifest) {
    EXPECT_EQ(code_of([&] { names().set_tag("app", "latest", digest('a')); }), ErrorCode::NotFound);
    names().add_manifest("app", manifest('a'));
    EXPECT_EQ(code_of([&] { names().set_tag("app", "latest", digest('b')); }), ErrorCode::NotFound);
    EXPECT_EQ(names().tags("app"), Strings{});
}

TEST_P(ImageNamesContract, RemovesATagAndKeepsTheManifest) {
    names().add_manifest("app", manifest('a'));
    names().set_tag("app", "latest", digest('a'));
    EXPECT_TRUE(names().remove_tag("app", "latest"));
    EXPECT_FALSE(names().remove_tag("app", "latest"));
    EXPECT_EQ(names().find_tag("app", "latest"), std::nullopt);
    EXPECT_EQ(names().find_manifest("app", digest('a')), manifest('a'));
}

TEST_P(ImageNamesContract, RemovesAManifestWithTheTagsThatMeanIt) {
    names().add_manifest("app", manifest('a'));
    names().add_manifest("app", manifest('b'));
    names().set_tag("app", "1", digest('a'));
    names().set_tag("app", "2", digest('a'));
    names().set_tag("app", "3", digest('b'));
    EXPECT_TRUE(names().remove_manifest("app", digest('a')));
    EXPECT_FALSE(names().remove_manifest("app", digest('a')));
    EXPECT_EQ(names().tags("app"), Strings{"3"});
    EXPECT_TRUE(names().remove_manifest("app", digest('b')));
    EXPECT_EQ(names().repositories(), Strings{});
}

TEST_P(ImageNamesContract, RefusesNamesThatAreNone) {
    for (const char* repository :
         {"", "..", "../app", "a/../b", "/app", "App", "_tags", "a/_tags", "a//b", "a b"})
        EXPECT_EQ(
            code_of([&] { names().add_manifest(repository, manifest('a')); }),
            ErrorCode::InvalidArgument)
            << repository;
    names().add_manifest("app", manifest('a'));
    for (const char* image_tag : {"", ".", "..", "../x", "a/b", "-x", "a b"}) {
        EXPECT_EQ(
            code_of([&] { names().set_tag("app", image_tag, digest('a')); }),
            ErrorCode::InvalidArgument)
            << image_tag;
        EXPECT_EQ(code_of([&] { names().find_tag("app", image_tag); }), ErrorCode::InvalidArgument);
    }
}

TEST_P(ImageNamesContract, TakesTagsThatLookLikeItsOwnFiles) {
    names().add_manifest("app", manifest('a'));
    for (const char* image_tag : {"_new", "_lock", "_tags", "x.tmp-1-0", "tmp-1"})
        names().set_tag("app", image_tag, digest('a'));
    EXPECT_EQ(names().tags("app").size(), 5U);
    EXPECT_EQ(names().find_tag("app", "_lock"), manifest('a'));
}

}  // namespace nacre::store::contract
