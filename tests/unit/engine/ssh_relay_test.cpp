#include "engine/ssh_relay.hpp"

#include "os/file.hpp"
#include "support/code_of.hpp"
#include "support/echo_agent.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

namespace nacre::engine {
namespace {

class SshRelayTest : public testing::Test {
protected:
    std::string talk(const std::string& text) {
        const os::UniqueFd fd = test::unix_socket();
        const sockaddr_un address = test::unix_address(folder_.path() / "relay");
        EXPECT_EQ(
            ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        // The relay may have closed it already: what counts is what comes back.
        if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return "";
        ::shutdown(fd.get(), SHUT_WR);
        return os::read_all(fd.get(), 1U << 24U);
    }

    test::TempDir folder_;
};

TEST_F(SshRelayTest, PassesBytesBothWaysForSeveralConnections) {
    const test::EchoAgent agent{folder_.path() / "agent"};
    const SshRelay relay{folder_.path() / "agent", folder_.path(), "relay"};
    EXPECT_EQ(talk("one"), "one");
    EXPECT_EQ(talk("two"), "two");
    const std::string much(50'000, 'x');
    EXPECT_EQ(talk(much), much);
}

TEST_F(SshRelayTest, EndsConnectionsWhenThereIsNoAgent) {
    const SshRelay relay{folder_.path() / "agent", folder_.path(), "relay"};
    EXPECT_EQ(talk(""), "");
}

TEST_F(SshRelayTest, RefusesAPathThatIsNoAddress) {
    EXPECT_EQ(
        test::code_of([&] { SshRelay{"/" + std::string(200, 'a'), folder_.path(), "relay"}; }),
        ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace nacre::engine
