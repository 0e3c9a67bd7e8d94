#include "api/distgit/multipart.hpp"
#include "base/error.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

class Collector final : public nacre::api::distgit::PartSink {
public:
    void begin(const nacre::api::distgit::PartHead& head) override { text += head.name + "="; }

    void write(nacre::Bytes bytes) override { text.append(nacre::as_text(bytes)); }

    void end() override { text += ";"; }

    std::string text;
};

std::string parse(const std::string& body, std::size_t step) {
    Collector collector;
    try {
        nacre::api::distgit::MultipartParser parser{"XX", collector};
        for (std::size_t at = 0; at < body.size(); at += step)
            parser.feed(nacre::as_bytes(std::string_view{body}.substr(at, step)));
        parser.finish();
    } catch (const nacre::Error& error) {
        return "error";
    }
    return collector.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    if (parse(text, 7) != parse(text, size + 1)) std::abort();
    static_cast<void>(nacre::api::distgit::find_boundary(text));
    static_cast<void>(nacre::api::distgit::parse_disposition(text));
    return 0;
}
