#pragma once

#include "json/value.hpp"
#include "oci/descriptor.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nacre::oci {

/// HEALTHCHECK, as Docker keeps it in `config.Healthcheck`; durations zero when not given.
struct Healthcheck {
    std::vector<std::string> test;  ///< {"NONE"}, {"CMD", …} or {"CMD-SHELL", text}
    std::chrono::nanoseconds interval{};
    std::chrono::nanoseconds timeout{};
    std::chrono::nanoseconds start_period{};
    std::chrono::nanoseconds start_interval{};
    int retries = 0;

    bool operator==(const Healthcheck&) const = default;
};

struct HistoryEntry {
    std::string created;  ///< RFC 3339, may be empty
    std::string created_by;
    std::string comment;
    bool empty_layer = false;

    bool operator==(const HistoryEntry&) const = default;
};

/// An image configuration (image-spec, config.md, with Docker's OnBuild, Shell and Healthcheck).
/// Order is kept where a user can see it (env, labels); sets are sorted when rendered.
struct ImageConfig {
    Platform platform;
    std::string created;  ///< RFC 3339, may be empty
    std::string author;

    std::string user;
    std::vector<std::string> exposed_ports;  ///< "8080/tcp"
    std::vector<std::string> env;            ///< "NAME=value"
    std::optional<std::vector<std::string>> entrypoint;
    std::optional<std::vector<std::string>> cmd;
    std::vector<std::string> volumes;
    std::string working_dir;
    std::vector<std::pair<std::string, std::string>> labels;
    std::string stop_signal;
    std::optional<Healthcheck> healthcheck;
    std::vector<std::string> on_build;
    std::vector<std::string> shell;  ///< empty: the default, {"/bin/sh", "-c"}

    std::vector<DiffId> diff_ids;
    std::vector<HistoryEntry> history;

    bool operator==(const ImageConfig&) const = default;
};

/// Throws Error{DataCorrupt} with the place for bytes of another shape: wrong types, a null config is
/// accepted as an empty one, diff ids and non-empty history entries may differ in number (some tools
/// write no history).
ImageConfig parse_image_config(std::string_view bytes);

/// The same bytes for the same value: members in a fixed order, sets sorted, empty members left out.
std::string render(const ImageConfig& config);

/// Replaces or appends "NAME=value".
void set_env(ImageConfig& config, std::string_view name, std::string_view value);
std::optional<std::string> find_env(const ImageConfig& config, std::string_view name);
void set_label(ImageConfig& config, std::string_view name, std::string_view value);
std::optional<std::string> find_label(const ImageConfig& config, std::string_view name);

}  // namespace nacre::oci
