#include "archive/digester.hpp"

namespace nacre::archive {
namespace {

TEST(Digester, KnowsThePublishedDigests) {
    EXPECT_EQ(
        hash_hex(HashAlgorithm::Sha256, as_bytes("foo")),
        "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
    EXPECT_EQ(hash_hex(HashAlgorithm::Md5, as_bytes("foo")), "acbd18db4cc2f85cedef654fccc4a4d8");
    EXPECT_EQ(
        hash_hex(HashAlgorithm::Sha1, as_bytes("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(hash_hex(HashAlgorithm::Sha512, as_bytes("")).substr(0, 16), "cf83e1357eefb8bd");
}

TEST(Digester, JoinsItsUpdates) {
    Digester digester{HashAlgorithm::Sha256};
    digester.update(as_bytes("f"));
    digester.update(as_bytes(""));
    digester.update(as_bytes("oo"));
    EXPECT_EQ(digester.finish_hex(), hash_hex(HashAlgorithm::Sha256, as_bytes("foo")));
}

TEST(DigestingSink, PassesOnCountsAndDigests) {
    StringSink out;
    DigestingSink sink{HashAlgorithm::Md5, out};
    sink.write(as_bytes("fo"));
    sink.write(as_bytes("o"));
    EXPECT_EQ(out.text(), "foo");
    EXPECT_EQ(sink.size(), 3U);
    EXPECT_EQ(sink.finish_hex(), "acbd18db4cc2f85cedef654fccc4a4d8");
}

}  // namespace
}  // namespace nacre::archive
