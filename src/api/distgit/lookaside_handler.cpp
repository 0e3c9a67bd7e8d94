#include "api/distgit/lookaside_handler.hpp"

#include "api/distgit/multipart.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace nacre::api::distgit {
namespace {

using nacre::distgit::LookasideFile;
using nacre::distgit::LookasideHash;
using nacre::distgit::LookasideUpload;
using nacre::distgit::RepositoryName;

constexpr std::size_t kFieldBytesMax = 4096;
constexpr std::size_t kBlockBytes = 64U << 10U;
constexpr std::string_view kUploadPath = "upload.cgi";
/// Times beyond the year 9999 are mistakes.
constexpr double kModifiedMax = 253'402'300'799.0;

/// An answer that ends the request: status and text as the original has them.
struct Refusal final : std::exception {
    Refusal(int code, std::string message) : status{code}, text{std::move(message)} {}

    const char* what() const noexcept override { return text.c_str(); }

    int status;
    std::string text;
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7)
std::string render_http_date(WallTime time) {
    const std::time_t seconds = to_unix_seconds(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    // The C locale is never changed, so the names are English.
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

/// What a form says; the file goes to the lookaside while it arrives.
class UploadForm final : public PartSink {
public:
    UploadForm(nacre::distgit::Lookaside& lookaside, std::uint64_t bytes_max)
        : lookaside_{lookaside},
          bytes_max_{bytes_max} {}

    void begin(const PartHead& head) override {
        name_ = head.name;
        value_.clear();
        if (!seen_.insert(name_).second)
            throw Refusal{400, "Multiple values given for \"" + name_ + "\". Aborting."};
        if (name_ != "file") return;
        file_name_ = head.file_name.value_or("");
        upload_ = lookaside_.upload();
    }

    void write(Bytes bytes) override {
        if (name_ != "file") {
            value_.append(as_text(bytes));
            if (value_.size() > kFieldBytesMax)
                throw Refusal{400, "Field \"" + name_ + "\" is too long. Aborting."};
            return;
        }
        if (upload_->size() + bytes.size() > bytes_max_)
            throw Refusal{
                413, "The file has more than " + std::to_string(bytes_max_) + " bytes. Aborting."};
        upload_->write(bytes);
    }

    void end() override {
        if (name_ != "file") fields_[name_] = std::move(value_);
    }

    const std::string* find(const std::string& name) const {
        const auto found = fields_.find(name);
        return found == fields_.end() ? nullptr : &found->second;
    }

    const std::string& require(const std::string& name) const {
        if (const std::string* value = find(name)) return *value;
        throw Refusal{400, "Required field \"" + name + "\" is not present."};
    }

    /// Null when there was no file.
    LookasideUpload* upload() const noexcept { return upload_.get(); }

    /// Browsers of old sent a whole path.
    std::string file_name() const { return file_name_.substr(file_name_.find_last_of("/\\") + 1); }

private:
    nacre::distgit::Lookaside& lookaside_;
    const std::uint64_t bytes_max_;
    std::string name_;
    std::string value_;
    std::string file_name_;
    std::set<std::string> seen_;
    std::map<std::string, std::string> fields_;
    std::unique_ptr<LookasideUpload> upload_;
};

void read_parts(const http::Request& request, UploadForm& form) {
    const auto boundary = find_boundary(request.headers.find("Content-Type").value_or(""));
    if (!boundary) throw Refusal{400, "Required field \"name\" is not present."};
    MultipartParser parser{*boundary, form};
    std::array<std::byte, kBlockBytes> block{};
    while (const std::size_t count = request.body->read(block))
        parser.feed(Bytes{block}.first(count));
    parser.finish();
}

std::optional<WallTime> find_modified(const UploadForm& form) {
    const std::string* text = form.find("mtime");
    if (text == nullptr) return std::nullopt;
    double seconds = 0.0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (problem != std::errc{} || end != text->data() + text->size() || !std::isfinite(seconds)
        || seconds < 0.0 || seconds > kModifiedMax)
        throw Refusal{
            400, "Invalid value sent for mtime \"" + sanitize_utf8(*text) + "\". Aborting."};
    return WallTime{
        std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>{seconds})};
}

/// sha512sum wins when both are there.
std::pair<LookasideHash, std::string> require_checksum(const UploadForm& form) {
    if (const std::string* sum = form.find("sha512sum")) return {LookasideHash::Sha512, *sum};
    if (const std::string* sum = form.find("md5sum")) return {LookasideHash::Md5, *sum};
    throw Refusal{400, "Required checksum is not present."};
}

http::Response text_response(int status, const std::string& text) {
    return http::Response::plain(status, text + "\n");
}

/// "<namespace>/<name>/<file>[/<hash type>]/<hash>/<file>"; without a type the hash is an md5 of old.
std::optional<LookasideFile> find_file(const std::string& path) {
    std::vector<std::string> parts = split(path, '/');
    if (parts.size() == 5) parts.insert(parts.begin() + 3, "md5");
    if (parts.size() != 6 || parts[2] != parts[5]) return std::nullopt;
    const auto hash = nacre::distgit::find_lookaside_hash(parts[3]);
    const auto repository = RepositoryName::try_parse(parts[0] + "/" + parts[1]);
    if (!hash || !repository) return std::nullopt;
    try {
        return LookasideFile{*repository, parts[2], *hash, parts[4]};
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::string store(
    LookasideUpload& upload, const LookasideFile& file, std::optional<WallTime> modified) {
    if (upload.checksum() != file.checksum())
        throw Refusal{
            400,
            "SHA512 check failed. Received " + upload.checksum() + " instead of " + file.checksum()
                + "."};
    upload.commit(file, modified);
    return "File " + file.file_name() + " size " + std::to_string(upload.size()) + " SHA512 "
           + file.checksum() + " stored OK";
}

/// One request to upload.cgi, after its body was read.
class UploadRequest {
public:
    UploadRequest(
        const LookasideHandler::Parts& parts, const LookasideConfig& config, const UploadForm& form)
        : parts_{parts},
          config_{config},
          form_{form} {}

    std::string answer(const std::string& user) const {
        const RepositoryName name = repository();
        const auto [hash, checksum] = require_checksum(form_);
        const std::string* checked = form_.find("filename");
        if (checked == nullptr && form_.upload() == nullptr)
            throw Refusal{400, "Required field \"file\" is not present."};
        require_right(name, user);
        const std::string file_name = checked != nullptr ? *checked : form_.file_name();
        const LookasideFile file{name, file_name, hash, checksum};
        const auto stored = parts_.lookaside.find(file);
        if (checked != nullptr) return stored ? "Available" : "Missing";
        if (stored)
            return "File " + file_name + " already exists\nFile: " + file.path()
                   + " Size: " + std::to_string(stored->size);
        if (hash == LookasideHash::Md5)
            throw Refusal{406, "Uploads with md5 are no longer allowed."};
        return store(*form_.upload(), file, find_modified(form_));
    }

private:
    RepositoryName repository() const {
        std::string text = form_.require("name");
        if (text.find('/') == std::string::npos) text = config_.default_namespace + "/" + text;
        const auto name = RepositoryName::try_parse(text);
        if (!name || !parts_.repositories.find(*name))
            throw Refusal{404, "Module \"" + sanitize_utf8(text) + "\" does not exist!"};
        return *name;
    }

    void require_right(const RepositoryName& name, const std::string& user) const {
        if (parts_.callers.is_administrator(user)) return;
        nacre::distgit::require_push(
            parts_.access.find(name).value_or(nacre::distgit::Access{}), name, user);
    }

    const LookasideHandler::Parts& parts_;
    const LookasideConfig& config_;
    const UploadForm& form_;
};

}  // namespace

http::Response LookasideHandler::handle(const http::Request& request) {
    for (const std::string_view prefix : {"/repo/pkgs/", "/lookaside/pkgs/"}) {
        if (!request.path.starts_with(prefix)) continue;
        const std::string path = request.path.substr(prefix.size());
        if (path == kUploadPath) return upload(request);
        return download(request, path);
    }
    throw Error{ErrorCode::NotFound, "no such file: " + nacre::quoted(request.path)};
}

http::Response LookasideHandler::download(const http::Request& request, const std::string& path) {
    if (request.method != "GET" && request.method != "HEAD")
        throw Error{
            ErrorCode::InvalidArgument, "the method is " + request.method + ", needed is GET"};
    const auto file = find_file(path);
    const auto stored = file ? parts_.lookaside.find(*file) : std::nullopt;
    if (!stored) throw Error{ErrorCode::NotFound, "no such file: " + nacre::quoted(path)};
    http::Response response;
    response.headers.set("Content-Type", "application/octet-stream");
    // Clients keep the time of the server.
    response.headers.set("Last-Modified", render_http_date(stored->modified));
    response.source = parts_.lookaside.open(*file);
    response.source_size = stored->size;
    return response;
}

http::Response LookasideHandler::upload(const http::Request& request) {
    if (request.method != "POST")
        throw Error{
            ErrorCode::InvalidArgument, "the method is " + request.method + ", needed is POST"};
    // Before the body: a stranger does not fill the disk.
    const std::string user = parts_.callers.require(request, "uploading");
    try {
        UploadForm form{parts_.lookaside, config_.upload_bytes_max};
        read_parts(request, form);
        const std::string answer = UploadRequest{parts_, config_, form}.answer(user);
        if (answer.ends_with("stored OK"))
            log_.info("lookaside.stored", {{"user", user}, {"repository", form.require("name")}});
        return text_response(200, answer);
    } catch (const Refusal& refusal) {
        return text_response(refusal.status, refusal.text);
    }
}

}  // namespace nacre::api::distgit
