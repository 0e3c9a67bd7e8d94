#include "unit/hub/hub_fixture.hpp"

namespace nacre::hub {
namespace {

class PublicationsTest : public HubTest {
protected:
    PublicationsTest() {
        write_as("admin", [&](Call& call) {
            hub_->tags.create(call, {.name = "f40"});
            hub_->packages.add(
                call, std::string{"f40"}, std::string{"httpd"}, {.owner = std::string{"alice"}});
            hub_->builds.create(
                call, {.nvr = Nvr::parse("httpd-1-1"), .state = BuildState::Complete});
        });
    }

    void tag() {
        write_as("alice", [&](Call& call) {
            hub_->tagging.tag(call, std::string{"f40"}, std::string{"httpd-1-1"});
        });
    }

    std::optional<Publication> claim() {
        std::optional<Publication> claimed;
        write([&](Call& call) {
            claimed = hub_->publications.claim(call, std::chrono::seconds{60});
        });
        return claimed;
    }

    Publication only() {
        return read([&](Call& call) { return hub_->publications.list(call, {}).at(0); });
    }
};

TEST_F(PublicationsTest, AreDueWhenABuildIsTaggedAndNotWhenThatFails) {
    EXPECT_FALSE(claim());
    EXPECT_EQ(
        refusal(
            "alice",
            [&](Call& call) {
                hub_->tagging.tag(call, std::string{"f40"}, std::string{"httpd-1-1"});
                throw koji::Fault{koji::FaultCode::GenericError, "then it failed"};
            }),
        "1000 then it failed");
    EXPECT_FALSE(claim());
    const std::uint64_t before = hub_->bells.publications.count();
    tag();
    EXPECT_GT(hub_->bells.publications.count(), before);
    const auto claimed = claim();
    ASSERT_TRUE(claimed);
    EXPECT_EQ(claimed->nvr, "httpd-1-1");
    EXPECT_EQ(claimed->tag_name, "f40");
}

TEST_F(PublicationsTest, AreOnePublishersUntilItsLeaseEnds) {
    tag();
    ASSERT_TRUE(claim());
    EXPECT_FALSE(claim());
    clock_.advance(std::chrono::seconds{61});
    const auto again = claim();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->attempts, 2);
}

TEST_F(PublicationsTest, AreDueAtOnceWhenTheServiceThatClaimedThemWasKilled) {
    tag();
    ASSERT_TRUE(claim());
    write([&](Call& call) { hub_->publications.release_claims(call); });
    ASSERT_TRUE(claim());
}

TEST_F(PublicationsTest, KeepTheFirstReceipt) {
    tag();
    const auto id = claim()->id;
    write([&](Call& call) { hub_->publications.finish(call, id, "{\"digest\":1}"); });
    write([&](Call& call) { hub_->publications.finish(call, id, "{\"digest\":2}"); });
    write([&](Call& call) { hub_->publications.fail(call, id, "too late"); });
    EXPECT_EQ(only().state, PublicationState::Done);
    EXPECT_EQ(only().receipt, "{\"digest\":1}");
    EXPECT_FALSE(claim());
}

TEST_F(PublicationsTest, ComeBackAfterAFailureAndGiveUpInTheEnd) {
    tag();
    for (std::int64_t attempt = 1; attempt <= kPublicationAttemptsMax; ++attempt) {
        const auto claimed = claim();
        ASSERT_TRUE(claimed) << attempt;
        write([&](Call& call) { hub_->publications.fail(call, claimed->id, "no route"); });
        if (attempt < kPublicationAttemptsMax) {
            EXPECT_FALSE(claim()) << "without a pause";
        }
        clock_.advance(std::chrono::seconds{601});
    }
    EXPECT_EQ(only().state, PublicationState::Failed);
    EXPECT_EQ(only().last_error, "no route");
    EXPECT_FALSE(claim());
    write_as("admin", [&](Call& call) { hub_->publications.retry(call, only().id); });
    EXPECT_TRUE(claim());
}

}  // namespace
}  // namespace nacre::hub
