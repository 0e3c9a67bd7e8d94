#include "bench_hub.hpp"

#include <array>

namespace nacre::bench {
namespace {

constexpr std::int64_t kPackages = 20'000;
constexpr std::int64_t kTagged = 10'000;
constexpr std::int64_t kArchivesOfBuild = 5;
constexpr int kRounds = 200;

#define NACRE_NUMBERS \
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "

void fill_builds(Bench& bench, std::int64_t builds) {
    bench.write([&](hub::Call& call) {
        sql::Transaction& sql = call.sql();
        const std::int64_t event = call.event().value();
        sql.execute("INSERT INTO users (id, name, status, usertype) VALUES (1, 'alice', 0, 0)");
        sql.execute("INSERT INTO content_generator (id, name) VALUES (1, 'nacre')");
        sql.execute(
            "INSERT INTO package (id, name)" NACRE_NUMBERS
            "SELECT i, CASE i % 3 WHEN 0 THEN 'lib' WHEN 1 THEN 'python-' ELSE 'svc-' END || i ||"
            " '-container' FROM n",
            {kPackages});
        // What an import says about an image is some kilobytes.
        const std::string extra = R"({"image": {"index": {"pull": [")" + std::string(1500, 'x')
                                  + R"("]}}, "typeinfo": {"image": {}}})";
        sql.execute(
            "INSERT INTO build (id, pkg_id, version, release, state, owner, cg_id, source, extra,"
            " create_event, create_time, start_time, completion_time)" NACRE_NUMBERS
            "SELECT i, 1 + i % ?, '1.' || (i / ? / 10), '' || (i / ? % 10 + 1), 1, 1, 1,"
            " 'git+https://src.example.org/x#' || i, ?, ?, i, i, i FROM n",
            {builds, kPackages, kPackages, kPackages, extra, event});
        sql.execute(
            "INSERT INTO build_names (build_id, name) SELECT b.id, LOWER(p.name || '-' || b.version"
            " || '-' || b.release) FROM build b JOIN package p ON p.id = b.pkg_id");
        sql.execute("INSERT INTO build_types (build_id, btype_id) SELECT id, 4 FROM build");
        sql.execute(
            "INSERT INTO archiveinfo (type_id, btype_id, build_id, filename, size, checksum,"
            " checksum_type, metadata_only)" NACRE_NUMBERS
            "SELECT 1, 4, 1 + (i - 1) / 5, 'image-' || i || '.tar.gz', i, 'sum' || i, 2, 0 FROM n",
            {builds * kArchivesOfBuild});
    });
}

/// "big" holds 10,000 builds; "top" inherits from ten tags, of which the last is "big".
void fill_tags(Bench& bench, std::int64_t builds) {
    bench.write([&](hub::Call& call) {
        std::vector<hub::TagId> tags;
        for (const std::string name :
             {"top", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "big"})
            tags.push_back(bench.service().tags.create(call, {.name = name}));
        for (std::size_t i = 0; i + 1 < tags.size(); ++i)
            bench.service().tags.change_inheritance(
                call, tags[i], {{.link = {.parent = tags[i + 1]}}}, hub::Clear::No);
        const std::int64_t big = tags.back().value();
        const std::int64_t event = call.event().value();
        call.sql().execute(
            "INSERT INTO tag_packages (package_id, tag_id, blocked, create_event, active)"
            " SELECT id, ?, 0, ?, 1 FROM package",
            {big, event});
        call.sql().execute(
            "INSERT INTO tag_listing (build_id, tag_id, create_event, active)" NACRE_NUMBERS
            "SELECT 1 + i * ?, ?, ?, 1 FROM n",
            {kTagged - 1, builds / kTagged, big, event});
        // Every build has been somewhere, and is not any more.
        call.sql().execute(
            "INSERT INTO tag_listing (build_id, tag_id, create_event, revoke_event, active)"
            " SELECT id, ?, ?, ?, NULL FROM build",
            {big, event, event});
    });
}

class Reads {
public:
    Reads(Bench& bench, std::int64_t builds) : bench_{bench}, builds_{builds} {}

    void measure(
        const std::string& what,
        std::string_view method,
        const std::function<api::koji::Array(std::int64_t)>& params,
        int rounds = kRounds) {
        std::vector<Milliseconds> times;
        std::size_t size = 0;
        for (int i = 0; i < rounds; ++i) {
            const std::int64_t build = 1 + random_.below(static_cast<std::uint64_t>(builds_));
            times.push_back(time([&] { size = bench_.call(method, params(build)); }));
        }
        report(
            std::to_string(builds_) + " builds: " + what, times, std::to_string(size) + " bytes");
    }

private:
    class Numbers {
    public:
        std::int64_t below(std::uint64_t limit) {
            state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
            return static_cast<std::int64_t>((state_ >> 33U) % limit);
        }

    private:
        std::uint64_t state_ = 2015;
    };

    Bench& bench_;
    std::int64_t builds_;
    Numbers random_;
};

std::string package_of(std::int64_t build) {
    const std::int64_t id = 1 + build % kPackages;
    constexpr std::array<const char*, 3> kKinds{"lib", "python-", "svc-"};
    return kKinds.at(static_cast<std::size_t>(id % 3)) + std::to_string(id) + "-container";
}

api::koji::Struct keywords(std::initializer_list<std::pair<std::string_view, koji::Value>> given) {
    api::koji::Struct members;
    for (const auto& [name, value] : given)
        members.set(name, value);
    members.set("__starstar", true);
    return members;
}

}  // namespace

void run_reads(const std::filesystem::path& folder, std::int64_t builds) {
    Bench bench{folder};
    const Milliseconds filled = time([&] {
        fill_builds(bench, builds);
        fill_tags(bench, builds);
    });
    report(std::to_string(builds) + " builds: filling the database", {filled});
    Reads reads{bench, builds};
    reads.measure("getBuild", "getBuild", [](auto id) { return api::koji::Array{id}; });
    reads.measure("latest-build, ten tags of inheritance", "getLatestBuilds", [](auto id) {
        return api::koji::Array{"top", keywords({{"package", package_of(id)}})};
    });
    reads.measure(
        "listTagged of 10,000 builds", "listTagged", [](auto) { return api::koji::Array{"big"}; });
    reads.measure("listTagged of 10,000, inherited", "listTagged", [](auto) {
        return api::koji::Array{"top", keywords({{"inherit", true}})};
    });
    reads.measure("search of a build, any part of its name", "search", [](auto id) {
        return api::koji::Array{
            "*" + package_of(id).substr(0, package_of(id).size() - 4) + "*-3", "build", "glob"};
    });
    reads.measure("search of a build, exact", "search", [](auto id) {
        return api::koji::Array{package_of(id) + "-1.0-1", "build", "exact"};
    });
    reads.measure("search of packages", "search", [](auto id) {
        return api::koji::Array{"*" + std::to_string(id % kPackages) + "*", "package", "glob"};
    });
    reads.measure(
        "listArchives of a build", "listArchives", [](auto id) { return api::koji::Array{id}; });
    reads.measure("listArchives by checksum", "listArchives", [](auto id) {
        return api::koji::Array{keywords({{"checksum", "sum" + std::to_string(id)}})};
    });
    reads.measure("listBuilds of a package", "listBuilds", [](auto id) {
        return api::koji::Array{keywords({{"packageID", package_of(id)}})};
    });
    reads.measure("listBuilds, the newest 50", "listBuilds", [](auto) {
        api::koji::Struct options;
        options.set("order", "-build_id");
        options.set("limit", 50);
        return api::koji::Array{keywords({{"queryOpts", options}})};
    });
}

}  // namespace nacre::bench
