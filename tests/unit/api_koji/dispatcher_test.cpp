#include "api/koji/dispatcher.hpp"

#include "koji/fault.hpp"
#include "unit/api_koji/hub_fixture.hpp"

#include <gmock/gmock.h>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;
using testing::HasSubstr;

struct Refusal {
    FaultCode code;
    std::string text;
};

class DispatcherTest : public testing::Test {
protected:
    HubFixture fixture;

    Value call(const CallHeaders& who, std::string_view method, Array params = {}) {
        return fixture.call(who, method, std::move(params));
    }

    Refusal refusal(const CallHeaders& who, std::string_view method, Array params = {}) {
        try {
            fixture.call(who, method, std::move(params));
        } catch (const Fault& fault) {
            return {.code = fault.fault_code(), .text = fault.what()};
        }
        return {.code = FaultCode::Uncaught, .text = "accepted"};
    }

    static Value field(const Value& row, std::string_view name) {
        const Struct* members = row.if_struct();
        if (members == nullptr || members->find(name) == nullptr) return "no such field";
        return *members->find(name);
    }

    static Struct inner(std::string_view method, Array params) {
        Struct call;
        call.set("methodName", method);
        call.set("params", std::move(params));
        return call;
    }
};

TEST_F(DispatcherTest, AnswersAnonymousReads) {
    EXPECT_EQ(call(fixture.anonymous, "getAPIVersion"), Value{1});
    EXPECT_EQ(call(fixture.anonymous, "getLoggedInUser"), Value{});
    EXPECT_EQ(call(fixture.anonymous, "getTag", {"nope"}), Value{});
}

TEST_F(DispatcherTest, RefusesUnknownMethodsWithTheTextClientsProbeFor) {
    const Refusal refused = refusal(fixture.anonymous, "makeCoffee");
    EXPECT_EQ(refused.code, FaultCode::GenericError);
    EXPECT_EQ(refused.text, "Invalid method: makeCoffee");
}

TEST_F(DispatcherTest, TakesParametersByNameAndRefusesOthers) {
    fixture.set_up_target();
    Struct keywords;
    keywords.set("tagInfo", "f40");
    keywords.set("__starstar", true);
    EXPECT_EQ(field(call(fixture.anonymous, "getTag", {keywords}), "name"), Value{"f40"});
    keywords.set("colour", "red");
    const Refusal refused = refusal(fixture.anonymous, "getTag", {keywords});
    EXPECT_EQ(refused.code, FaultCode::ParameterError);
    EXPECT_EQ(refused.text, "getTag() got an unexpected keyword argument 'colour'");
}

TEST_F(DispatcherTest, SaysWhichArgumentIsOfAnotherType) {
    EXPECT_EQ(
        refusal(fixture.anonymous, "getTag", {2.5}).text,
        "getTag() argument 'tagInfo': expected a name or an id, found double");
}

TEST_F(DispatcherTest, RefusesAWrongPassword) {
    const Refusal refused = refusal(fixture.anonymous, "login", {"kate", "guess"});
    EXPECT_EQ(refused.code, FaultCode::AuthError);
    hub::Call audit = fixture.hub.begin_as_service(sql::Access::Read);
    const auto records = hub::read_audit(audit);
    ASSERT_FALSE(records.empty());
    EXPECT_EQ(records.front().action, "login.refused");
    EXPECT_EQ(records.front().subject, "kate");
    EXPECT_EQ(records.front().address, "10.0.0.1");
    EXPECT_EQ(records.front().user, "");
}

TEST_F(DispatcherTest, RefusesAWrongKeyAndAnotherAddress) {
    CallHeaders stolen = fixture.kate;
    stolen.session->key = "2-guess";
    EXPECT_EQ(refusal(stolen, "getLoggedInUser").code, FaultCode::AuthError);
    CallHeaders moved = fixture.kate;
    moved.peer = "10.9.9.9";
    EXPECT_EQ(refusal(moved, "getLoggedInUser").code, FaultCode::AuthError);
}

TEST_F(DispatcherTest, RefusesChangesWithoutLoginOrPermission) {
    EXPECT_EQ(refusal(fixture.anonymous, "createTag", {"x"}).code, FaultCode::ActionNotAllowed);
    const Refusal refused = refusal(fixture.kate, "createUser", {"x"});
    EXPECT_EQ(refused.code, FaultCode::ActionNotAllowed);
    EXPECT_EQ(refused.text, "admin permission required");
    hub::Call audit = fixture.hub.begin_as_service(sql::Access::Read);
    const auto records = hub::read_audit(audit);
    ASSERT_FALSE(records.empty());
    EXPECT_EQ(records.front().user, "kate");
    EXPECT_EQ(records.front().subject, "createUser");
}

TEST_F(DispatcherTest, RefusesTheSameCallTwice) {
    CallHeaders numbered = fixture.root;
    numbered.session->callnum = 5;
    call(numbered, "createTag", {"a"});
    EXPECT_EQ(refusal(numbered, "createTag", {"b"}).code, FaultCode::RetryError);
    numbered.session->callnum = 4;
    EXPECT_EQ(refusal(numbered, "createTag", {"b"}).code, FaultCode::SequenceError);
    EXPECT_EQ(call(fixture.anonymous, "getTag", {"b"}), Value{});
}

TEST_F(DispatcherTest, RenewsASessionUnderItsIdWithAnotherKey) {
    Struct keywords;
    keywords.set("renew", true);
    keywords.set("__starstar", true);
    const Value answer = call(fixture.kate, "login", {"kate", "kate", keywords});
    EXPECT_EQ(field(answer, "session-id"), Value{fixture.kate.session->id.value()});
    EXPECT_NE(field(answer, "session-key"), Value{fixture.kate.session->key});
    EXPECT_EQ(refusal(fixture.kate, "getLoggedInUser").code, FaultCode::AuthError);
}

TEST_F(DispatcherTest, LetsTheTransportVerifyAUser) {
    CallHeaders verified = fixture.anonymous;
    EXPECT_EQ(refusal(verified, "sslLogin").code, FaultCode::AuthError);
    verified.client = {.authtype = hub::AuthType::Ssl, .identity = "CN=kate", .name = "kate"};
    EXPECT_EQ(field(call(verified, "sslLogin"), "header-auth"), Value{true});
}

TEST_F(DispatcherTest, UndoesOneFailedCallOfAMultiCallAlone) {
    const Value answer = call(
        fixture.root,
        "multiCall",
        Array{Value{Array{
            inner("createTag", {"a"}),
            inner("createTag", {"a"}),
            inner("nonsense", {}),
            inner("createTag", {"b"})}}});
    const Array& outcomes = *answer.if_array();
    ASSERT_EQ(outcomes.size(), 4U);
    EXPECT_NE(outcomes[0].if_array(), nullptr);
    EXPECT_EQ(field(outcomes[1], "faultCode"), Value{1000});
    EXPECT_EQ(field(outcomes[2], "faultString"), Value{"Invalid method: nonsense"});
    EXPECT_NE(outcomes[3].if_array(), nullptr);
    EXPECT_NE(call(fixture.anonymous, "getTag", {"b"}), Value{});
}

TEST_F(DispatcherTest, DoesNotLogInInsideAMultiCall) {
    const Value answer = call(
        fixture.anonymous,
        "multiCall",
        Array{Value{Array{inner("login", {"kate", "guess"}), inner("sslLogin", {})}}});
    for (const Value& outcome : *answer.if_array())
        EXPECT_THAT(*field(outcome, "faultString").if_string(), HasSubstr("from inside another"));
}

TEST_F(DispatcherTest, CountsAndFiltersRows) {
    fixture.set_up_target();
    Struct keywords;
    Struct options;
    options.set("order", "-name");
    options.set("limit", 1);
    keywords.set("filterOpts", options);
    keywords.set("__starstar", true);
    const Value answer = call(fixture.anonymous, "countAndFilterResults", {"listTags", keywords});
    const Array& pair = *answer.if_array();
    EXPECT_EQ(pair[0], Value{2});
    ASSERT_EQ(pair[1].if_array()->size(), 1U);
    EXPECT_EQ(field(pair[1].if_array()->front(), "name"), Value{"f40-build"});
    EXPECT_EQ(call(fixture.anonymous, "count", {"listTags"}), Value{2});
}

TEST_F(DispatcherTest, SaysThatAMethodIsLeftOut) {
    const Refusal refused = refusal(fixture.root, "newRepo", {"f40"});
    EXPECT_EQ(refused.code, FaultCode::GenericError);
    EXPECT_THAT(refused.text, HasSubstr("left out of this hub"));
}

TEST_F(DispatcherTest, DescribesAllItsMethods) {
    const Value names = call(fixture.anonymous, "system.listMethods");
    EXPECT_THAT(*names.if_array(), testing::Contains(Value{"buildContainer"}));
    const Value help = call(fixture.anonymous, "system.methodHelp", {"tagBuild"});
    EXPECT_THAT(*help.if_string(), HasSubstr("tagBuild(tag, build, force=False, fromtag=None)"));
    for (const auto& [name, method] : fixture.dispatcher.methods()) {
        EXPECT_FALSE(method.doc.empty()) << name;
        EXPECT_NE(method.run, nullptr) << name;
    }
}

// Whatever a client sends, the answer is a value or an Error that becomes a fault.
TEST_F(DispatcherTest, SurvivesAnyArgumentOfAnyMethod) {
    const std::vector<Value> samples{
        nullptr, true, -1, 1e300, "x", Array{}, Array{Value{nullptr}}, Struct{}, inner("a", {})};
    for (const auto& [name, method] : fixture.dispatcher.methods()) {
        if (name == "logout" || name == "login") continue;
        for (const Value& sample : samples) {
            const Array params(method.signature.parameters().size(), sample);
            try {
                call(fixture.root, name, params);
            } catch (const Error& error) {
                EXPECT_NE(error.code(), ErrorCode::Internal) << name << ": " << error.describe();
            }
        }
    }
}

}  // namespace
}  // namespace nacre::api::koji
