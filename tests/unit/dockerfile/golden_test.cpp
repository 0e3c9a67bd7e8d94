#include "dump.hpp"
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace nacre::dockerfile {
namespace {

const std::filesystem::path kCorpus =
    std::filesystem::path{NACRE_SOURCE_DIR} / "tests/unit/dockerfile/corpus";

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream{path, std::ios::binary}.rdbuf();
    return text.str();
}

std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator{kCorpus}) {
        if (entry.path().extension() == ".Dockerfile")
            found.push_back(entry.path().stem().string());
    }
    std::ranges::sort(found);
    return found;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, ParsesToTheRecordedTree) {
    const std::string source = read(kCorpus / (GetParam() + ".Dockerfile"));
    const std::string dumped = dump(parse(source, "Dockerfile"));
    const std::filesystem::path golden = kCorpus / (GetParam() + ".golden");
    if (std::getenv("NACRE_ACCEPT") != nullptr) std::ofstream{golden, std::ios::binary} << dumped;
    EXPECT_EQ(dumped, read(golden));
}

INSTANTIATE_TEST_SUITE_P(
    Corpus,
    Golden,
    testing::ValuesIn(names()),
    [](const testing::TestParamInfo<std::string>& test) { return test.param; });

}  // namespace
}  // namespace nacre::dockerfile
