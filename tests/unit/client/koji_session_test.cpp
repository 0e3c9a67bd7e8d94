#include "client/koji_session.hpp"

#include "base/adler32.hpp"
#include "koji/arguments.hpp"
#include "support/http_fixture.hpp"
#include "support/scripted_http_client.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <map>

namespace nacre::client {
namespace {

using koji::Fault;
using koji::FaultCode;
using test::Fate;
using testing::ElementsAre;

/// A hub as far as the session cares: it counts calls as Koji does.
class FakeHub {
public:
    http::Response handle(const http::Request& request) {
        http::Response response;
        try {
            response.text = koji::render_response(answer(request));
        } catch (const Fault& fault) {
            response.text = koji::render_fault(fault.fault_code(), fault.what());
        }
        return response;
    }

    std::vector<std::string> applied;
    std::map<std::string, std::string> files;
    std::string key = "key-1";
    std::int64_t callnum = -1;
    bool is_expired = false;
    int offline_answers = 0;

private:
    koji::Value answer(const http::Request& request) {
        if (offline_answers > 0 && offline_answers-- > 0)
            throw Fault{FaultCode::ServerOffline, "database outage"};
        if (request.headers.find("Content-Type") == "application/octet-stream") {
            count(request, "rawUpload");
            return upload(request);
        }
        const koji::Call call = koji::parse_call(request.read_body(1U << 20U));
        if (call.method == "login") return log_in(call);
        count(request, call.method);
        applied.push_back(call.method);
        if (call.method == "fail") throw Fault{FaultCode::GenericError, "no"};
        if (call.method == "checkUpload") return status_of(call);
        if (call.method == "multiCall") return answer_all(*call.params.at(0).if_array());
        return koji::Array{call.params};
    }

    koji::Value log_in(const koji::Call& call) {
        const koji::Arguments arguments = koji::split_arguments(call.params);
        if (arguments.positional.at(1) != koji::Value{"secret"})
            throw Fault{FaultCode::AuthError, "invalid username or password"};
        if (arguments.keywords.find("renew") != nullptr) {
            key = "key-2";
            is_expired = false;
        }
        koji::Struct row;
        row.set("session-id", 7);
        row.set("session-key", key);
        row.set("header-auth", true);
        return row;
    }

    void count(const http::Request& request, const std::string& method) {
        const auto number = request.headers.find("Koji-Session-Callnum");
        if (!number) return;
        if (request.headers.find("Koji-Session-Key") != key)
            throw Fault{FaultCode::AuthError, "Invalid session or bad credentials"};
        if (is_expired) throw Fault{FaultCode::AuthExpired, "session \"7\" has expired"};
        const std::int64_t given = std::stoll(*number);
        if (given == callnum)
            throw Fault{
                FaultCode::RetryError,
                "unable to retry call " + *number + " (method " + method + ")"};
        if (given < callnum) throw Fault{FaultCode::SequenceError, *number};
        callnum = given;
    }

    koji::Value upload(const http::Request& request) {
        std::string& file =
            files[*request.find_query("filepath") + "/" + *request.find_query("filename")];
        const std::string chunk = request.read_body(2U << 20U);
        const std::size_t offset = std::stoul(*request.find_query("offset"));
        if (request.find_query("overwrite")) file.resize(offset);
        if (file.size() != offset) throw Fault{FaultCode::GenericError, "Incorrect upload length"};
        file += chunk;
        Adler32 sum;
        sum.update(as_bytes(chunk));
        koji::Struct row;
        row.set("size", static_cast<std::int64_t>(chunk.size()));
        row.set("hexdigest", sum.hex());
        return row;
    }

    koji::Value status_of(const koji::Call& call) {
        const auto found =
            files.find(*call.params.at(0).if_string() + "/" + *call.params.at(1).if_string());
        if (found == files.end()) return nullptr;
        Adler32 sum;
        sum.update(as_bytes(found->second));
        koji::Struct row;
        row.set("size", static_cast<std::int64_t>(found->second.size()));
        row.set("hexdigest", sum.hex());
        return row;
    }

    static koji::Value answer_all(const koji::Array& calls) {
        koji::Array answers;
        for (const koji::Value& call : calls) {
            const koji::Value* name = call.if_struct()->find("methodName");
            if (*name == koji::Value{"fail"}) {
                koji::Struct fault;
                fault.set("faultCode", 1000);
                fault.set("faultString", "no");
                answers.emplace_back(fault);
            } else {
                answers.emplace_back(koji::Array{*name});
            }
        }
        return answers;
    }
};

class KojiSessionTest : public testing::Test {
protected:
    FakeHub hub;
    test::FunctionHandler handler{[this](const http::Request& r) { return hub.handle(r); }};
    test::ScriptedHttpClient http{handler};
    SeededRandom random{1};
    ManualClock clock{WallTime{}};
    std::stop_source stop;
    KojiSession session{
        {.url = "http://hub.test/kojihub",
         .attempts_max = 4,
         .first_pause = std::chrono::milliseconds{0}},
        http,
        random,
        clock,
        stop.get_token()};

    void log_in() { session.login("kate", Secret{"secret"}); }

    std::vector<std::string> numbers() const {
        std::vector<std::string> all;
        for (const http::ClientRequest& request : http.seen)
            all.push_back(request.headers.find("Koji-Session-Callnum").value_or("-"));
        return all;
    }
};

TEST_F(KojiSessionTest, CallsAnonymouslyAndPassesKeywords) {
    koji::Struct keywords;
    keywords.set("strict", true);
    const koji::Value answer = session.call("getTag", koji::Array{"f40"}, keywords);
    keywords.set("__starstar", true);
    EXPECT_EQ(answer, (koji::Value{koji::Array{koji::Value{koji::Array{"f40", keywords}}}}));
    EXPECT_THAT(numbers(), ElementsAre("-"));
}

TEST_F(KojiSessionTest, NumbersTheCallsOfASession) {
    log_in();
    session.call("a");
    session.call("b");
    EXPECT_EQ(session.session_id(), 7);
    EXPECT_THAT(numbers(), ElementsAre("-", "0", "1"));
    EXPECT_EQ(http.seen.back().headers.find("Koji-Session-Key"), "key-1");
}

TEST_F(KojiSessionTest, RefusesAWrongPassword) {
    EXPECT_THROW(session.login("kate", Secret{"guess"}), Fault);
    EXPECT_FALSE(session.is_logged_in());
}

TEST_F(KojiSessionTest, RepeatsACallThatDidNotGetThrough) {
    log_in();
    http.fates = {Fate::Unreachable, Fate::Unreachable, Fate::Answered};
    session.call("a");
    EXPECT_THAT(hub.applied, ElementsAre("a"));
    EXPECT_THAT(numbers(), ElementsAre("-", "0"));
}

TEST_F(KojiSessionTest, AppliesACallOnceWhenItsAnswerIsLost) {
    log_in();
    http.fates = {Fate::AnswerLost};
    try {
        session.call("a");
        FAIL() << "the answer cannot be known";
    } catch (const Fault& fault) {
        EXPECT_EQ(fault.fault_code(), FaultCode::RetryError);
    }
    EXPECT_THAT(hub.applied, ElementsAre("a"));
    session.call("b");
    EXPECT_THAT(hub.applied, ElementsAre("a", "b"));
}

TEST_F(KojiSessionTest, NeverUsesTheNumberOfAGivenUpCallAgain) {
    log_in();
    http.fates = {Fate::AnswerLost, Fate::Unreachable, Fate::Unreachable, Fate::Unreachable};
    EXPECT_THROW(session.call("a"), Error);
    session.call("b");
    EXPECT_THAT(hub.applied, ElementsAre("a", "b"));
}

TEST_F(KojiSessionTest, GivesUpAfterItsAttempts) {
    http.fates.assign(4, Fate::Unreachable);
    try {
        session.call("a");
        FAIL() << "answered";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Unavailable);
    }
    EXPECT_TRUE(http.fates.empty());
}

TEST_F(KojiSessionTest, DoesNotRepeatWhatTheHubRefused) {
    EXPECT_THROW(session.call("fail"), Fault);
    EXPECT_THAT(hub.applied, ElementsAre("fail"));
}

TEST_F(KojiSessionTest, WaitsForAHubThatIsOffline) {
    hub.offline_answers = 2;
    session.call("a");
    EXPECT_THAT(hub.applied, ElementsAre("a"));
}

TEST_F(KojiSessionTest, RenewsAnExpiredSessionAndGoesOn) {
    log_in();
    session.call("a");
    hub.is_expired = true;
    session.call("b");
    EXPECT_THAT(hub.applied, ElementsAre("a", "b"));
    EXPECT_EQ(http.seen.back().headers.find("Koji-Session-Key"), "key-2");
}

TEST_F(KojiSessionTest, StopsWhenAsked) {
    stop.request_stop();
    EXPECT_THROW(session.call("a"), Cancelled);
}

TEST_F(KojiSessionTest, ForgetsTheSessionThoughTheHubIsGone) {
    log_in();
    http.fates.assign(4, Fate::Unreachable);
    session.logout();
    EXPECT_FALSE(session.is_logged_in());
}

TEST_F(KojiSessionTest, RunsManyCallsAndTellsEachOutcome) {
    const auto outcomes = session.multicall({{.method = "a"}, {.method = "fail"}, {.method = "b"}});
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0].get(), koji::Value{"a"});
    EXPECT_THROW(outcomes[1].get(), Fault);
    EXPECT_EQ(outcomes[2].get(), koji::Value{"b"});
}

TEST_F(KojiSessionTest, SplitsManyCallsIntoMessages) {
    const std::vector<koji::Call> calls(kCallsPerMessageMax + 1, koji::Call{.method = "a"});
    EXPECT_EQ(session.multicall(calls).size(), calls.size());
    EXPECT_EQ(http.seen.size(), 2U);
}

TEST_F(KojiSessionTest, UploadsAFileInChunksThoughAnswersAreLost) {
    const test::TempDir folder;
    const std::string content(kUploadChunk + 5, 'x');
    std::ofstream{folder.path() / "f"} << content;
    log_in();
    http.fates = {Fate::AnswerLost, Fate::Answered, Fate::AnswerLost};
    session.upload_file(folder.path() / "f", {.folder = "cli-build/1.a", .name = "f g"});
    EXPECT_EQ(hub.files.at("cli-build/1.a/f g"), content);
}

TEST_F(KojiSessionTest, UploadsAnEmptyFile) {
    const test::TempDir folder;
    std::ofstream{folder.path() / "f"}.flush();
    log_in();
    session.upload_file(folder.path() / "f", {.folder = "a", .name = "f"});
    EXPECT_EQ(hub.files.at("a/f"), "");
    EXPECT_FALSE(session.check_upload({.folder = "a", .name = "g"}));
}

TEST(KojiSession, SaysThatAnotherServerIsNoHub) {
    test::FunctionHandler handler{
        [](const http::Request&) { return http::Response::html(200, "<html>hello</html>"); }};
    test::ScriptedHttpClient http{handler};
    SeededRandom random{1};
    ManualClock clock{WallTime{}};
    KojiSession session{{.url = "http://x.test/"}, http, random, clock, {}};
    try {
        session.call("getAPIVersion");
        FAIL() << "took it for a hub";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::DataCorrupt);
    }
}

}  // namespace
}  // namespace nacre::client
