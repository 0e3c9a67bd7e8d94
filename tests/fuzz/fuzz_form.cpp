#include "api/distgit/pagure_handler.hpp"
#include "base/error.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    try {
        const auto fields = nacre::api::distgit::parse_form(text);
        std::string again;
        for (const auto& [name, value] : fields)
            again +=
                nacre::http::percent_encode(name) + "=" + nacre::http::percent_encode(value) + "&";
        if (nacre::api::distgit::parse_form(again) != fields) std::abort();
    } catch (const nacre::Error& error) {
        if (error.code() != nacre::ErrorCode::InvalidArgument) std::abort();
    }
    return 0;
}
