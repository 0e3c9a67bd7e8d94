#include "contract/publisher_contract.hpp"

#include "base/error.hpp"
#include "support/code_of.hpp"
#include "support/test_image.hpp"

namespace nacre::publish::contract {

using test::code_of;

Publication PublisherContract::publication(const std::string& layer) {
    return {
        .destination = "f43-container",
        .name = "httpd",
        .version = "2.4",
        .release = "1.f43",
        .architecture = "x86_64",
        .manifest = test::write_image(blobs_, layer),
        .reference = "registry.example.org/httpd:2.4-1.f43"};
}

TEST_P(PublisherContract, GivesAReceipt) {
    const Receipt receipt = publisher().publish(publication("layer"));
    EXPECT_FALSE(receipt.location.empty());
    EXPECT_EQ(receipt.sha256.size(), 64U);
    EXPECT_GT(receipt.size, 0U);
}

TEST_P(PublisherContract, PublishesTheSameAgainWithoutEffect) {
    const Receipt first = publisher().publish(publication("layer"));
    EXPECT_EQ(publisher().publish(publication("layer")), first);
}

TEST_P(PublisherContract, RefusesAnotherImageAtTheSamePlace) {
    const Receipt first = publisher().publish(publication("layer"));
    EXPECT_EQ(code_of([&] { publisher().publish(publication("another")); }), ErrorCode::Conflict);
    EXPECT_EQ(publisher().publish(publication("layer")), first);
}

TEST_P(PublisherContract, KeepsOtherBuildsAndArchitecturesApart) {
    Publication other = publication("another");
    other.architecture = "aarch64";
    publisher().publish(publication("layer"));
    publisher().publish(other);
    other.release = "2.f43";
    publisher().publish(other);
    EXPECT_TRUE(publisher().retract(other));
    EXPECT_TRUE(publisher().retract(publication("layer")));
}

TEST_P(PublisherContract, RetractsOnce) {
    EXPECT_FALSE(publisher().retract(publication("layer")));
    publisher().publish(publication("layer"));
    EXPECT_TRUE(publisher().retract(publication("layer")));
    EXPECT_FALSE(publisher().retract(publication("layer")));
    publisher().publish(publication("another"));
}

TEST_P(PublisherContract, RefusesNamesThatLeaveTheirPlace) {
    for (const char* bad :
         {"", ".", "..", "../..", "a/b", "/etc", ".hidden", "-x", "a\nb", "a b"}) {
        for (std::string Publication::* field :
             {&Publication::destination,
              &Publication::name,
              &Publication::version,
              &Publication::release,
              &Publication::architecture}) {
            Publication one = publication("layer");
            one.*field = bad;
            EXPECT_EQ(code_of([&] { publisher().publish(one); }), ErrorCode::InvalidArgument)
                << bad;
            EXPECT_EQ(code_of([&] { publisher().retract(one); }), ErrorCode::InvalidArgument);
        }
    }
    Publication dashed = publication("layer");
    dashed.version = "1-2";
    EXPECT_EQ(code_of([&] { publisher().publish(dashed); }), ErrorCode::InvalidArgument);
}

}  // namespace nacre::publish::contract
