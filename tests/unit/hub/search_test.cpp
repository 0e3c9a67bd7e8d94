#include "hub/search.hpp"

#include "koji/fault.hpp"
#include "unit/hub/hub_fixture.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace nacre::hub {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SearchTest : public HubTest {
protected:
    void add_builds(const std::vector<Nvr>& nvrs) {
        write([&](Call& call) {
            call.set_caller(caller("admin"));
            for (const Nvr& nvr : nvrs)
                hub_->builds.create(call, NewBuild{.nvr = nvr, .state = BuildState::Complete});
        });
    }

    std::vector<std::string> find(
        SearchSubject subject,
        SearchMatch match,
        const std::string& terms,
        const QueryOptions& options = {}) {
        return read([&](Call& call) {
            std::vector<std::string> names;
            for (const SearchHit& hit : search(call, subject, match, terms, options))
                names.push_back(hit.name);
            return names;
        });
    }

    std::vector<std::string> glob(const std::string& terms) {
        return find(SearchSubject::Build, SearchMatch::Glob, terms);
    }
};

TEST_F(SearchTest, FindsBuildsByAnyPartOfTheirNameInAnyCase) {
    add_builds({{"httpd", "2.4", "1"}, {"httpd", "2.4", "2"}, {"NGINX_lua", "1.0", "1"}});

    EXPECT_THAT(glob("httpd-*"), ElementsAre("httpd-2.4-1", "httpd-2.4-2"));
    EXPECT_THAT(glob("*TTP*-2"), ElementsAre("httpd-2.4-2"));
    EXPECT_THAT(glob("nginx?lua-*"), ElementsAre("NGINX_lua-1.0-1"));
    EXPECT_THAT(glob("nginx_lua-1.0-1"), ElementsAre("NGINX_lua-1.0-1"));
    EXPECT_THAT(glob("*-1"), ElementsAre("NGINX_lua-1.0-1", "httpd-2.4-1"));
}

TEST_F(SearchTest, TakesTheCharactersOfSqlPatternsAsTheyAre) {
    add_builds({{"a_bcd", "1", "1"}, {"axbcd", "1", "1"}});

    EXPECT_THAT(glob("a_bcd*"), ElementsAre("a_bcd-1-1"));
    EXPECT_THAT(glob("%bcd%"), IsEmpty());
    EXPECT_THAT(glob("a\\bcd*"), IsEmpty());
}

TEST_F(SearchTest, FindsExactNamesOnly) {
    add_builds({{"httpd", "2.4", "1"}});

    EXPECT_THAT(
        find(SearchSubject::Build, SearchMatch::Exact, "httpd-2.4-1"), ElementsAre("httpd-2.4-1"));
    EXPECT_THAT(find(SearchSubject::Build, SearchMatch::Exact, "httpd-*"), IsEmpty());
    EXPECT_THAT(find(SearchSubject::Package, SearchMatch::Exact, "httpd"), ElementsAre("httpd"));
}

TEST_F(SearchTest, FindsWhatIsInForceOfEachKind) {
    add_builder("h1");
    write([&](Call& call) {
        hub_->tags.create(call, NewTag{.name = "f40"});
        hub_->tags.create(call, NewTag{.name = "f41"});
        hub_->tags.remove(call, std::string{"f41"});
        hub_->targets.create(call, "f40-candidate", std::string{"f40"}, std::string{"f40"});
    });

    EXPECT_THAT(find(SearchSubject::Tag, SearchMatch::Glob, "F4*"), ElementsAre("f40"));
    EXPECT_THAT(find(SearchSubject::Target, SearchMatch::Glob, "*"), ElementsAre("f40-candidate"));
    EXPECT_THAT(find(SearchSubject::Host, SearchMatch::Glob, "h?"), ElementsAre("h1"));
    EXPECT_THAT(
        find(SearchSubject::User, SearchMatch::Glob, "*", {.order = "-name", .limit = 2}),
        ElementsAre("h1", "bob"));
}

TEST_F(SearchTest, RefusesEmptyTerms) {
    EXPECT_EQ(
        refusal(
            "alice", [&](Call& call) { search(call, SearchSubject::Tag, SearchMatch::Glob, ""); }),
        "1000 empty search terms");
}

bool matches(std::string_view glob, std::string_view text) {
    if (glob.empty()) return text.empty();
    if (glob[0] == '*')
        return matches(glob.substr(1), text) || (!text.empty() && matches(glob, text.substr(1)));
    return !text.empty() && (glob[0] == '?' || glob[0] == text[0])
           && matches(glob.substr(1), text.substr(1));
}

TEST_F(SearchTest, AgreesWithAPlainMatcherOnAnyGlob) {
    std::vector<Nvr> nvrs;
    for (const char* name : {"abc", "ab_c", "bca", "a+b", "cab"})
        for (const char* release : {"1", "12", "a_b"})
            nvrs.emplace_back(name, "1", release);
    add_builds(nvrs);
    const bool agreed = rc::check([&] {
        const auto terms = *rc::gen::nonEmpty(
            rc::gen::container<std::string>(rc::gen::elementOf(std::string{"abc_%1+-*?\\"})));
        std::vector<std::string> expected;
        for (const Nvr& nvr : nvrs)
            if (matches(terms, nvr.str())) expected.push_back(nvr.str());
        std::sort(expected.begin(), expected.end());
        RC_ASSERT(glob(terms) == expected);
    });
    EXPECT_TRUE(agreed);
}

}  // namespace
}  // namespace nacre::hub
