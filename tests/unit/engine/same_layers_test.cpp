// Same input, same layers: whatever the order of a tree, the number of threads and of stages at once.
#include "archive/compression.hpp"
#include "support/build_machine.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace nacre::engine::test {
namespace {

/// A tree that lists its entries in no order.
class ShuffledTree final : public source::Tree {
public:
    ShuffledTree(const source::Tree& inner, unsigned seed) : inner_{inner}, seed_{seed} {}

    std::optional<source::Node> find(std::string_view path) const override {
        return inner_.find(path);
    }

    std::vector<source::Node> walk(std::string_view path) const override {
        std::vector<source::Node> nodes = inner_.walk(path);
        std::ranges::shuffle(nodes, std::mt19937{seed_});
        return nodes;
    }

    std::unique_ptr<ByteSource> open(const source::Node& file) const override {
        return inner_.open(file);
    }

    std::optional<std::int64_t> commit_time() const override { return inner_.commit_time(); }

private:
    const source::Tree& inner_;
    const unsigned seed_;
};

constexpr const char* kDockerfile =
    "FROM busybox:1 AS a\nCOPY . /all/\nRUN mkdir /made; cp -r /all/d1 /made/; ln /made/d1/0 "
    "/made/same\n"
    "FROM busybox:1 AS b\nCOPY d2 d3 /some/\nRUN find /some > /found; sort /found > /sorted; rm "
    "/found\n"
    "FROM scratch\nCOPY --from=a /made /all /\nCOPY --from=b / /b/\nCOPY --parents --exclude=**/3 "
    "d* /p/\n";

class SameLayers : public BuildTest {
protected:
    void SetUp() override {
        BuildTest::SetUp();
        if (IsSkipped()) return;
        for (int folder = 0; folder < 5; ++folder) {
            const std::string name = "d" + std::to_string(folder);
            machine().context.add_folder(name, 0711);
            for (int file = 0; file < 20; ++file)
                machine().context.add_file(
                    name + "/" + std::to_string(file), std::string(60'000, 'x'));
            machine().context.add_symlink(name + "/link", "0");
        }
        expected_ = machine().build(kDockerfile).layers;
    }

    void expect_same() { EXPECT_EQ(machine().build(kDockerfile).layers, expected_); }

private:
    std::vector<Layer> expected_;
};

TEST_F(SameLayers, ComeOfATreeInAnyOrder) {
    for (const unsigned seed : {1U, 2U, 3U}) {
        const ShuffledTree tree{machine().context, seed};
        machine().other_context = &tree;
        expect_same();
    }
}

TEST_F(SameLayers, ComeOfAnyNumberOfThreadsAndJobs) {
    for (const unsigned threads : {1U, 2U, 7U}) {
        machine().compression.threads = threads;
        machine().jobs = 8 - threads;
        expect_same();
    }
}

TEST_F(SameLayers, ComeOfASecondBuildWithoutTheCache) {
    MemoryStepCache cache;
    machine().cache = &cache;
    expect_same();
    expect_same();
    machine().cache = nullptr;
    expect_same();
}

}  // namespace
}  // namespace nacre::engine::test
