#include "server/config.hpp"

#include <gtest/gtest.h>

namespace nacre::server {
namespace {

TEST(Config, AnEmptyFileGivesTheDefaults) {
    const ConfigResult result = parse_config("", "nacred.toml");
    EXPECT_TRUE(result.diagnostics.empty());
    EXPECT_EQ(result.config.http.port, 8080);
}

TEST(Config, WhatIsRenderedParsesToTheSame) {
    Config config;
    config.http.port = 0;
    config.http.public_url = "https://h/\"x\"";
    config.builder.cache = false;
    config.publish.mirror_tags = {"f*-container", "x"};
    const std::string text = render_config(config);
    const ConfigResult result = parse_config(text, "nacred.toml");
    EXPECT_EQ(render(result.diagnostics), "");
    EXPECT_EQ(render_config(result.config), text);
    EXPECT_EQ(result.config.publish.mirror_tags, config.publish.mirror_tags);
}

TEST(Config, ReportsAllThatIsWrongWithItsPlace) {
    const ConfigResult result = parse_config(
        "log_level = \"loud\"\n[http]\nprot = 1\nport = 99999\nworkers = \"many\"\n",
        "nacred.toml");
    EXPECT_EQ(
        render(result.diagnostics),
        "nacred.toml:1:13: error: 'log_level' is 'loud', needed is one of debug, info, warning, "
        "error\n"
        "  | log_level = \"loud\"\n"
        "  |             ^\n"
        "nacred.toml:4:8: error: 'port' is 99999, needed is 0 to 65535\n"
        "  | port = 99999\n"
        "  |        ^\n"
        "nacred.toml:5:11: error: 'workers' must be an integer\n"
        "  | workers = \"many\"\n"
        "  |           ^\n"
        "nacred.toml:3:1: error: unknown setting 'prot'\n"
        "  | prot = 1\n"
        "  | ^\n"
        "  hint: did you mean 'port'?\n");
}

TEST(Config, AnUnencryptedAddressForOthersHasToBeAskedFor) {
    const ConfigResult refused = parse_config("[http]\naddress = \"0.0.0.0\"\n", "nacred.toml");
    EXPECT_EQ(
        render(refused.diagnostics),
        "nacred.toml:2:11: error: '0.0.0.0' is reached from other machines, and passwords would "
        "cross the network unencrypted\n"
        "  | address = \"0.0.0.0\"\n"
        "  |           ^\n"
        "  hint: keep 127.0.0.1 and set 'enabled = true' in [tls], or ask for it by 'insecure = "
        "true'\n");
    EXPECT_TRUE(
        parse_config("[http]\naddress = \"0.0.0.0\"\ninsecure = true\n", "f").diagnostics.empty());
    EXPECT_TRUE(parse_config("[http]\naddress = \"::1\"\n", "f").diagnostics.empty());
}

TEST(Config, ACertificateNeedsItsKey) {
    const ConfigResult refused = parse_config("[tls]\ncertificate = \"c.pem\"\n", "nacred.toml");
    ASSERT_EQ(refused.diagnostics.size(), 1U);
    EXPECT_EQ(
        refused.diagnostics[0].message, "'certificate' and 'key' are given together, or neither");
    EXPECT_EQ(refused.diagnostics[0].line, 2);
}

TEST(Config, TakesAnAddressOfADatabaseWithoutAPassword) {
    const std::string url = "postgresql://nacre@db.example.org/nacre?passfile=/etc/nacre/pgpass";
    const ConfigResult good = parse_config("[database]\nurl = \"" + url + "\"\n", "nacred.toml");
    EXPECT_EQ(render(good.diagnostics), "");
    EXPECT_EQ(good.config.database.url, url);
    const ConfigResult refused =
        parse_config("[database]\nurl = \"postgresql://nacre:secret@db/nacre\"\n", "nacred.toml");
    EXPECT_EQ(
        render(refused.diagnostics),
        "nacred.toml:2:7: error: the address of the database has a password\n"
        "  | url = \"postgresql://nacre:secret@db/nacre\"\n"
        "  |       ^\n"
        "  hint: keep it in a file of its own: postgresql://...?passfile=FILE\n");
    EXPECT_FALSE(parse_config("[database]\nurl = \"mysql://x\"\n", "f").diagnostics.empty());
}

TEST(Config, ShowsASyntaxError) {
    const ConfigResult result = parse_config("[http\n", "nacred.toml");
    ASSERT_EQ(result.diagnostics.size(), 1U);
    EXPECT_EQ(result.diagnostics[0].line, 1);
}

}  // namespace
}  // namespace nacre::server
