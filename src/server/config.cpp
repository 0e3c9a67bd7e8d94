#include "server/config.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "sql/postgres_database.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace nacre::server {
namespace {

/// Takes the known keys of one table and reports all others.
class TableReader {
public:
    TableReader(const toml::table* table, std::string file, Diagnostics& diagnostics)
        : table_{table},
          file_{std::move(file)},
          diagnostics_{diagnostics} {}

    template <class T>
    void take(const std::string& key, T& value, std::string_view expected) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        if (const std::optional<T> found = node->value_exact<T>())
            value = *found;
        else
            complain(node->source(), "'" + key + "' must be " + std::string{expected});
    }

    template <class T>
    void take_integer(const std::string& key, T& value, std::int64_t least, std::int64_t most) {
        std::int64_t number = value;
        take(key, number, "an integer");
        const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
        if (node != nullptr && (number < least || number > most)) {
            complain(
                node->source(),
                "'" + key + "' is " + std::to_string(number) + ", needed is "
                    + std::to_string(least) + " to " + std::to_string(most));
            return;
        }
        value = static_cast<T>(number);
    }

    void take_choice(
        const std::string& key, std::string& value, const std::vector<std::string>& choices) {
        take(key, value, "a string");
        const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
        if (node != nullptr && std::ranges::find(choices, value) == choices.end())
            complain(
                node->source(),
                "'" + key + "' is " + quoted(value) + ", needed is one of " + join(choices, ", "));
    }

    void take_strings(const std::string& key, std::vector<std::string>& values) {
        const toml::node* node = find(key);
        if (node == nullptr) return;
        const toml::array* list = node->as_array();
        if (list == nullptr || (!list->empty() && !list->is_homogeneous<std::string>())) {
            complain(node->source(), "'" + key + "' must be a list of strings");
            return;
        }
        values.clear();
        for (const toml::node& one : *list)
            values.push_back(one.value_or(std::string{}));
    }

    const toml::table* take_table(const std::string& key) {
        const toml::node* node = find(key);
        if (node == nullptr) return nullptr;
        if (node->as_table() == nullptr) complain(node->source(), "'" + key + "' must be a table");
        return node->as_table();
    }

    /// For a value that is wrong only beside others. A setting that is not in the file has no place.
    void complain_about(const std::string& key, std::string message) {
        const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
        complain(node == nullptr ? toml::source_region{} : node->source(), std::move(message));
    }

    void refuse_unknown() {
        if (table_ == nullptr) return;
        for (const auto& [name, node] : *table_) {
            const std::string key{name.str()};
            if (std::ranges::find(known_, key) != known_.end()) continue;
            complain(name.source(), "unknown setting " + quoted(key));
            if (const auto near = nearest(key, known_))
                diagnostics_.back().hint = "did you mean '" + *near + "'?";
        }
    }

private:
    const toml::node* find(const std::string& key) {
        known_.push_back(key);
        return table_ == nullptr ? nullptr : table_->get(key);
    }

    void complain(const toml::source_region& where, std::string message) {
        Diagnostic diagnostic;
        diagnostic.file = file_;
        diagnostic.line = static_cast<int>(where.begin.line);
        diagnostic.column = static_cast<int>(where.begin.column);
        diagnostic.message = std::move(message);
        diagnostics_.push_back(std::move(diagnostic));
    }

    const toml::table* table_;
    std::string file_;
    Diagnostics& diagnostics_;
    std::vector<std::string> known_;
};

constexpr std::int64_t kWorkersMax = 256;
constexpr std::int64_t kTasksMax = 64;
constexpr std::int64_t kPortMax = 65535;
constexpr std::int64_t kLevelMax = 19;

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

void read_tls(TableReader& top, const std::string& file, ConfigResult& result) {
    TlsSettings& tls = result.config.tls;
    TableReader table{top.take_table("tls"), file, result.diagnostics};
    table.take("enabled", tls.enabled, "true or false");
    table.take("address", tls.address, "a string");
    table.take_integer("port", tls.port, 0, kPortMax);
    table.take_strings("names", tls.names);
    table.take("certificate", tls.certificate, "a string");
    table.take("key", tls.key, "a string");
    table.take("client_ca", tls.client_ca, "a string");
    table.take("client_crl", tls.client_crl, "a string");
    if (tls.certificate.empty() != tls.key.empty())
        table.complain_about(
            tls.key.empty() ? "certificate" : "key",
            "'certificate' and 'key' are given together, or neither");
    table.refuse_unknown();
}

void read_database(TableReader& top, const std::string& file, ConfigResult& result) {
    std::string& url = result.config.database.url;
    TableReader table{top.take_table("database"), file, result.diagnostics};
    table.take("url", url, "a string");
    try {
        if (!url.empty()) sql::check_postgres_address(url);
    } catch (const Error& error) {
        table.complain_about("url", error.describe());
        result.diagnostics.back().hint = error.hint();
    }
    table.refuse_unknown();
}

void read_logins(TableReader& top, const std::string& file, ConfigResult& result) {
    LoginSettings& logins = result.config.logins;
    TableReader table{top.take_table("logins"), file, result.diagnostics};
    table.take("create_users", logins.create_users, "true or false");
    table.take("certificate_name", logins.certificate_name, "a string");
    table.take_strings("certificate_proxies", logins.certificate_proxies);
    table.take_strings("principal_proxies", logins.principal_proxies);
    table.take("proxies_choose_kind", logins.proxies_choose_kind, "true or false");
    table.refuse_unknown();

    TableReader kerberos{top.take_table("kerberos"), file, result.diagnostics};
    kerberos.take("keytab", result.config.kerberos.keytab, "a string");
    kerberos.take_strings("realms", result.config.kerberos.realms);
    kerberos.refuse_unknown();
}

void read_tables(const toml::table& root, const std::string& file, ConfigResult& result) {
    Config& config = result.config;
    TableReader top{&root, file, result.diagnostics};
    top.take_choice("log_level", config.log_level, {"debug", "info", "warning", "error"});

    TableReader http{top.take_table("http"), file, result.diagnostics};
    http.take("address", config.http.address, "a string");
    http.take_integer("port", config.http.port, 0, kPortMax);
    http.take("public_url", config.http.public_url, "a string");
    http.take_integer("workers", config.http.workers, 1, kWorkersMax);
    http.take("insecure", config.http.insecure, "true or false");
    http.take_strings("trusted_proxies", config.http.trusted_proxies);
    if (!config.http.insecure && !is_loopback(config.http.address)) {
        http.complain_about(
            "address",
            quoted(config.http.address)
                + " is reached from other machines, and passwords would cross the network unencrypted");
        result.diagnostics.back().hint =
            "keep 127.0.0.1 and set 'enabled = true' in [tls], or ask for it by 'insecure = true'";
    }
    http.refuse_unknown();

    read_tls(top, file, result);
    read_logins(top, file, result);

    read_database(top, file, result);

    TableReader builder{top.take_table("builder"), file, result.diagnostics};
    builder.take("enabled", config.builder.enabled, "true or false");
    builder.take("name", config.builder.name, "a string");
    builder.take_integer("tasks_max", config.builder.tasks_max, 1, kTasksMax);
    builder.take_choice("compression", config.builder.compression, {"gzip", "zstd", "none"});
    builder.take_integer("compression_level", config.builder.compression_level, 1, kLevelMax);
    builder.take("cache", config.builder.cache, "true or false");
    builder.refuse_unknown();

    TableReader publish{top.take_table("publish"), file, result.diagnostics};
    publish.take_strings("mirror_tags", config.publish.mirror_tags);
    publish.refuse_unknown();
    top.refuse_unknown();
}

std::string toml_string(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + "\"";
}

std::string toml_bool(const bool& value) {
    return value ? "true" : "false";
}

std::string toml_strings(const std::vector<std::string>& values) {
    std::vector<std::string> words;
    words.reserve(values.size());
    for (const std::string& value : values)
        words.push_back(toml_string(value));
    return "[" + join(words, ", ") + "]";
}

std::vector<Setting> listener_settings(const HttpSettings& http, const TlsSettings& tls) {
    return {
        {"http", "address", toml_string(http.address), "IP address to listen on"},
        {"http", "port", std::to_string(http.port), "0: any free one"},
        {"http",
         "public_url",
         toml_string(http.public_url),
         "how clients reach the service; empty: address and port, of tls where it is enabled"},
        {"http", "workers", std::to_string(http.workers), "requests answered at once"},
        {"http",
         "insecure",
         toml_bool(http.insecure),
         "whether address may be one that other machines reach, without encryption"},
        {"http",
         "trusted_proxies",
         toml_strings(http.trusted_proxies),
         "IP addresses of proxies whose X-Forwarded-For and Remote-User are believed"},
        {"tls", "enabled", toml_bool(tls.enabled), "whether the service listens with TLS too"},
        {"tls", "address", toml_string(tls.address), "IP address to listen on"},
        {"tls", "port", std::to_string(tls.port), "0: any free one"},
        {"tls",
         "names",
         toml_strings(tls.names),
         "host names and IP addresses for the service's own certificate, beside those it knows"},
        {"tls",
         "certificate",
         toml_string(tls.certificate),
         "PEM file, the service's first; empty: the service makes its own"},
        {"tls", "key", toml_string(tls.key), "PEM file with the key of certificate"},
        {"tls",
         "client_ca",
         toml_string(tls.client_ca),
         "PEM file of authorities whose client certificates log in; empty: none"},
        {"tls",
         "client_crl",
         toml_string(tls.client_crl),
         "PEM file with lists of revoked client certificates; empty: none"}};
}

std::vector<Setting> login_settings(const LoginSettings& logins, const KerberosSettings& kerberos) {
    return {
        {"logins",
         "create_users",
         toml_bool(logins.create_users),
         "whether who shows a good certificate or ticket becomes a user"},
        {"logins",
         "certificate_name",
         toml_string(logins.certificate_name),
         "attribute of a client certificate's subject that names the user"},
        {"logins",
         "certificate_proxies",
         toml_strings(logins.certificate_proxies),
         "subjects (RFC 4514) of client certificates that may log in as others"},
        {"logins",
         "principal_proxies",
         toml_strings(logins.principal_proxies),
         "Kerberos principals that may log in as others"},
        {"logins",
         "proxies_choose_kind",
         toml_bool(logins.proxies_choose_kind),
         "whether they may say how the others had proved who they are"},
        {"kerberos",
         "keytab",
         toml_string(kerberos.keytab),
         "file with the key of HTTP/<name of the service>; empty: no logins by Kerberos"},
        {"kerberos",
         "realms",
         toml_strings(kerberos.realms),
         "realms whose principals are the users of the same name"}};
}

std::vector<Setting> work_settings(const Config& config) {
    const BuilderSettings& builder = config.builder;
    return {
        {"database",
         "url",
         toml_string(config.database.url),
         "postgresql://USER@HOST/DATABASE; empty: SQLite in the data folder"},
        {"builder", "enabled", toml_bool(builder.enabled), "whether this machine builds"},
        {"builder",
         "name",
         toml_string(builder.name),
         "name of this machine among the hub's hosts"},
        {"builder", "tasks_max", std::to_string(builder.tasks_max), "builds at once"},
        {"builder",
         "compression",
         toml_string(builder.compression),
         "of layers: gzip, zstd or none"},
        {"builder",
         "compression_level",
         std::to_string(builder.compression_level),
         "1 to 12 for gzip, 1 to 19 for zstd"},
        {"builder", "cache", toml_bool(builder.cache), "whether equal steps reuse their layers"},
        {"publish",
         "mirror_tags",
         toml_strings(config.publish.mirror_tags),
         "tags (globs) whose builds go to the mirror tree"}};
}

}  // namespace

ConfigResult parse_config(std::string_view text, const std::string& file) {
    ConfigResult result;
    try {
        const toml::table root = toml::parse(text, file);
        read_tables(root, file, result);
    } catch (const toml::parse_error& error) {
        Diagnostic diagnostic;
        diagnostic.file = file;
        diagnostic.line = static_cast<int>(error.source().begin.line);
        diagnostic.column = static_cast<int>(error.source().begin.column);
        diagnostic.message = error.description();
        result.diagnostics.push_back(std::move(diagnostic));
    }
    const std::vector<std::string> lines = split(text, '\n');
    for (Diagnostic& diagnostic : result.diagnostics) {
        const auto index = static_cast<std::size_t>(diagnostic.line - 1);
        if (diagnostic.line > 0 && index < lines.size()) diagnostic.excerpt = lines[index];
    }
    return result;
}

std::vector<Setting> settings_of(const Config& config) {
    std::vector<Setting> all{
        {"", "log_level", toml_string(config.log_level), "debug, info, warning or error"}};
    for (auto& part :
         {listener_settings(config.http, config.tls),
          login_settings(config.logins, config.kerberos),
          work_settings(config)})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

std::string render_config(const Config& config) {
    std::string text;
    std::string table;
    for (const Setting& setting : settings_of(config)) {
        if (setting.table != table) text += "\n[" + setting.table + "]\n";
        table = setting.table;
        text += setting.key + " = " + setting.value + "  # " + setting.meaning + "\n";
    }
    return text;
}

}  // namespace nacre::server
