#include "archive/tar.hpp"
#include "base/error.hpp"
#include "engine/build.hpp"
#include "engine/layer_writer.hpp"
#include "exec/executor.hpp"
#include "store/copy_snapshotter.hpp"
#include "store/memory_blob_store.hpp"
#include "store/memory_image_names.hpp"
#include "support/code_of.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>

namespace nacre::engine {
namespace {

using nacre::test::code_of;
using nacre::test::message_of;

/// Unpacking runs nothing.
class NoExecutor final : public exec::Executor {
public:
    os::ExitStatus run(
        const exec::ContainerSpec& /*spec*/,
        ByteSink& /*output*/,
        std::stop_token /*stop*/) override {
        throw Error{ErrorCode::Unsupported, "nothing is run here"};
    }

    std::vector<std::string> unkept(const exec::ResourceLimits& /*limits*/) const override {
        return {};
    }

    std::string describe() const override { return "none"; }
};

class Unpacking : public testing::Test {
protected:
    Unpacking() { std::filesystem::create_directory(folder.path() / "locks"); }

    Layer layer_of(const std::string& path, std::size_t trailing = 0) {
        return write_layer_blob(blobs, {.level = 1}, [&](ByteSink& out) {
            archive::TarWriter writer{out};
            writer.add({.path = path});
            writer.finish();
            out.write(as_bytes(std::string(trailing, '\0')));
        });
    }

    void unpack(const Layer& layer) {
        const BuildServices services{blobs, snapshots, executor, bases, folder.path() / "locks"};
        ensure_unpacked(layer, services, {});
    }

    nacre::test::TempDir folder;
    store::MemoryBlobStore blobs;
    store::CopySnapshotter snapshots{folder.path() / "snapshots"};
    store::MemoryImageNames names;
    StoreBaseImages bases{names, blobs, ""};
    NoExecutor executor;
};

TEST_F(Unpacking, KeepsALayerUnderItsDiffId) {
    const Layer layer = layer_of("a");
    unpack(layer);
    EXPECT_TRUE(snapshots.has_layer(layer.diff_id));
}

TEST_F(Unpacking, NeverKeepsBytesUnderTheDiffIdOfOthers) {
    const Layer trusted = layer_of("trusted");
    const Layer lying{layer_of("evil").blob, trusted.diff_id};
    EXPECT_EQ(code_of([&] { unpack(lying); }), ErrorCode::DataCorrupt);
    EXPECT_THAT(
        message_of([&] { unpack(lying); }), testing::HasSubstr("the image's configuration says"));
    EXPECT_TRUE(snapshots.layers().empty());
    // The layer whose diff id it really is has not been harmed.
    unpack(trusted);
    const auto snapshot = snapshots.prepare({trusted.diff_id});
    EXPECT_TRUE(std::filesystem::exists(snapshot->root() / "trusted"));
    EXPECT_FALSE(std::filesystem::exists(snapshot->root() / "evil"));
}

TEST_F(Unpacking, DigestsWhatFollowsTheEndMarkToo) {
    const Layer padded = layer_of("a", 10240);
    EXPECT_NE(padded.diff_id, layer_of("a").diff_id);
    unpack(padded);
    EXPECT_TRUE(snapshots.has_layer(padded.diff_id));
}

TEST_F(Unpacking, RefusesAnEndlessTail) {
    const Layer bomb = layer_of("a", 20U << 20U);
    EXPECT_THAT(message_of([&] { unpack(bomb); }), testing::HasSubstr("is followed by more than"));
    EXPECT_TRUE(snapshots.layers().empty());
}

}  // namespace
}  // namespace nacre::engine
