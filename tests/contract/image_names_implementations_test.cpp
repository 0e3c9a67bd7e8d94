#include "contract/image_names_contract.hpp"
#include "store/directory_image_names.hpp"
#include "store/memory_image_names.hpp"
#include "support/temp_dir.hpp"

namespace nacre::store::contract {
namespace {

class MemoryFixture final : public ImageNamesFixture {
public:
    ImageNames& names() override { return names_; }

private:
    MemoryImageNames names_;
};

class DirectoryFixture final : public ImageNamesFixture {
public:
    ImageNames& names() override { return names_; }

private:
    test::TempDir root_;
    DirectoryImageNames names_{root_.path()};
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    ImageNamesContract,
    testing::Values(
        ImageNamesImplementation{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
        ImageNamesImplementation{"Directory", [] { return std::make_unique<DirectoryFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::store::contract
