#include "oci/config.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace nacre::oci {
namespace {

using Strings = std::vector<std::string>;

std::string word() {
    return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z')));
}

std::string text() {
    return *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
}

Strings words(int limit) {
    Strings result;
    for (int n = *rc::gen::inRange(0, limit); n > 0; --n)
        result.push_back(word());
    return result;
}

Strings sorted_set() {
    Strings names = words(5);
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Digest digest() {
    const std::string hex =
        *rc::gen::container<std::string>(64, rc::gen::elementOf(std::string{"0123456789abcdef"}));
    return Digest::parse("sha256:" + hex);
}

Annotations annotations() {
    Annotations result;
    for (const std::string& name : sorted_set())
        result.emplace_back(name, text());
    return result;
}

Descriptor descriptor() {
    Descriptor result{
        .media_type = word(),
        .digest = digest(),
        .size = static_cast<std::uint64_t>(*rc::gen::inRange<std::int64_t>(0, INT64_MAX)),
        .annotations = annotations(),
        .platform = std::nullopt};
    if (*rc::gen::arbitrary<bool>()) result.platform = Platform{word(), word(), word()};
    return result;
}

std::vector<Descriptor> descriptors() {
    std::vector<Descriptor> result;
    for (int n = *rc::gen::inRange(0, 4); n > 0; --n)
        result.push_back(descriptor());
    return result;
}

ImageConfig image_config() {
    ImageConfig config;
    config.platform = {word(), word(), ""};
    config.user = text();
    config.exposed_ports = sorted_set();
    for (const std::string& name : words(5))
        set_env(config, name, text());
    if (*rc::gen::arbitrary<bool>()) config.entrypoint = words(3);
    if (*rc::gen::arbitrary<bool>()) config.cmd = words(3);
    config.volumes = sorted_set();
    config.labels = annotations();
    if (*rc::gen::arbitrary<bool>()) {
        config.healthcheck = Healthcheck{.test = words(3)};
        config.healthcheck->interval = std::chrono::nanoseconds{*rc::gen::inRange(0, 1'000'000)};
        config.healthcheck->retries = *rc::gen::inRange(0, 10);
    }
    config.on_build = words(3);
    config.shell = words(3);
    for (int n = *rc::gen::inRange(0, 3); n > 0; --n) {
        config.diff_ids.push_back({digest()});
        config.history.push_back(
            {.created = "", .created_by = text(), .empty_layer = *rc::gen::arbitrary<bool>()});
    }
    return config;
}

TEST(OciProperty, ReadsTheConfigItRenders) {
    EXPECT_TRUE(rc::check("parse(render(config)) == config", [] {
        const ImageConfig config = image_config();
        RC_ASSERT(parse_image_config(render(config)) == config);
    }));
}

TEST(OciProperty, ReadsTheManifestItRenders) {
    EXPECT_TRUE(rc::check("parse(render(manifest)) is manifest", [] {
        const Manifest manifest{
            std::string{kMediaTypeManifest}, descriptor(), descriptors(), annotations()};
        const Manifest read = parse_manifest(render(manifest), kMediaTypeManifest);
        RC_ASSERT(read.config == manifest.config);
        RC_ASSERT(read.layers == manifest.layers);
        RC_ASSERT(read.annotations == manifest.annotations);
        const Index index{std::string{kMediaTypeIndex}, descriptors(), annotations()};
        RC_ASSERT(parse_index(render(index), kMediaTypeIndex).manifests == index.manifests);
    }));
}

TEST(OciProperty, ReadsTheReferenceItRenders) {
    EXPECT_TRUE(rc::check("parse(str(reference)) == reference", [] {
        Reference reference;
        if (*rc::gen::arbitrary<bool>()) reference.registry = word() + ".example:5000";
        reference.repository = word() + "/" + word();
        if (*rc::gen::arbitrary<bool>()) reference.image_tag = word();
        if (*rc::gen::arbitrary<bool>()) reference.digest = digest();
        RC_PRE(reference.repository.size() <= 255 && reference.image_tag.size() <= 128);
        RC_ASSERT(Reference::parse(reference.str()) == reference);
    }));
}

}  // namespace
}  // namespace nacre::oci
