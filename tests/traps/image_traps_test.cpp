// Traps of images, bases and registries.
#include "http/client.hpp"
#include "registry/memory_registry.hpp"
#include "registry/push.hpp"
#include "support/busybox.hpp"
#include "traps/trap.hpp"

namespace nacre::engine::test {
namespace {

class ImageTrap : public TrapTest {
protected:
    std::string stored(const oci::Digest& digest) const {
        constexpr std::size_t kBytesMax = 1U << 20U;
        return store::read_blob(machine_blobs(), digest, kBytesMax);
    }

    const store::BlobStore& machine_blobs() const {
        return const_cast<ImageTrap*>(this)->machine().blobs;
    }
};

TEST_F(ImageTrap, AnnotationsOfTheBaseAreNotTheImages) {
    machine().add_image(
        "noted",
        {.layers = {nacre::test::busybox_tar()},
         .annotations = {{"org.opencontainers.image.title", "the base's own title"}}});
    const BuildResult& image = build("FROM noted:1\nRUN true\n");
    EXPECT_THAT(stored(image.manifest.digest), Not(HasSubstr("the base's own title")));
    EXPECT_THAT(stored(image.config_blob.digest), Not(HasSubstr("the base's own title")));
}

TEST_F(ImageTrap, MalformedConfigurationOfABaseIsAnError) {
    for (
        const char* text :
        {"null",
         "[]",
         "{",
         R"({"architecture":"amd64","os":"linux","config":{"Env":"A=1"},"rootfs":{"type":"layers","diff_ids":[]}})",
         R"({"architecture":"amd64","os":"linux","config":{"Labels":[1]},"rootfs":{"type":"layers","diff_ids":[]}})",
         R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[1]}})",
         R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})"}) {
        machine().add_image(
            "broken", {.layers = {nacre::test::busybox_tar()}, .config_text = text});
        const std::string message = message_of([&] { build("FROM broken:1\nRUN true\n"); });
        EXPECT_THAT(message, HasSubstr("broken:1")) << text;
    }
    machine().add_image(
        "empty",
        {.config_text =
             R"({"architecture":"amd64","os":"linux","config":null,"rootfs":{"type":"layers","diff_ids":[]}})"});
    EXPECT_NO_THROW(build("FROM empty:1\nLABEL a=b\n"));
}

TEST_F(ImageTrap, TriggerThatCopiesFromSomewhereIsNotHijacked) {
    MadeImage base{.layers = {nacre::test::busybox_tar()}};
    base.config.on_build = {"COPY --from=busybox:1 /etc/group /from"};
    machine().add_image("trigger", base);
    // A stage or a file of the context with a name like that is not what the trigger means.
    machine().context.add_file("etc/group", "of the context");
    build("FROM busybox:1 AS busybox\nRUN echo of the stage > /etc/group\nFROM trigger:1\n");
    EXPECT_EQ(machine().content(last_layer(), "from"), nacre::test::kBusyboxGroup);
    base.config.on_build = {"COPY --from=evil.example.org/image /etc/shadow /from"};
    machine().add_image("trigger", base);
    EXPECT_THAT(
        message_of([&] { build("FROM trigger:1\n"); }), HasSubstr("evil.example.org/image"));
}

TEST_F(ImageTrap, StageThatIsNamedLikeAnImageIsTheStage) {
    build(
        "FROM busybox:1 AS image\nRUN echo of the stage > /f\n"
        "FROM scratch\nCOPY --from=image /f /f\n");
    machine().add_image("image", {.layers = {write_tar({{{.path = "f"}, "of the image"}})}});
    build(
        "FROM busybox:1 AS image\nRUN echo of the stage > /f\n"
        "FROM scratch\nCOPY --from=image /f /f\n");
    EXPECT_EQ(machine().content(last_layer(), "f"), "of the stage\n");
}

TEST_F(ImageTrap, DigestOfAnIndexIsNotTheDigestOfItsImage) {
    const oci::Digest image = machine().names.find_tag("busybox", "1")->digest;
    oci::Index index{.media_type = std::string{oci::kMediaTypeIndex}};
    index.manifests.push_back(
        {.media_type = std::string{oci::kMediaTypeManifest},
         .digest = image,
         .size = stored(image).size(),
         .platform = oci::Platform{.architecture = "amd64"}});
    const oci::Descriptor described =
        store_document(machine().blobs, index.media_type, oci::render(index));
    machine().names.add_manifest("busybox", {described.digest, described.media_type});
    machine().names.set_tag("busybox", "many", described.digest);
    for (const std::string& reference :
         {std::string{"busybox:many"},
          "busybox@" + described.digest.str(),
          "busybox@" + image.str()}) {
        const BuildResult& built = build("FROM " + reference + "\nRUN true\n");
        ASSERT_EQ(built.bases.size(), 1U);
        EXPECT_EQ(built.bases[0].second, image) << reference;
    }
}

TEST_F(ImageTrap, BlobsAreMountedFromWhereTheyAre) {
    registry::MemoryRegistry registry;
    registry::Origins origins;
    const BuildResult& image = build("FROM busybox:1\nRUN echo x > /x\n");
    const auto push = [&](const std::string& to) {
        return registry::push_image(
            registry,
            machine().blobs,
            image.manifest,
            oci::Reference::parse(to),
            {.origins = &origins},
            {});
    };
    push("registry.test/team/one:1");
    for (const Layer& layer : image.layers)
        origins.add(layer.blob, {"registry.test", "team/one"});
    const registry::CopyReport report = push("registry.test/other/two:1");
    EXPECT_EQ(report.blobs_mounted, 2U);
    EXPECT_EQ(report.blobs_copied, 1U);  // its configuration
}

}  // namespace
}  // namespace nacre::engine::test
