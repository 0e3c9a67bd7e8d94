#pragma once

#include "source/remote_sources.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace nacre::source {

inline constexpr std::int64_t kRemoteFileTime = 1'700'000'000;
inline constexpr std::int64_t kRemoteCommitTime = 1'600'000'000;

/// A file with the content "hello" and kRemoteFileTime, and a repository of one commit of kRemoteCommitTime with "top" ("1")
/// and "docs/a" ("2", 0755).
class RemoteFixture {
public:
    virtual ~RemoteFixture() = default;
    virtual RemoteSources& sources() = 0;
    virtual std::string file_url() = 0;  ///< ends in "/hello.txt"
    virtual std::string remote() = 0;
    virtual std::string commit() = 0;
};

struct RemoteCase {
    std::string name;
    std::function<std::unique_ptr<RemoteFixture>()> make;
};

class RemoteSourcesContract : public testing::TestWithParam<RemoteCase> {};

}  // namespace nacre::source
