#include "cli/build/image_outputs.hpp"

#include "base/error.hpp"
#include "base/streams.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "output/merged_layers.hpp"
#include "output/root_folder_output.hpp"
#include "publish/oci_archive.hpp"
#include "registry/push.hpp"

#include <stdio.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

namespace nacre::cli::build {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStdout = "-";

/// A file that appears under its name when it is whole. What is no file (a pipe, /dev/null) is written to as it is.
class OutputFile {
public:
    explicit OutputFile(fs::path path) : path_{std::move(path)} {
        struct stat status{};
        if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
            if (S_ISDIR(status.st_mode))
                throw Error{
                    ErrorCode::Conflict,
                    quoted(path_.string()) + " is a folder, needed is the name of a file"};
            fd_ = os::open_file(path_, O_WRONLY);
            return;
        }
        temporary_ = path_.parent_path()
                     / ("." + path_.filename().string() + ".part-" + std::to_string(::getpid()));
        fd_ = os::open_file(temporary_, O_WRONLY | O_CREAT | O_TRUNC);
    }

    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    ~OutputFile() {
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
    }

    int fd() const noexcept { return fd_.get(); }

    void commit() {
        fd_.close();
        if (temporary_.empty()) return;
        if (::rename(temporary_.c_str(), path_.c_str()) != 0)
            throw SystemError{errno, "cannot name the file " + quoted(path_.string())};
        temporary_.clear();
    }

private:
    fs::path path_;
    fs::path temporary_;
    os::UniqueFd fd_;
};

void write_buffered(
    ByteSink& out, const std::stop_token& stop, const std::function<void(ByteSink&)>& write) {
    BufferedSink buffered{out};
    StoppableSink stoppable{buffered, stop};
    write(stoppable);
    buffered.flush();
}

void write_stream(
    const OutputSpec& output,
    const OutputServices& services,
    const std::function<void(ByteSink&)>& write) {
    if (output.destination == kStdout) {
        write_buffered(services.out, services.stop, write);
        return;
    }
    OutputFile file{services.folder / output.destination};
    os::FdSink sink{file.fd()};
    write_buffered(sink, services.stop, write);
    file.commit();
}

std::vector<oci::Descriptor> blobs_of(const FinishedImage& image) {
    std::vector<oci::Descriptor> blobs;
    for (const engine::Layer& layer : image.layers)
        blobs.push_back(layer.blob);
    return blobs;
}

void push(
    const FinishedImage& image,
    const std::vector<std::string>& names,
    const OutputServices& services) {
    for (const std::string& name : names)
        with_context("pushing " + quoted(name), [&] {
            registry::push_image(
                services.registry,
                services.blobs,
                image.manifest,
                oci::Reference::parse(name),
                {.origins = &services.origins},
                services.stop);
        });
}

}  // namespace

void check_outputs(const std::vector<OutputSpec>& outputs, const OutputServices& services) {
    for (const OutputSpec& output : outputs) {
        if (output.destination == kStdout && services.out_is_terminal)
            throw Error{
                ErrorCode::InvalidArgument,
                "an image is not written to a terminal: give --output a dest=FILE, or redirect the "
                "standard output"};
        if (output.destination.empty() || output.destination == kStdout
            || output.kind == OutputSpec::Kind::Local)
            continue;
        const fs::path folder = (services.folder / output.destination).parent_path();
        std::error_code failure;
        if (!fs::is_directory(folder, failure))
            throw Error{
                ErrorCode::NotFound, "--output: there is no folder " + quoted(folder.string())};
    }
}

void write_output(
    const OutputSpec& output,
    const FinishedImage& image,
    const std::vector<std::string>& names,
    const OutputServices& services) {
    std::vector<std::string> all = names;
    all.insert(all.end(), output.names.begin(), output.names.end());
    const auto write_archive = [&](const oci::Descriptor& top, publish::ArchiveFormat format) {
        write_stream(output, services, [&](ByteSink& out) {
            publish::write_image_archive(services.blobs, top, all, format, out);
        });
    };
    switch (output.kind) {
        case OutputSpec::Kind::Image:
            return;
        case OutputSpec::Kind::Registry:
            push(image, all, services);
            return;
        case OutputSpec::Kind::Oci:
            write_archive(image.manifest, publish::ArchiveFormat::Oci);
            return;
        case OutputSpec::Kind::Docker:
            // docker load takes one image and knows no index.
            write_archive(image.image, publish::ArchiveFormat::Docker);
            return;
        case OutputSpec::Kind::Tar:
            write_stream(output, services, [&](ByteSink& out) {
                output::write_merged_layers(
                    services.blobs, blobs_of(image), output::MergeInto::Root, out);
            });
            return;
        case OutputSpec::Kind::Local:
            output::write_root_folder(
                services.blobs,
                blobs_of(image),
                services.folder / output.destination,
                services.stop);
            return;
    }
}

}  // namespace nacre::cli::build
