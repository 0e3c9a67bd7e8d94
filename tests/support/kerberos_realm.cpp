#include "support/kerberos_realm.hpp"

#include "base/text.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace nacre::test {
namespace {

constexpr const char* kKdc = "/usr/sbin/krb5kdc";
constexpr const char* kAdmin = "/usr/sbin/kadmin.local";
constexpr int kStartTries = 200;
constexpr int kStartPauseMilliseconds = 25;

std::uint16_t free_port() {
    const os::UniqueFd probe{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(probe.get(), any, size) != 0 || ::getsockname(probe.get(), any, &size) != 0)
        throw std::runtime_error{"no free port"};
    return ntohs(address.sin_port);
}

void require(OM_uint32 major, const char* what) {
    if (GSS_ERROR(major) != 0)
        throw std::runtime_error{std::string{what} + ": " + std::to_string(major)};
}

}  // namespace

bool KerberosRealm::is_available() {
    return std::filesystem::exists(kKdc) && std::filesystem::exists(kAdmin);
}

KerberosRealm::KerberosRealm() {
    if (!is_available())
        throw std::runtime_error{"krb5-kdc and krb5-admin-server are not installed"};
    const std::string folder = folder_.path();
    const std::string address = "127.0.0.1:" + std::to_string(free_port());
    os::write_file_atomically(
        folder_.path() / "krb5.conf",
        "[libdefaults]\ndefault_realm = EXAMPLE.TEST\ndns_lookup_kdc = false\nrdns = false\n"
        "dns_canonicalize_hostname = false\n[realms]\nEXAMPLE.TEST = {\nkdc = "
            + address + "\n}\n[domain_realm]\nlocalhost = EXAMPLE.TEST\n");
    os::write_file_atomically(
        folder_.path() / "kdc.conf",
        "[realms]\nEXAMPLE.TEST = {\ndatabase_name = " + folder
            + "/principal\nkey_stash_file = " + folder + "/stash\nacl_file = " + folder
            + "/acl\nkdc_listen = " + address + "\nkdc_tcp_listen = " + address
            + "\n}\n[logging]\nkdc = FILE:" + folder + "/kdc.log\n");
    ::setenv("KRB5_CONFIG", (folder + "/krb5.conf").c_str(), 1);
    os::run_checked(
        runner_, command({"/usr/sbin/kdb5_util", "create", "-s", "-P", "master"}), {}, {});
    start();
}

KerberosRealm::~KerberosRealm() {
    if (!child_) return;
    child_->signal_group(SIGTERM);
    child_->wait_for(std::chrono::seconds{10});
}

os::Command KerberosRealm::command(std::vector<std::string> argv) const {
    os::Command command;
    command.argv = std::move(argv);
    command.environment = os::minimal_environment();
    for (const char* name : {"KRB5_CONFIG=krb5.conf", "KRB5_KDC_PROFILE=kdc.conf"})
        command.environment.push_back(replace_all(name, "=", "=" + folder_.path().string() + "/"));
    command.directory = folder_.path();
    return command;
}

void KerberosRealm::start() {
    os::Command kdc = command({kKdc, "-n"});
    kdc.orphans = os::Orphans::Killed;
    child_ = runner_.start(kdc, {});
    const std::filesystem::path log = folder_.path() / "kdc.log";
    for (int i = 0; i < kStartTries; ++i) {
        const std::string said = os::find_file(log, 1U << 20U).value_or("");
        if (said.find("commencing operation") != std::string::npos) return;
        if (child_->wait_for(std::chrono::milliseconds{kStartPauseMilliseconds}))
            throw std::runtime_error{"krb5kdc ended: " + said};
    }
    throw std::runtime_error{"krb5kdc does not start"};
}

std::filesystem::path KerberosRealm::keytab_of(const std::string& principal) const {
    return folder_.path() / (replace_all(principal, "/", "_") + ".keytab");
}

std::filesystem::path KerberosRealm::make_keytab(const std::string& principal) {
    os::run_checked(runner_, command({kAdmin, "addprinc", "-randkey", principal}), {}, {});
    const std::filesystem::path keytab = keytab_of(principal);
    os::run_checked(runner_, command({kAdmin, "ktadd", "-k", keytab, principal}), {}, {});
    return keytab;
}

std::string KerberosRealm::make_token(const std::string& principal) const {
    OM_uint32 minor = 0;
    const std::string keytab = "FILE:" + keytab_of(principal).string();
    const std::string cache = "MEMORY:" + keytab_of(principal).string();
    std::array<gss_key_value_element_desc, 2> elements{
        {{"client_keytab", keytab.c_str()}, {"ccache", cache.c_str()}}};
    const gss_key_value_set_desc store{.count = 2, .elements = elements.data()};
    gss_cred_id_t credentials = GSS_C_NO_CREDENTIAL;
    require(
        ::gss_acquire_cred_from(
            &minor,
            GSS_C_NO_NAME,
            GSS_C_INDEFINITE,
            GSS_C_NO_OID_SET,
            GSS_C_INITIATE,
            &store,
            &credentials,
            nullptr,
            nullptr),
        "credentials");
    std::string service = "HTTP@localhost";
    gss_buffer_desc text{.length = service.size(), .value = service.data()};
    gss_name_t target = GSS_C_NO_NAME;
    require(
        ::gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &target),
        "name of the service");
    gss_OID_desc spnego{.length = 6, .elements = const_cast<char*>("\x2b\x06\x01\x05\x05\x02")};
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = GSS_C_EMPTY_BUFFER;
    const OM_uint32 major = ::gss_init_sec_context(
        &minor,
        credentials,
        &context,
        target,
        &spnego,
        GSS_C_MUTUAL_FLAG,
        0,
        GSS_C_NO_CHANNEL_BINDINGS,
        GSS_C_NO_BUFFER,
        nullptr,
        &token,
        nullptr,
        nullptr);
    std::string bytes{static_cast<const char*>(token.value), token.length};
    ::gss_release_buffer(&minor, &token);
    ::gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    ::gss_release_name(&minor, &target);
    ::gss_release_cred(&minor, &credentials);
    require(major, "token");
    return bytes;
}

}  // namespace nacre::test
