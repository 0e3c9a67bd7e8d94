#include "bench_hub.hpp"

#include <array>

namespace nacre::bench {
namespace {

constexpr std::int64_t kHosts = 500;
constexpr std::int64_t kTasks = 100'000;
constexpr std::int64_t kOwners = 200;
constexpr int kRounds = 200;

/// Hosts of three architectures in two channels; tasks of all owners, five priorities, four kinds.
void fill(Bench& bench) {
    bench.write([](hub::Call& call) {
        sql::Transaction& sql = call.sql();
        const std::int64_t event = call.event().value();
        for (std::int64_t i = 1; i <= kOwners + kHosts; ++i)
            sql.execute(
                "INSERT INTO users (id, name, status, usertype) VALUES (?, ?, 0, ?)",
                {i, "user-" + std::to_string(i), std::int64_t{i > kOwners ? 1 : 0}});
        for (std::int64_t i = 1; i <= kHosts; ++i) {
            sql.execute(
                "INSERT INTO host (id, user_id, name, ready, task_load, update_time, methods)"
                " VALUES (?, ?, ?, 1, 0, ?, 'buildContainer tagBuild')",
                {i, kOwners + i, "host-" + std::to_string(i), call.now_us()});
            constexpr std::array<const char*, 3> kArches{"x86_64", "aarch64", "s390x"};
            sql.execute(
                "INSERT INTO host_config (host_id, arches, capacity, enabled, create_event, active)"
                " VALUES (?, ?, 4, 1, ?, 1)",
                {i, std::string{kArches.at(static_cast<std::size_t>(i % 3))}, event});
            sql.execute(
                "INSERT INTO host_channels (host_id, channel_id, create_event, active)"
                " VALUES (?, ?, ?, 1)",
                {i, 1 + i % 2, event});
        }
        sql.execute(
            "INSERT INTO task (state, create_time, changed_time, channel_id, waiting, awaited,"
            " owner, queue_owner, method, arch, priority, weight, request)"
            " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " SELECT 0, i, i, 1 + i / 7 % 2, 0, 0, 1 + i % ?, 1 + i % ?, 'buildContainer',"
            " CASE i % 4 WHEN 0 THEN 'noarch' WHEN 1 THEN 'x86_64' WHEN 2 THEN 'aarch64'"
            " ELSE 's390x' END, 18 + i % 5, 1.0, '<params/>' FROM n",
            {kTasks, kOwners, kOwners});
    });
}

std::int64_t count_assigned(Bench& bench) {
    return bench.database()
        .begin(sql::Access::Read)
        ->query("SELECT COUNT(*) FROM task WHERE state = 4")
        .at(0)
        .integer(0);
}

}  // namespace

void run_scheduling(const std::filesystem::path& folder) {
    Bench bench{folder};
    fill(bench);
    std::vector<Milliseconds> filling;
    for (bool more = true; more;)
        filling.push_back(time([&] { more = bench.service().scheduler.pass().is_unfinished; }));
    report(
        "pass that fills idle hosts, 100,000 queued",
        filling,
        std::to_string(filling.size()) + " passes, " + std::to_string(count_assigned(bench))
            + " assigned");

    std::vector<Milliseconds> idle, one, submitted;
    for (int i = 0; i < kRounds; ++i)
        idle.push_back(time([&] { bench.service().scheduler.pass(); }));
    report("pass with all 500 hosts full", idle);

    for (int i = 0; i < kRounds; ++i) {
        bench.execute(
            "UPDATE task SET state = 2 WHERE id = (SELECT id FROM task WHERE state = 4"
            " AND host_id = ? LIMIT 1)",
            {1 + i * 7 % kHosts});
        std::size_t assigned = 0;
        one.push_back(time([&] { assigned = bench.service().scheduler.pass().assigned; }));
        if (assigned != 1) std::printf("expected 1 assignment, got %zu\n", assigned);
    }
    report("pass after one task ended", one);

    for (int i = 0; i < kRounds; ++i) {
        bench.execute(
            "UPDATE task SET state = 2 WHERE id = (SELECT id FROM task WHERE state = 4"
            " AND host_id = ? LIMIT 1)",
            {1 + i * 7 % kHosts});
        submitted.push_back(time([&] {
            bench.execute(
                "INSERT INTO task (state, create_time, changed_time, channel_id, waiting, awaited,"
                " owner, queue_owner, method, arch, priority, weight, request) VALUES (0, 0, 0, ?,"
                " 0, 0, 1, 1, 'buildContainer', 'noarch', 1, 1.0, '<params/>')",
                {1 + (1 + i * 7 % kHosts) % 2});
            bench.service().scheduler.pass();
        }));
    }
    report("submitted to assigned, urgent, one place free", submitted);
}

}  // namespace nacre::bench
