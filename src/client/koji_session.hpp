#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "http/client.hpp"
#include "koji/codec.hpp"
#include "koji/value.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::client {

constexpr std::size_t kUploadChunk = std::size_t{1} << 20U;
constexpr std::size_t kCallsPerMessageMax = 1000;

struct KojiSessionConfig {
    std::string url;  ///< of the hub: "https://koji.example/kojihub"
    int attempts_max = 10;
    std::chrono::milliseconds first_pause{
        250};  ///< between attempts; doubled each time, with jitter
    std::chrono::milliseconds pause_max{20'000};
    std::chrono::seconds patience{600};             ///< no further attempt after so long
    std::chrono::milliseconds idle_limit{300'000};  ///< for an answer
};

/// What one call of several gave.
struct CallOutcome {
    koji::Value value;
    std::optional<koji::FaultText> fault;

    /// The value; throws the fault.
    const koji::Value& get() const;
};

struct UploadPlace {
    std::string folder;  ///< below the hub's work/: "cli-build/1700000000.abc", "tasks/7/10007"
    std::string name;
};

enum class Overwrite : std::uint8_t { No, Yes };

struct UploadState {
    std::int64_t size = 0;
    std::string hex_digest;
};

/// A conversation with a Koji hub (reference C.1). Anonymous until login(). Calls are repeated when the hub cannot be
/// reached or is offline: a logged-in call goes out again under its number, so the hub applies it once. An expired
/// session is renewed. Confined to one thread; movable.
class KojiSession {
public:
    /// `http`, `random` and `clock` outlive it.
    KojiSession(
        KojiSessionConfig config,
        http::Client& http,
        Random& random,
        const Clock& clock,
        std::stop_token stop);

    /// Throws koji::Fault{AuthError} for a wrong password.
    void login(const std::string& user, const Secret& password);
    /// Goes on with a session that somebody else opened for this process alone: a subsession for a worker.
    void resume(std::int64_t session_id, const Secret& session_key);
    /// Forgets the session, whether or not the hub could be told.
    void logout();

    bool is_logged_in() const noexcept { return session_.has_value(); }

    /// The id of the hub's session, for logoutChild and messages.
    std::optional<std::int64_t> session_id() const noexcept;

    /// A session of its own that ends with this one: for the process of a task.
    KojiSession subsession();

    /// Throws koji::Fault for what the hub answered, Error{Unavailable} when it could not be reached, Cancelled.
    /// koji::Fault{RetryError} says that the call was applied and its answer lost on the way.
    koji::Value call(
        std::string_view method, koji::Array arguments = {}, koji::Struct keywords = {});

    /// All in one transaction for each kCallsPerMessageMax; one that fails is undone alone. An outcome for each call.
    std::vector<CallOutcome> multicall(const std::vector<koji::Call>& calls);

    /// Writes one chunk at `offset`; returns when the hub has it, verified.
    void upload(
        const UploadPlace& place,
        std::uint64_t offset,
        Bytes bytes,
        Overwrite overwrite = Overwrite::No);
    /// Nothing when the hub has no such file.
    std::optional<UploadState> check_upload(const UploadPlace& place);
    /// Sends a file in chunks and compares the checksum of the whole.
    void upload_file(const std::filesystem::path& path, const UploadPlace& place);

private:
    struct Session {
        std::int64_t id = 0;
        std::string key;
        std::int64_t callnum = 0;
    };

    struct Credentials {
        std::string user;
        Secret password;
    };

    struct Message {
        std::string url;
        std::string content_type;
        std::string body;
        std::optional<std::int64_t> callnum;
    };

    koji::Value send(Message message);
    koji::Value attempt(const http::ClientRequest& request);
    http::ClientRequest request_for(const Message& message);

    bool can_renew() const noexcept { return session_ && credentials_; }

    void renew();
    void take(const koji::Value& answer);

    KojiSessionConfig config_;
    http::Client* http_;
    Random* random_;
    const Clock* clock_;
    std::stop_token stop_;
    std::optional<Session> session_;
    std::optional<Credentials> credentials_;
};

}  // namespace nacre::client
