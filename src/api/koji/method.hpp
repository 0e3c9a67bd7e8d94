#pragma once

#include "api/koji/parameters.hpp"
#include "hub/hub.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::api::koji {

class Dispatcher;

/// What a call brings with it besides its parameters.
struct CallHeaders {
    std::optional<hub::PresentedSession> session;
    std::string peer;  ///< IP address; empty inside the process
    /// Who the transport says it is: for sslLogin.
    std::optional<hub::VerifiedClient> client;
    std::string client_problem;  ///< why nobody is; empty: nothing was shown
};

/// What a method works with: one call, one transaction.
struct Context {
    const Dispatcher& dispatcher;
    hub::Hub& hub;
    hub::Call& call;
    const CallHeaders& headers;
    std::vector<hub::RefusalNote>& refusals;  ///< of calls inside the call, which goes on
};

/// Who may call at all; the hub's services decide about the rest.
enum class Needs : std::uint8_t { Nothing, Login, Host };

enum class Flow : std::uint8_t {
    Ordinary,  ///< the session is checked before the method runs
    Login,     ///< the method makes or renews the session itself
    Wrapper    ///< runs other methods: needs the access that they need
};

/// One method of the API, as data: `nacre`'s documentation, `_listapi` and the dispatcher read the same table.
struct Method {
    using Run = Value (*)(Context&, const Parameters&);

    Signature signature;
    sql::Access access = sql::Access::Read;
    Needs needs = Needs::Nothing;
    Run run = nullptr;
    std::string_view doc;
    Flow flow = Flow::Ordinary;
};

using Methods = std::vector<Method>;

/// For everybody, and changes nothing.
Method reading(std::string_view signature, Method::Run run, std::string_view doc);
/// For whom is logged in.
Method changing(std::string_view signature, Method::Run run, std::string_view doc);
/// For a host's session, and changes nothing.
Method host_reading(std::string_view signature, Method::Run run, std::string_view doc);
/// For a host's session.
Method host_changing(std::string_view signature, Method::Run run, std::string_view doc);

std::string_view to_string(Needs needs) noexcept;

/// The tables, one for each area.
Methods archive_methods();
Methods build_methods();
Methods channel_methods();
Methods file_methods();
Methods generator_methods();
Methods history_methods();
Methods host_methods();
Methods host_task_methods();  ///< the builder's side: "host.*"
Methods package_methods();
Methods policy_methods();
Methods search_methods();
Methods session_methods();
Methods system_methods();
Methods tag_methods();
Methods tagging_methods();
Methods target_methods();
Methods task_methods();
Methods user_methods();
/// What Koji has and this hub leaves out, each with what to do instead.
Methods absent_methods();

}  // namespace nacre::api::koji
