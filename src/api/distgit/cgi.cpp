#include "api/distgit/cgi.hpp"

#include "api/distgit/detail/cgi_process.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace nacre::api::distgit {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw Error{ErrorCode::Internal, "invalid answer of git http-backend: " + why};
}

void add_header(CgiHead& head, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
        refuse("expected a header field, found " + nacre::quoted(line));
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (!equals_ignoring_case(name, "Status")) {
        head.headers.add(name, value);
        return;
    }
    const auto status = parse_integer(value.substr(0, 3));
    if (!status || *status < 200 || *status > 599) refuse("status " + nacre::quoted(value));
    head.status = static_cast<int>(*status);
}

/// Tells, once, that the program is gone.
class EndNotice {
public:
    explicit EndNotice(std::function<void()> ended) : ended_{std::move(ended)} {}

    EndNotice(EndNotice&& other) noexcept : ended_{std::exchange(other.ended_, nullptr)} {}

    EndNotice& operator=(EndNotice&&) = delete;

    ~EndNotice() {
        if (ended_) ended_();
    }

private:
    std::function<void()> ended_;
};

/// The rest of an answer, while the program writes it. A refused push ends with an error, too: its answer has the reason
/// and ends properly.
class AnswerSource final : public ByteSource {
public:
    AnswerSource(EndNotice notice, std::unique_ptr<detail::CgiProcess> process)
        : notice_{std::move(notice)},
          process_{std::move(process)} {}

    std::size_t read(std::span<std::byte> buffer) override { return process_->read(buffer); }

private:
    EndNotice notice_;  // Outlives the process.
    std::unique_ptr<detail::CgiProcess> process_;
};

}  // namespace

std::optional<CgiHead> find_cgi_head(std::string_view text) {
    CgiHead head;
    std::size_t at = 0;
    for (;;) {
        const std::size_t end = text.find('\n', at);
        if (std::min(end, text.size()) > kCgiHeadBytesMax) refuse("its head is too long");
        if (end == std::string_view::npos) return std::nullopt;
        std::string_view line = text.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        at = end + 1;
        if (line.empty()) break;
        add_header(head, line);
    }
    head.bytes = at;
    return head;
}

http::Response run_cgi(
    os::ProcessRunner& runner,
    const os::Command& command,
    const http::Request& request,
    std::function<void()> ended) {
    EndNotice notice{std::move(ended)};
    auto process = std::make_unique<detail::CgiProcess>(runner, command, request.stop);
    process->send(*request.body);
    CgiHead head = process->read_head();
    http::Response response;
    response.status = head.status;
    response.headers = std::move(head.headers);
    response.source = std::make_unique<AnswerSource>(std::move(notice), std::move(process));
    return response;
}

}  // namespace nacre::api::distgit
