#include "http/files.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "http/content.hpp"
#include "http/detail/folder.hpp"
#include "os/file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace nacre::http {
namespace {

/// The kernel refuses a path while something is renamed or mounted on the way (EAGAIN).
constexpr int kOpenTriesMax = 16;

// What somebody's build wrote must not act with the rights of our own pages.
constexpr std::string_view kForeignContent = "sandbox; default-src 'none'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kTypes{{
    {".log", "text/plain; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".conf", "text/plain; charset=utf-8"},
    {".spec", "text/plain; charset=utf-8"},
    {".yaml", "text/plain; charset=utf-8"},
    {"CHECKSUM", "text/plain; charset=utf-8"},
    {"Dockerfile", "text/plain; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".xml", "application/xml"},
    {".gz", "application/gzip"},
    {".tgz", "application/gzip"},
    {".zst", "application/zstd"},
    {".xz", "application/x-xz"},
    {".bz2", "application/x-bzip2"},
    {".tar", "application/x-tar"},
    {".rpm", "application/x-rpm"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".asc", "text/plain; charset=utf-8"},
}};

[[noreturn]] void refuse(const std::string& path) {
    throw Error{ErrorCode::NotFound, "there is no file " + nacre::quoted(path)};
}

/// "a/b" of "/prefix/a/b/"; "." for the root itself.
std::string relative_path(const Request& request, const std::string& prefix) {
    if (!request.path.starts_with(prefix)) refuse(request.path);
    std::string relative;
    for (const std::string& segment : split(request.path.substr(prefix.size()), '/')) {
        if (segment.empty()) continue;
        if (segment.starts_with('.')) refuse(request.path);
        if (!relative.empty()) relative += '/';
        relative += segment;
    }
    return relative.empty() ? "." : relative;
}

os::UniqueFd open_beneath(int root, const std::string& relative) {
    open_how how{};
    // Without O_NONBLOCK a named pipe would hold the worker.
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    for (int tries = 0; tries < kOpenTriesMax; ++tries) {
        fd = ::syscall(SYS_openat2, root, relative.c_str(), &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN) break;
    }
    return os::UniqueFd{static_cast<int>(fd)};
}

std::string make_etag(const struct stat& status) {
    std::array<char, 64> text{};
    std::snprintf(
        text.data(),
        text.size(),
        "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"",
        static_cast<std::uint64_t>(status.st_mtim.tv_sec),
        static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
        static_cast<std::uint64_t>(status.st_size));
    return text.data();
}

Response file_response(const Request& request, os::UniqueFd fd, const struct stat& status) {
    Content content;
    content.size = static_cast<std::uint64_t>(status.st_size);
    content.etag = make_etag(status);
    content.last_modified = status.st_mtim.tv_sec;
    content.type = content_type_of(request.path);
    content.open = [&](std::uint64_t offset) {
        if (::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
            throw SystemError{errno, "cannot seek in " + nacre::quoted(request.path)};
        return std::make_unique<os::FileSource>(std::move(fd));
    };
    Response response = respond_with(request, content);
    response.headers.set("Cache-Control", "no-cache");
    response.headers.set("X-Content-Type-Options", "nosniff");
    response.headers.set("Content-Security-Policy", kForeignContent);
    return response;
}

Response redirect_to_folder(const Request& request) {
    std::string location;
    for (const std::string& segment : split(request.path, '/'))
        if (!segment.empty()) location += "/" + percent_encode(segment);
    Response response = Response::plain(301, "");
    response.headers.set("Location", location + "/");
    return response;
}

}  // namespace

std::string_view content_type_of(std::string_view file_name) noexcept {
    for (const auto& [end, type] : kTypes)
        if (file_name.ends_with(end)) return type;
    return "application/octet-stream";
}

Files::Files(FilesConfig config) : config_{std::move(config)} {}

Response Files::handle(const Request& request) {
    if (request.method != "GET" && request.method != "HEAD") return method_not_allowed("GET, HEAD");
    const std::string relative = relative_path(request, config_.prefix);
    const os::UniqueFd root{::open(config_.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!root) refuse(request.path);
    os::UniqueFd fd = open_beneath(root.get(), relative);
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) refuse(request.path);
    if (S_ISREG(status.st_mode) && !request.path.ends_with('/'))
        return file_response(request, std::move(fd), status);
    if (!S_ISDIR(status.st_mode) || config_.listing == Listing::Refused) refuse(request.path);
    if (!request.path.ends_with('/')) return redirect_to_folder(request);
    Response response = Response::html(200, detail::render_folder(request.path, std::move(fd)));
    response.headers.set("Cache-Control", "no-cache");
    response.headers.set(
        "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    return response;
}

}  // namespace nacre::http
