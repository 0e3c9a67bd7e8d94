#pragma once

#include "base/diagnostic.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::server {

struct HttpSettings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;  ///< 0: any free one
    std::string public_url;     ///< how clients reach us; empty: from address and port
    std::int64_t workers = 16;  ///< requests answered at once
    bool insecure = false;      ///< `address` may be one that others reach
    std::vector<std::string> trusted_proxies;  ///< addresses; what they say of callers counts
};

/// A second listener, encrypted, beside the plain one.
struct TlsSettings {
    bool enabled = false;
    std::string address = "0.0.0.0";
    std::uint16_t port = 8443;       ///< 0: any free one
    std::vector<std::string> names;  ///< of the service, for its own certificate
    std::string certificate;         ///< file; empty: the service makes its own
    std::string key;                 ///< file
    std::string client_ca;           ///< file; empty: no logins by client certificate
    std::string client_crl;          ///< file; empty: none is revoked
};

struct DatabaseSettings {
    std::string url;  ///< of a PostgreSQL; empty: SQLite in the data folder
};

/// Who may log in as whom.
struct LoginSettings {
    bool create_users = false;            ///< of those whom a certificate or a ticket verified
    std::string certificate_name = "CN";  ///< attribute of a client certificate that names the user
    std::vector<std::string> certificate_proxies;  ///< subjects that may log in others
    std::vector<std::string> principal_proxies;    ///< principals that may
    bool proxies_choose_kind = false;              ///< of the session they open for others
};

struct KerberosSettings {
    std::string keytab;               ///< file; empty: no logins by Kerberos
    std::vector<std::string> realms;  ///< whose principals are the users of the same name
};

struct BuilderSettings {
    bool enabled = true;               ///< build on this machine
    std::string name = "localhost";    ///< of the host in the hub
    std::int64_t tasks_max = 2;        ///< builds at once
    std::string compression = "gzip";  ///< of layers: "gzip", "zstd" or "none"
    std::int64_t compression_level = 6;
    bool cache = true;  ///< reuse the layers of equal steps
};

struct PublishSettings {
    /// Builds tagged into a tag that matches one of these globs go to the mirror tree.
    std::vector<std::string> mirror_tags{"*"};
};

/// nacred.toml. Defaults are those of the members.
struct Config {
    HttpSettings http;
    TlsSettings tls;
    LoginSettings logins;
    KerberosSettings kerberos;
    DatabaseSettings database;
    BuilderSettings builder;
    PublishSettings publish;
    std::string log_level = "info";  ///< "debug", "info", "warning" or "error"
};

struct ConfigResult {
    Config config;
    Diagnostics diagnostics;  ///< everything that is wrong, with line and column
};

/// `file` names the text in messages. Unknown keys are errors, with the nearest known one as a hint.
ConfigResult parse_config(std::string_view text, const std::string& file);

/// One setting as the file has it.
struct Setting {
    std::string table;  ///< "http"; empty: before the first table
    std::string key;
    std::string value;  ///< as TOML
    std::string meaning;
};

/// Every setting, in the order of the file.
std::vector<Setting> settings_of(const Config& config);

/// A complete file with every setting and what it means; parses to `config` again.
std::string render_config(const Config& config);

}  // namespace nacre::server
