#include "contract/hub_connection_contract.hpp"

#include "koji/fault.hpp"
#include "koji/fields.hpp"

namespace nacre::builder::contract {

TEST_P(HubConnectionContract, AnswersCalls) {
    EXPECT_EQ(hub().call("getAPIVersion", {}), koji::Value{1});
    const koji::Value host = hub().call("host.getHost", {});
    EXPECT_EQ(koji::get_string(koji::get_struct(host), "name"), "builder.example");
}

TEST_P(HubConnectionContract, PassesArguments) {
    EXPECT_TRUE(hub().call("getTag", {"no-such-tag"}).is_nil());
    const koji::Value channel = hub().call("getChannel", {"default"});
    EXPECT_EQ(koji::get_string(koji::get_struct(channel), "name"), "default");
}

TEST_P(HubConnectionContract, ThrowsTheHubsFaults) {
    try {
        hub().call("no.such.method", {});
        FAIL() << "no fault";
    } catch (const koji::Fault& fault) {
        EXPECT_EQ(fault.fault_code(), koji::FaultCode::GenericError);
        EXPECT_STREQ(fault.what(), "Invalid method: no.such.method");
    }
    try {
        hub().call("createTag", {"not-for-hosts"});
        FAIL() << "no fault";
    } catch (const koji::Fault& fault) {
        EXPECT_EQ(fault.fault_code(), koji::FaultCode::ActionNotAllowed);
    }
}

TEST_P(HubConnectionContract, GoesOnAfterAFault) {
    EXPECT_THROW(hub().call("createTag", {"not-for-hosts"}), koji::Fault);
    EXPECT_TRUE(hub().call("host.updateHost", {0.0, true}).is_nil());
    EXPECT_TRUE(hub().call("host.updateHost", {1.5, true}).is_nil());
    const koji::Value host = hub().call("host.getHost", {});
    EXPECT_EQ(*koji::get_struct(host).find("task_load"), koji::Value{1.5});
}

TEST_P(HubConnectionContract, UploadsInPieces) {
    hub().upload("cli-build/1.x", "log", 0, as_bytes("one "));
    hub().upload("cli-build/1.x", "log", 4, as_bytes("two"));
    const koji::Value status = hub().call("checkUpload", {"cli-build/1.x", "log"});
    EXPECT_EQ(koji::get_integer(koji::get_struct(status), "size"), 7);
}

TEST_P(HubConnectionContract, RefusesAnUploadOutsideTheWorkTree) {
    EXPECT_THROW(hub().upload("../outside", "log", 0, as_bytes("x")), koji::Fault);
    EXPECT_THROW(hub().upload("cli-build", "../log", 0, as_bytes("x")), koji::Fault);
}

TEST_P(HubConnectionContract, OpensSessionsForWorkers) {
    const koji::Value session = hub().call("subsession", {});
    EXPECT_GT(koji::get_integer(koji::get_struct(session), "session-id"), 0);
    EXPECT_FALSE(koji::get_string(koji::get_struct(session), "session-key").empty());
}

}  // namespace nacre::builder::contract
