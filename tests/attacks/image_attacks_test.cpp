// Attacks 13 and 14: bombs, documents that lie, and configurations.
#include "archive/compression.hpp"
#include "attacks/attack.hpp"

#include <fmt/format.h>

namespace nacre::engine::test {
namespace {

class Attack13 : public AttackTest {
protected:
    /// Names a document of any bytes "NAME:1".
    void add_document(
        const std::string& name, std::string_view media_type, const std::string& text) {
        const oci::Descriptor stored = store_document(machine().blobs, media_type, text);
        machine().names.add_manifest(name, {stored.digest, std::string{media_type}});
        machine().names.set_tag(name, "1", stored.digest);
    }

    oci::Descriptor stored_config(std::size_t layers) {
        std::string ids;
        for (std::size_t i = 0; i < layers; ++i)
            ids += (i == 0 ? "\"" : ",\"") + kDigest + "\"";
        return store_document(
            machine().blobs,
            oci::kMediaTypeConfig,
            R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[)" + ids
                + "]}}");
    }

    static std::string descriptor(
        std::string_view media_type, const std::string& digest, std::uint64_t size) {
        return fmt::format(
            R"({{"mediaType":"{}","digest":"{}","size":{}}})", media_type, digest, size);
    }

    std::string manifest(const std::string& layers, const std::string& more = "") {
        const oci::Descriptor config = stored_config(1);
        return fmt::format(
            R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]{}}})",
            oci::kMediaTypeManifest,
            descriptor(config.media_type, config.digest.str(), config.size),
            layers,
            more);
    }

    void expect_manifest_refused(const std::string& text, const std::string& reason) {
        const std::string name = "evil" + std::to_string(++number_);
        add_document(name, oci::kMediaTypeManifest, text);
        EXPECT_THAT(refusal("FROM " + name + ":1\nRUN true\n"), HasSubstr(reason))
            << text.substr(0, 300);
    }

    /// An image whose layer is these bytes, compressed or not, with this diff id.
    std::string refusal_of_layer(
        const std::string& blob, std::uint64_t size, const std::string& diff_id) {
        const std::string name = "evil" + std::to_string(++number_);
        const oci::Descriptor layer =
            store_document(machine().blobs, oci::kMediaTypeLayerGzip, blob);
        const oci::Descriptor config = store_document(
            machine().blobs,
            oci::kMediaTypeConfig,
            R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[")"
                + diff_id + "\"]}}");
        add_document(
            name,
            oci::kMediaTypeManifest,
            fmt::format(
                R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                descriptor(config.media_type, config.digest.str(), config.size),
                descriptor(layer.media_type, layer.digest.str(), size)));
        return refusal("FROM " + name + ":1\nRUN true\n");
    }

    static std::string compressed(const std::string& text, archive::CompressionKind kind) {
        StringSink out;
        const auto sink =
            archive::make_compressing_sink({.kind = kind, .level = 1, .threads = 1}, out);
        sink->write(as_bytes(text));
        sink->finish();
        return out.take();
    }

    const std::string kDigest = "sha256:" + std::string(64, 'a');

private:
    int number_ = 0;
};

TEST_F(Attack13, LayerIsABomb) {
    using archive::CompressionKind;
    // One file of 64 GiB and a byte, says the header: refused before it is inflated.
    archive::TarEntry huge{.path = "huge", .size = (64ULL << 30U) + 1};
    StringSink header;
    archive::TarWriter{header}.add(huge);
    EXPECT_THAT(
        refusal_of_layer(compressed(header.text(), CompressionKind::Gzip), 1, kDigest),
        HasSubstr(std::to_string(64ULL << 30U)));
    // What follows the end of the archive is read to know its digest, within a bound.
    StringSink empty;
    archive::TarWriter{empty}.finish();
    const std::string tail(40U << 20U, '\0');
    EXPECT_THAT(
        refusal_of_layer(compressed(empty.text() + tail, CompressionKind::Gzip), 1, kDigest),
        HasSubstr("followed by more than"));
    // What is compressed twice is no archive.
    EXPECT_THAT(
        refusal_of_layer(
            compressed(compressed(empty.text(), CompressionKind::Gzip), CompressionKind::Gzip),
            1,
            kDigest),
        HasSubstr("tar"));
    // A frame that asks for a window of 2 GiB.
    const std::string window{"\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00", 9};
    EXPECT_THAT(refusal_of_layer(window, window.size(), kDigest), HasSubstr("zstd"));
}

TEST_F(Attack13, LayerIsNotWhatItsDigestSays) {
    const std::string tar = write_tar({file("a")});
    EXPECT_THAT(
        refusal_of_layer(tar, tar.size(), kDigest),
        HasSubstr("configuration says " + std::string(64, 'a')));
    EXPECT_THAT(refusal_of_layer(tar, tar.size(), "sha256:../../x"), HasSubstr("sha256:../../x"));
    EXPECT_THAT(refusal_of_layer(tar, tar.size(), "md5:" + std::string(32, 'a')), HasSubstr("md5"));
}

TEST_F(Attack13, ManifestIsTooLargeOrContradictsItself) {
    const std::string layer = descriptor(oci::kMediaTypeLayer, kDigest, 10);
    std::string layers = layer;
    for (int i = 0; i < 65'000; ++i) {
        layers += "," + layer;
        if (i == 5'000) expect_manifest_refused(manifest(layers), "5002");
    }
    expect_manifest_refused(manifest(layers), "bytes allowed");
    expect_manifest_refused(manifest(layer + std::string((4U << 20U) + 1, ' ')), "at most");
    // CVE-2021-41190.
    expect_manifest_refused(manifest(layer, R"(,"manifests":[])"), "manifests");
    expect_manifest_refused(
        manifest(descriptor(oci::kMediaTypeLayer, "sha256:../../x", 1)), "../../x");
    expect_manifest_refused(
        manifest(descriptor(oci::kMediaTypeLayer, "sha3:" + std::string(64, 'a'), 1)), "sha3");
    expect_manifest_refused(
        manifest(fmt::format(R"({{"mediaType":"x","digest":"{}","size":-1}})", kDigest)), "size");
    // Embedded data is not believed: what counts is the blob, which is not there.
    expect_manifest_refused(
        manifest(fmt::format(
            R"({{"mediaType":"{}","digest":"{}","size":4,"data":"ZGVhZA=="}})",
            oci::kMediaTypeLayer,
            kDigest)),
        kDigest);
    expect_manifest_refused(
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":{},"layers":[]})",
        "it says that it is");
}

TEST_F(Attack13, IndexLeadsToIndexes) {
    oci::Descriptor inner = store_document(
        machine().blobs,
        oci::kMediaTypeManifest,
        manifest(descriptor(oci::kMediaTypeLayer, kDigest, 10)));
    for (int depth = 0; depth < 10; ++depth) {
        inner.platform = oci::Platform{.architecture = "amd64"};
        const oci::Index index{
            .media_type = std::string{oci::kMediaTypeIndex}, .manifests = {inner}};
        inner = store_document(machine().blobs, oci::kMediaTypeIndex, oci::render(index));
    }
    machine().names.add_manifest("deep", {inner.digest, inner.media_type});
    machine().names.set_tag("deep", "1", inner.digest);
    EXPECT_THAT(refusal("FROM deep:1\n"), HasSubstr("index"));
}

class Attack14 : public AttackTest {
protected:
    std::string refusal_of(const std::string& config, const std::string& steps = "RUN true\n") {
        const std::string name = "evil" + std::to_string(++number_);
        machine().add_image(name, {.layers = {nacre::test::busybox_tar()}, .config_text = config});
        return refusal("FROM " + name + ":1\n" + steps);
    }

    /// A configuration that fits the layer, with this in its "config".
    std::string with(const std::string& members, const std::string& more = "") const {
        StringSink out;
        const oci::Descriptor layer = store_document(
            const_cast<Attack14*>(this)->machine().blobs,
            oci::kMediaTypeLayer,
            nacre::test::busybox_tar());
        return R"({"architecture":"amd64","os":"linux","config":{)" + members
               + R"(},"rootfs":{"type":"layers","diff_ids":[")" + layer.digest.str() + "\"]}" + more
               + "}";
    }

    void expect_taken(const std::string& config, const std::string& steps = "RUN true\n") {
        const std::string name = "odd" + std::to_string(++number_);
        machine().add_image(name, {.layers = {nacre::test::busybox_tar()}, .config_text = config});
        build("FROM " + name + ":1\n" + steps);
    }

private:
    int number_ = 0;
};

TEST_F(Attack14, ConfigurationIsOfAnotherShape) {
    EXPECT_THAT(refusal_of("null"), HasSubstr("expected an object"));
    EXPECT_THAT(refusal_of(with(R"("Entrypoint":"sh")")), HasSubstr("Entrypoint"));
    EXPECT_THAT(refusal_of(with(R"("Env":{"A":"1"})")), HasSubstr("Env"));
    EXPECT_THAT(refusal_of(with(R"("Volumes":["/a"])")), HasSubstr("Volumes"));
    EXPECT_THAT(refusal_of(with(R"("User":7)")), HasSubstr("User"));
    EXPECT_THAT(refusal_of(with(R"("User":"a","User":"b")")), HasSubstr("twice"));
    EXPECT_THAT(
        refusal_of(with("", R"(,"x":)" + std::string(10'000, '[') + std::string(10'000, ']'))),
        HasSubstr("nested too deeply"));
    EXPECT_THAT(refusal_of(std::string((8U << 20U) + 1, ' ')), HasSubstr("bytes allowed"));
}

TEST_F(Attack14, LayersAndConfigurationDiffer) {
    EXPECT_THAT(
        refusal_of(
            R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})"),
        HasSubstr("names 0 layers, its manifest 1"));
    // A history of any length says nothing of layers.
    expect_taken(with("", R"(,"history":[{},{},{},{"empty_layer":true}])"));
}

TEST_F(Attack14, EnvironmentIsHuge) {
    std::string env;
    for (int i = 0; i < 20'000; ++i)
        env += fmt::format(R"({}"V{}={}")", i == 0 ? "" : ",", i, std::string(100, 'x'));
    const std::string said = refusal_of(with("\"Env\":[" + env + "]"));
    EXPECT_THAT(said, HasSubstr("RUN true"));
}

TEST_F(Attack14, VolumesLeadOut) {
    // CVE-2022-23648.
    const std::string out = "../../../../../../.." + outside().string();
    expect_taken(
        with(R"("Volumes":{")" + out + R"(":{},"/proc/self/fd/3":{}})"),
        "RUN cat " + out + "/canary || true\nCOPY <<E /f\nE\n");
    expect_taken(
        with(R"("WorkingDir":")" + out + "\""), "COPY <<E canary\ndead\nE\nRUN cat canary\n");
}

TEST_F(Attack14, TriggersDoWhatTheyMust) {
    for (const char* trigger :
         {"FROM busybox:1", "ONBUILD RUN true", "MAINTAINER me", "NOSUCH x", "COPY a", ""})
        EXPECT_THAT(
            refusal_of(with(fmt::format(R"("OnBuild":["{}"])", trigger))), HasSubstr("ONBUILD"))
            << trigger;
    EXPECT_THAT(
        refusal_of(with(R"("OnBuild":["COPY --from=attacker/image /a /b"])")),
        HasSubstr("attacker/image"));
    EXPECT_THAT(refusal_of(with(R"("OnBuild":["ADD file:///etc/passwd /b"])")), HasSubstr("file:"));
}

}  // namespace
}  // namespace nacre::engine::test
