#pragma once

#include "os/file.hpp"
#include "os/process.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace nacre::test {

/// Debian's docker-registry on a free port of the loopback interface, empty, with deletion allowed.
class DockerRegistry {
public:
    static bool is_installed() { return std::filesystem::exists("/usr/bin/docker-registry"); }

    DockerRegistry() {
        const std::filesystem::path config = folder_.path() / "config.yml";
        os::write_file_atomically(
            config,
            "version: 0.1\nlog: {level: info}\nhttp: {addr: '127.0.0.1:0'}\nstorage:\n"
            "  delete: {enabled: true}\n  filesystem: {rootdirectory: '"
                + (folder_.path() / "data").string() + "'}\n");
        const std::filesystem::path log = folder_.path() / "log";
        const os::UniqueFd out{
            ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
        os::Command command;
        command.argv = {"/usr/bin/docker-registry", "serve", config.string()};
        command.environment = os::minimal_environment();
        child_ = runner_.start(command, {.in = -1, .out = out.get(), .err = out.get()});
        wait_for_address(log);
    }

    std::string address() const { return address_; }

private:
    void wait_for_address(const std::filesystem::path& log) {
        constexpr int kLooksMax = 3000;
        constexpr std::string_view kWords = "listening on ";
        for (int look = 0; look < kLooksMax; ++look) {
            const std::string text = os::read_file(log, 1U << 20U);
            const std::size_t at = text.find(kWords);
            const std::size_t end = text.find_first_of(", \"\n", at + kWords.size());
            if (at != std::string::npos && end != std::string::npos) {
                address_ = text.substr(at + kWords.size(), end - at - kWords.size());
                return;
            }
            if (child_->wait_for(std::chrono::milliseconds{10})) break;
        }
        throw std::runtime_error{
            "docker-registry does not start: " + os::read_file(log, 1U << 20U)};
    }

    TempDir folder_;
    os::SystemProcessRunner runner_;
    std::unique_ptr<os::ChildProcess> child_;
    std::string address_;
};

}  // namespace nacre::test
