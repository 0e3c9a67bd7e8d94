#include "contract/access_list_contract.hpp"
#include "distgit/file_access_list.hpp"
#include "distgit/memory_access_list.hpp"
#include "os/file.hpp"
#include "support/temp_dir.hpp"

namespace nacre::distgit::contract {
namespace {

class MemoryFixture final : public AccessListFixture {
public:
    MemoryFixture() { list_.add(RepositoryName::parse("container/httpd"), {"alice", {}, {}}); }

    AccessList& list() override { return list_; }

private:
    MemoryAccessList list_;
};

class FileFixture final : public AccessListFixture {
public:
    FileFixture() {
        os::ensure_directory(root_.path() / "container");
        os::ensure_directory(root_.path() / "container/httpd.git");
        os::write_file_atomically(
            root_.path() / "container/httpd.git" / kAccessFile, render(Access{"alice", {}, {}}));
    }

    AccessList& list() override { return list_; }

private:
    test::TempDir root_;
    FileAccessList list_{root_.path()};
};

INSTANTIATE_TEST_SUITE_P(
    Implementations,
    AccessListContract,
    testing::Values(
        AccessListImplementation{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
        AccessListImplementation{"File", [] { return std::make_unique<FileFixture>(); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nacre::distgit::contract
