#include "registry/auth_file.hpp"

#include "base/bytes.hpp"
#include "os/file.hpp"
#include "os/scripted_process_runner.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace nacre::registry {
namespace {

using test::code_of;
using test::message_of;
using testing::HasSubstr;

std::string entry(const std::string& user_and_password) {
    return R"({"auth":")" + to_base64(as_bytes(user_and_password)) + "\"}";
}

class AuthFileTest : public testing::Test {
protected:
    std::filesystem::path write(const std::string& name, const std::string& text) {
        const std::filesystem::path file = folder_.path() / name;
        os::write_file_atomically(file, text);
        return file;
    }

    std::string user_for(
        const std::vector<std::filesystem::path>& files, const Repository& repository) {
        const AuthFileCredentials credentials{files, runner_, {"HOME=/home/me"}};
        const auto found = credentials.find(repository, {});
        return found ? found->user + ":" + found->password.reveal() : "nobody";
    }

    test::TempDir folder_;
    os::ScriptedProcessRunner runner_;
};

TEST_F(AuthFileTest, FindsTheNearestEntry) {
    const auto file = write(
        "auth.json",
        R"({"auths":{"registry.test":)" + entry("host:1") + R"(,"registry.test/team":)"
            + entry("team:a:b") + R"(,"registry.test/team/app":)" + entry("app:3")
            + R"(,"https://index.docker.io/v1/":)" + entry("hub:4") + R"(,"other.test:5000":)"
            + R"({"username":"plain","password":"5"}}})");
    EXPECT_EQ(user_for({file}, {"registry.test", "team/app"}), "app:3");
    EXPECT_EQ(user_for({file}, {"registry.test", "team/app/sub"}), "app:3");
    EXPECT_EQ(user_for({file}, {"registry.test", "team/application"}), "team:a:b");
    EXPECT_EQ(user_for({file}, {"registry.test", "teams/app"}), "host:1");
    EXPECT_EQ(user_for({file}, {"docker.io", "library/debian"}), "hub:4");
    EXPECT_EQ(user_for({file}, {"other.test:5000", "x"}), "plain:5");
    EXPECT_EQ(user_for({file}, {"other.test", "x"}), "nobody");
}

TEST_F(AuthFileTest, TakesTheFirstFileThatKnowsTheRegistry) {
    const auto first = write("first", R"({"auths":{"a.test":)" + entry("first:1") + "}}");
    const auto second = write(
        "second",
        R"({"auths":{"a.test/x":)" + entry("second:2") + R"(,"b.test":)" + entry("b:3") + "}}");
    const std::vector<std::filesystem::path> files{first, folder_.path() / "absent", second};
    EXPECT_EQ(user_for(files, {"a.test", "x"}), "first:1");
    EXPECT_EQ(user_for(files, {"b.test", "x"}), "b:3");
}

TEST_F(AuthFileTest, AsksTheProgramsThatKeepCredentials) {
    const auto file = write(
        "config.json",
        R"({"auths":{"stored.test":{}},"credsStore":"desktop","credHelpers":{"helped.test":"other"}})");
    const auto answering = [](const std::string& out, int code = 0) {
        return os::ScriptedProcessRunner::Answer{
            .result = {.status = {.code = code}, .out = out, .err = ""}};
    };
    runner_.expect(
        {"docker-credential-other", "get"}, answering(R"({"Username":"me","Secret":"s"})"));
    runner_.expect(
        {"docker-credential-desktop", "get"}, answering(R"({"Username":"hub","Secret":"t"})"));
    EXPECT_EQ(user_for({file}, {"helped.test", "x"}), "me:s");
    EXPECT_EQ(user_for({file}, {"docker.io", "library/x"}), "hub:t");
    EXPECT_EQ(runner_.calls().at(0).input, "helped.test");
    EXPECT_EQ(runner_.calls().at(0).command.environment, std::vector<std::string>{"HOME=/home/me"});
    EXPECT_EQ(runner_.calls().at(1).input, "https://index.docker.io/v1/");

    runner_.expect(
        {"docker-credential-desktop", "get"},
        answering("credentials not found in native keychain\n", 1));
    EXPECT_EQ(user_for({file}, {"stored.test", "x"}), "nobody");
    runner_.expect({"docker-credential-desktop", "get"}, answering("locked\n", 1));
    EXPECT_THAT(
        message_of([&] { user_for({file}, {"stored.test", "x"}); }),
        HasSubstr("credentials for 'stored.test' from 'docker-credential-desktop': exited with 1: "
                  "'locked'"));
}

TEST_F(AuthFileTest, TakesAnIdentityTokenFromAProgram) {
    const auto file = write("config.json", R"({"credsStore":"desktop"})");
    runner_.always(
        {"docker-credential-desktop"},
        {.result = {.status = {}, .out = R"({"Username":"<token>","Secret":"t"})", .err = ""}});
    const AuthFileCredentials credentials{{file}, runner_, {}};
    EXPECT_EQ(credentials.find({"a.test", "x"}, {})->identity_token.reveal(), "t");
}

TEST_F(AuthFileTest, SaysWhatIsWrongWithAFile) {
    for (const auto& [text, words] :
         {std::pair{"", "JSON"},
          std::pair{"[]", "expected an object"},
          std::pair{R"({"auths":[]})", "'auths' is no object"},
          std::pair{R"({"auths":{"a":{"auth":"%"}}})", "auths['a']"},
          std::pair{R"({"auths":{"a":{"auth":"YQ=="}}})", "base64 of USER:PASSWORD"},
          std::pair{R"({"auths":{"a":{"username":1}}})", "username"},
          std::pair{R"({"credsStore":"../evil"})", "'../evil' is no program name"},
          std::pair{R"({"credHelpers":{"a":"b c"}})", "'b c' is no program name"}}) {
        const auto file = write("auth.json", text);
        EXPECT_EQ(code_of([&] { user_for({file}, {"a", "x"}); }), ErrorCode::InvalidArgument);
        EXPECT_THAT(message_of([&] { user_for({file}, {"a", "x"}); }), HasSubstr(words));
    }
}

TEST(AuthFiles, AreThoseOfDockerAndOfPodman) {
    std::map<std::string, std::string> variables{{"HOME", "/home/me"}};
    const auto find = [&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
    using testing::ElementsAre;
    EXPECT_THAT(
        auth_files(find),
        ElementsAre("/home/me/.config/containers/auth.json", "/home/me/.docker/config.json"));
    variables["XDG_RUNTIME_DIR"] = "/run/user/1";
    variables["DOCKER_CONFIG"] = "/etc/docker";
    EXPECT_THAT(
        auth_files(find),
        ElementsAre(
            "/run/user/1/containers/auth.json",
            "/home/me/.config/containers/auth.json",
            "/etc/docker/config.json"));
    variables["REGISTRY_AUTH_FILE"] = "/here";
    EXPECT_THAT(auth_files(find), ElementsAre("/here"));
    variables.clear();
    EXPECT_TRUE(auth_files(find).empty());
}

}  // namespace
}  // namespace nacre::registry
