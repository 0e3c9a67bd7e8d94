#include "auth/gss_ticket_verifier.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <array>
#include <utility>

namespace nacre::auth {
namespace {

constexpr std::size_t kTokenBytesMax = 64U << 10U;

/// A handle of the library, given back to it at the end.
template <class Handle, OM_uint32 (*Release)(OM_uint32*, Handle*)>
class Owned {
public:
    Owned() = default;
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    ~Owned() {
        OM_uint32 minor = 0;
        Release(&minor, &handle_);
    }

    Handle get() const noexcept { return handle_; }

    Handle* out() noexcept { return &handle_; }

private:
    Handle handle_ = nullptr;
};

OM_uint32 delete_context(OM_uint32* minor, gss_ctx_id_t* context) noexcept {
    return ::gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}

using Credentials = Owned<gss_cred_id_t, &::gss_release_cred>;
using Name = Owned<gss_name_t, &::gss_release_name>;
using Context = Owned<gss_ctx_id_t, &delete_context>;

class Buffer {
public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    ~Buffer() {
        OM_uint32 minor = 0;
        ::gss_release_buffer(&minor, &buffer_);
    }

    gss_buffer_t out() noexcept { return &buffer_; }

    std::string text() const { return {static_cast<const char*>(buffer_.value), buffer_.length}; }

private:
    gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

void append_message(std::string& text, OM_uint32 code, int kind) {
    OM_uint32 more = 0;
    do {
        OM_uint32 minor = 0;
        Buffer message;
        if (::gss_display_status(&minor, code, kind, GSS_C_NO_OID, &more, message.out())
            != GSS_S_COMPLETE)
            return;
        if (!text.empty()) text += ": ";
        text += trim(message.text());
    } while (more != 0);
}

std::string reason_of(OM_uint32 major, OM_uint32 minor) {
    std::string text;
    append_message(text, major, GSS_C_GSS_CODE);
    if (minor != 0) append_message(text, minor, GSS_C_MECH_CODE);
    return text;
}

bool failed(OM_uint32 major) noexcept {
    return GSS_ERROR(major) != 0;
}

void acquire(Credentials& credentials, const std::string& keytab, const std::string& replays) {
    std::array<gss_key_value_element_desc, 2> elements{
        {{"keytab", keytab.c_str()}, {"rcache", replays.c_str()}}};
    const gss_key_value_set_desc store{
        .count = static_cast<OM_uint32>(elements.size()), .elements = elements.data()};
    OM_uint32 minor = 0;
    const OM_uint32 major = ::gss_acquire_cred_from(
        &minor,
        GSS_C_NO_NAME,
        GSS_C_INDEFINITE,
        GSS_C_NO_OID_SET,
        GSS_C_ACCEPT,
        &store,
        credentials.out(),
        nullptr,
        nullptr);
    if (failed(major))
        throw Error{
            ErrorCode::InvalidArgument,
            "cannot use the Kerberos keytab " + quoted(keytab) + ": " + reason_of(major, minor)}
            .with_hint("it needs a key of HTTP/<name of this service>, readable for the service");
}

std::string render(gss_name_t name) {
    OM_uint32 minor = 0;
    Buffer text;
    const OM_uint32 major = ::gss_display_name(&minor, name, text.out(), nullptr);
    if (failed(major))
        throw Error{
            ErrorCode::Unauthenticated, "the ticket names nobody: " + reason_of(major, minor)};
    return text.text();
}

}  // namespace

GssTicketVerifier::GssTicketVerifier(
    const std::filesystem::path& keytab, const std::filesystem::path& replays)
    : keytab_{"FILE:" + keytab.string()},
      replays_{"file2:" + replays.string()} {
    Credentials trial;
    acquire(trial, keytab_, replays_);
}

VerifiedTicket GssTicketVerifier::verify(std::string_view token) {
    if (token.empty() || token.size() > kTokenBytesMax)
        throw Error{
            ErrorCode::Unauthenticated,
            "a Kerberos token has " + std::to_string(token.size()) + " bytes, needed are 1 to "
                + std::to_string(kTokenBytesMax)};
    Credentials credentials;
    acquire(credentials, keytab_, replays_);
    std::string input{token};
    gss_buffer_desc given{.length = input.size(), .value = input.data()};
    Context context;
    Name client;
    Buffer reply;
    OM_uint32 minor = 0;
    const OM_uint32 major = ::gss_accept_sec_context(
        &minor,
        context.out(),
        credentials.get(),
        &given,
        GSS_C_NO_CHANNEL_BINDINGS,
        client.out(),
        nullptr,
        reply.out(),
        nullptr,
        nullptr,
        nullptr);
    if (failed(major))
        throw Error{
            ErrorCode::Unauthenticated,
            "the Kerberos ticket was refused: " + reason_of(major, minor)};
    // A second round would need the state of this one, and one request has nothing to do with the next.
    if (major != GSS_S_COMPLETE)
        throw Error{
            ErrorCode::Unauthenticated,
            "the token asks for more than one round, or is not Kerberos"};
    return {.principal = render(client.get()), .reply = reply.text()};
}

}  // namespace nacre::auth
