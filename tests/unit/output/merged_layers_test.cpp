#include "output/merged_layers.hpp"

#include "base/error.hpp"
#include "store/faulty_blob_store.hpp"
#include "store/memory_blob_store.hpp"
#include "support/code_of.hpp"
#include "unit/archive/tar_support.hpp"

#include <gmock/gmock.h>

namespace nacre::output {
namespace {

using archive::EntryType;
using archive::test::ReadEntry;
using testing::ElementsAre;

class MergedLayersTest : public testing::Test {
protected:
    void add_layer(const std::vector<ReadEntry>& entries) {
        const std::string tar = archive::test::write_tar(entries);
        layers.push_back(
            {.media_type = std::string{oci::kMediaTypeLayer},
             .digest = store::write_blob(blobs, tar),
             .size = tar.size()});
    }

    std::string merge(MergeInto into) {
        StringSink out;
        write_merged_layers(blobs, layers, into, out);
        return out.take();
    }

    /// "path=content", "path>target", "path/".
    std::vector<std::string> shown(MergeInto into) {
        std::vector<std::string> lines;
        for (const auto& [entry, content] : archive::test::read_tar(merge(into)))
            lines.push_back(
                entry.path
                + (entry.type == EntryType::Directory  ? "/"
                   : entry.type == EntryType::Hardlink ? ">" + entry.link_target
                                                       : "=" + content));
        return lines;
    }

    void add_three() {
        add_layer(
            {{{.path = "etc", .type = EntryType::Directory, .mode = 0755}, ""},
             {{.path = "etc/old"}, "old"},
             {{.path = "etc/kept", .uid = 7}, "kept"},
             {{.path = "etc/same", .type = EntryType::Hardlink, .link_target = "etc/old"}, ""}});
        add_layer({{{.path = "etc/.wh.old"}, ""}, {{.path = "etc/new"}, "new"}});
        add_layer({{{.path = "var/log/x"}, "x"}, {{.path = ".wh.gone"}, ""}});
    }

    store::MemoryBlobStore blobs;
    std::vector<oci::Descriptor> layers;
};

TEST_F(MergedLayersTest, MakeOneRoot) {
    add_three();
    EXPECT_THAT(
        shown(MergeInto::Root),
        ElementsAre(
            "etc/",
            "var/",
            "var/log/",
            "etc/same=old",
            "etc/kept=kept",
            "etc/new=new",
            "var/log/x=x"));
}

TEST_F(MergedLayersTest, MakeOneLayerThatStillHidesWhatIsBelow) {
    add_three();
    EXPECT_THAT(
        shown(MergeInto::Layer),
        ElementsAre(
            "etc/",
            "etc/.wh.old=",
            ".wh.gone=",
            "etc/same=old",
            "etc/kept=kept",
            "etc/new=new",
            "var/log/x=x"));
}

TEST_F(MergedLayersTest, HaveTheSameBytesEachTime) {
    add_three();
    EXPECT_EQ(merge(MergeInto::Root), merge(MergeInto::Root));
}

TEST_F(MergedLayersTest, OfNothingAreAnEmptyArchive) {
    EXPECT_TRUE(archive::test::read_tar(merge(MergeInto::Root)).empty());
}

TEST_F(MergedLayersTest, PassOnTheFailureOfEachReadOfTheStore) {
    add_three();
    int failures = 0;
    for (int failing = 1;; ++failing) {
        store::FaultyBlobStore faulty{blobs, failing};
        StringSink out;
        try {
            write_merged_layers(faulty, layers, MergeInto::Root, out);
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::Unavailable);
            ++failures;
        }
    }
    EXPECT_GT(failures, 10);
}

}  // namespace
}  // namespace nacre::output
