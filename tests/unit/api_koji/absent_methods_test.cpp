#include "base/text.hpp"
#include "koji/fault.hpp"
#include "os/file.hpp"
#include "unit/api_koji/hub_fixture.hpp"

#include <gmock/gmock.h>

#include <map>

namespace nacre::api::koji {
namespace {

using nacre::koji::Fault;
using nacre::koji::FaultCode;

/// The methods of the page's table "Left out on purpose", each with the beginning of its fault.
std::map<std::string, std::string> documented() {
    const std::string page = os::read_file(
        std::filesystem::path{NACRE_SOURCE_DIR} / "docs/koji-compatibility.md", 1 << 20);
    std::map<std::string, std::string> methods;
    const std::size_t start = page.find("## Left out on purpose");
    for (const std::string& line : split(std::string_view{page}.substr(start), '\n')) {
        if (!line.starts_with("| `")) continue;
        const std::vector<std::string> words = split(line, '`');
        for (std::size_t i = 3; i < words.size(); i += 2)
            methods.emplace(words[i], words[1]);
    }
    return methods;
}

TEST(AbsentMethods, AreThoseOfTheCompatibilityPageWithItsFaults) {
    HubFixture fixture;
    std::map<std::string, std::string> left_out;
    for (const auto& [name, method] : fixture.dispatcher.methods()) {
        if (method.doc != "Left out of this hub.") continue;
        try {
            fixture.call(fixture.anonymous, name);
            ADD_FAILURE() << name << " was accepted";
        } catch (const Fault& fault) {
            EXPECT_EQ(fault.fault_code(), FaultCode::GenericError) << name;
            left_out.emplace(name, fault.what());
        }
    }
    const auto page = documented();
    for (const auto& [name, fault] : left_out)
        EXPECT_TRUE(page.contains(name)) << "the page does not list '" << name << "'";
    for (const auto& [name, fault] : page) {
        ASSERT_TRUE(left_out.contains(name)) << "the hub does not leave out '" << name << "'";
        EXPECT_THAT(left_out.at(name), testing::StartsWith(fault)) << name;
    }
}

}  // namespace
}  // namespace nacre::api::koji
