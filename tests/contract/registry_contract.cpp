#include "contract/registry_contract.hpp"

#include "base/error.hpp"
#include "oci/manifest.hpp"
#include "support/code_of.hpp"
#include "support/test_image.hpp"

namespace nacre::registry::contract {

using test::code_of;

oci::Reference RegistryContract::tagged(
    const std::string& name, const std::string& image_tag) const {
    return {
        .registry = fixture_->address(),
        .repository = name,
        .image_tag = image_tag,
        .digest = std::nullopt};
}

oci::Reference RegistryContract::by_digest(
    const std::string& name, const oci::Digest& digest) const {
    return {.registry = fixture_->address(), .repository = name, .image_tag = "", .digest = digest};
}

oci::Descriptor RegistryContract::put_blob(const std::string& name, const std::string& content) {
    const oci::Descriptor blob{
        .media_type = std::string{oci::kMediaTypeLayer},
        .digest = store::write_blob(blobs_, content),
        .size = content.size()};
    registry().upload_blob(repository(name), blob, blobs_, {});
    return blob;
}

Document RegistryContract::prepare_image(const std::string& name, const std::string& layer) {
    const oci::Descriptor image = test::write_image(blobs_, layer);
    const std::string bytes = store::read_blob(blobs_, image.digest, image.size);
    const oci::Manifest manifest = oci::parse_manifest(bytes, image.media_type);
    registry().upload_blob(repository(name), manifest.config, blobs_, {});
    registry().upload_blob(repository(name), manifest.layers.front(), blobs_, {});
    return {.descriptor = image, .bytes = bytes};
}

std::string RegistryContract::read(const std::string& name, const oci::Descriptor& blob) {
    const auto source = registry().open_blob(repository(name), blob, {});
    std::string content;
    std::vector<std::byte> buffer(10'000);
    while (const std::size_t count = source->read(buffer))
        content += as_text(Bytes{buffer}.first(count));
    return content;
}

TEST_P(RegistryContract, GivesBackTheBlobsThatItWasGiven) {
    for (const std::string& content :
         {std::string{"small"}, std::string(300'000, 'x'), std::string{}}) {
        const oci::Descriptor blob = put_blob("team/app", content);
        EXPECT_EQ(registry().find_blob(repository("team/app"), blob.digest, {}), content.size());
        EXPECT_EQ(read("team/app", blob), content);
    }
}

TEST_P(RegistryContract, DoesNotFindWhatIsNotThere) {
    const oci::Digest digest = store::write_blob(blobs_, "absent");
    put_blob("team/app", "present");
    for (const char* name : {"team/app", "nobody/knows"}) {
        EXPECT_EQ(registry().find_blob(repository(name), digest, {}), std::nullopt);
        EXPECT_FALSE(registry().find_manifest(tagged(name, "1"), {}));
        EXPECT_FALSE(registry().find_manifest(by_digest(name, digest), {}));
        EXPECT_FALSE(registry().find_manifest_descriptor(tagged(name, "1"), {}));
        EXPECT_EQ(
            code_of([&] { read(name, {.media_type = "", .digest = digest, .size = 6}); }),
            ErrorCode::NotFound);
    }
    EXPECT_TRUE(registry().tags(repository("nobody/knows"), {}).empty());
}

TEST_P(RegistryContract, RefusesABlobOfAnotherSizeThanItsDescriptorSays) {
    for (const std::uint64_t wrong : {std::uint64_t{3}, std::uint64_t{30}}) {
        oci::Descriptor blob = put_blob("team/app", "content");
        blob.size = wrong;
        EXPECT_EQ(code_of([&] { read("team/app", blob); }), ErrorCode::DataCorrupt);
        const oci::Descriptor absent{
            .media_type = "", .digest = store::write_blob(blobs_, "another"), .size = wrong};
        EXPECT_THROW(registry().upload_blob(repository("team/app"), absent, blobs_, {}), Error);
        EXPECT_EQ(registry().find_blob(repository("team/app"), absent.digest, {}), std::nullopt);
    }
}

TEST_P(RegistryContract, NamesManifestsByTagAndDigest) {
    const Document image = prepare_image("team/app", "layer");
    registry().put_manifest(repository("team/app"), "", image, {});
    EXPECT_TRUE(registry().tags(repository("team/app"), {}).empty());
    registry().put_manifest(repository("team/app"), "1.0", image, {});
    EXPECT_EQ(registry().tags(repository("team/app"), {}), std::vector<std::string>{"1.0"});
    for (const oci::Reference& reference :
         {tagged("team/app", "1.0"), by_digest("team/app", image.descriptor.digest)}) {
        const auto found = registry().find_manifest(reference, {});
        ASSERT_TRUE(found);
        EXPECT_EQ(found->bytes, image.bytes);
        EXPECT_EQ(found->descriptor, image.descriptor);
        EXPECT_EQ(registry().find_manifest_descriptor(reference, {}), image.descriptor);
    }
}

TEST_P(RegistryContract, MovesATag) {
    const Document first = prepare_image("team/app", "first");
    const Document second = prepare_image("team/app", "second");
    registry().put_manifest(repository("team/app"), "latest", first, {});
    registry().put_manifest(repository("team/app"), "latest", second, {});
    const auto found = registry().find_manifest(tagged("team/app", ""), {});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->descriptor.digest, second.descriptor.digest);
    EXPECT_TRUE(registry().find_manifest(by_digest("team/app", first.descriptor.digest), {}));
}

TEST_P(RegistryContract, RefusesAManifestWhosePartsAreMissing) {
    const oci::Descriptor image = test::write_image(blobs_, "never uploaded");
    const Document document{
        .descriptor = image, .bytes = store::read_blob(blobs_, image.digest, image.size)};
    EXPECT_THROW(registry().put_manifest(repository("team/app"), "1", document, {}), Error);
    EXPECT_FALSE(registry().find_manifest(tagged("team/app", "1"), {}));
}

TEST_P(RegistryContract, MountsABlobOfAnotherRepository) {
    const oci::Descriptor blob = put_blob("team/base", "content");
    ASSERT_TRUE(
        registry().try_mount(repository("team/app"), repository("team/base"), blob.digest, {}));
    EXPECT_EQ(read("team/app", blob), "content");
    EXPECT_FALSE(registry().try_mount(
        repository("team/app"), repository("team/base"), store::write_blob(blobs_, "absent"), {}));
    const Repository elsewhere{.registry = "other.example.org", .name = "team/base"};
    EXPECT_EQ(
        code_of([&] { registry().try_mount(repository("team/app"), elsewhere, blob.digest, {}); }),
        ErrorCode::InvalidArgument);
}

TEST_P(RegistryContract, RemovesAManifestWithItsTags) {
    const Document image = prepare_image("team/app", "layer");
    registry().put_manifest(repository("team/app"), "1.0", image, {});
    EXPECT_TRUE(registry().remove_manifest(repository("team/app"), image.descriptor.digest, {}));
    EXPECT_FALSE(registry().find_manifest(tagged("team/app", "1.0"), {}));
    EXPECT_FALSE(registry().remove_manifest(repository("team/app"), image.descriptor.digest, {}));
}

TEST_P(RegistryContract, DoesNothingOnceStopped) {
    std::stop_source stop;
    stop.request_stop();
    const oci::Digest digest = store::write_blob(blobs_, "content");
    EXPECT_THROW(registry().find_blob(repository("team/app"), digest, stop.get_token()), Cancelled);
    EXPECT_THROW(registry().tags(repository("team/app"), stop.get_token()), Cancelled);
    EXPECT_THROW(
        registry().upload_blob(
            repository("team/app"),
            {.media_type = "", .digest = digest, .size = 7},
            blobs_,
            stop.get_token()),
        Cancelled);
}

}  // namespace nacre::registry::contract
