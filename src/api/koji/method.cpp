#include "api/koji/method.hpp"

namespace nacre::api::koji {
namespace {

Method make(
    std::string_view signature,
    sql::Access access,
    Needs needs,
    Method::Run run,
    std::string_view doc) {
    return {
        .signature = Signature{signature},
        .access = access,
        .needs = needs,
        .run = run,
        .doc = doc};
}

}  // namespace

std::string_view to_string(Needs needs) noexcept {
    switch (needs) {
        case Needs::Nothing:
            return "nothing";
        case Needs::Login:
            return "login";
        case Needs::Host:
            return "host";
    }
    return "";
}

Method reading(std::string_view signature, Method::Run run, std::string_view doc) {
    return make(signature, sql::Access::Read, Needs::Nothing, run, doc);
}

Method changing(std::string_view signature, Method::Run run, std::string_view doc) {
    return make(signature, sql::Access::Write, Needs::Login, run, doc);
}

Method host_reading(std::string_view signature, Method::Run run, std::string_view doc) {
    return make(signature, sql::Access::Read, Needs::Host, run, doc);
}

Method host_changing(std::string_view signature, Method::Run run, std::string_view doc) {
    return make(signature, sql::Access::Write, Needs::Host, run, doc);
}

}  // namespace nacre::api::koji
