#include "bench_hub.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "koji/codec.hpp"

#include <algorithm>
#include <cstdio>

namespace nacre::bench {

Bench::Bench(const std::filesystem::path& folder)
    : database_{folder / "bench.sqlite"},
      hub_{
          {.database = database_,
           .clock = clock_,
           .random = random_,
           .log = Log{log_},
           .policies = {}},
          {.top = folder}},
      dispatcher_{hub_, authenticator_} {}

void Bench::write(const std::function<void(hub::Call&)>& body) {
    hub::Call call = hub_.begin_as_service(sql::Access::Write);
    body(call);
    call.commit();
}

void Bench::execute(std::string_view statement, const sql::Parameters& parameters) {
    write([&](hub::Call& call) { call.sql().execute(statement, parameters); });
}

std::size_t Bench::call(std::string_view method, api::koji::Array params) {
    const api::koji::CallHeaders anonymous{
        .session = std::nullopt, .peer = "", .client = std::nullopt};
    return koji::render_response(dispatcher_.call(anonymous, method, std::move(params))).size();
}

Milliseconds time(const std::function<void()>& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::steady_clock::now() - start;
}

void report(std::string_view what, std::vector<Milliseconds> times, const std::string& note) {
    std::sort(times.begin(), times.end());
    const auto at = [&](double part) {
        return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))]
            .count();
    };
    std::printf(
        "| %-52s | %9.3f | %9.3f | %9.3f | %s |\n",
        std::string{what}.c_str(),
        at(0.5),
        at(0.99),
        at(1.0),
        note.c_str());
    std::fflush(stdout);
}

namespace {

int run(const std::vector<std::string>& arguments) {
    const std::filesystem::path folder = arguments.at(0);
    std::filesystem::create_directories(folder);
    std::printf("| %-52s | %9s | %9s | %9s | |\n", "milliseconds", "median", "p99", "max");
    std::printf("|---|---|---|---|---|\n");
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::filesystem::path own = folder / arguments[i];
        std::filesystem::remove_all(own);
        std::filesystem::create_directories(own);
        if (arguments[i] == "scheduling") {
            run_scheduling(own);
        } else {
            const auto builds = parse_integer(arguments[i]);
            if (!builds)
                throw Error{
                    ErrorCode::InvalidArgument,
                    "expected 'scheduling' or a number of builds, found '" + arguments[i] + "'"};
            run_reads(own, *builds);
        }
        std::filesystem::remove_all(own);
    }
    return 0;
}

}  // namespace
}  // namespace nacre::bench

int main(int argc, char** argv) {
    try {
        if (argc < 3) {
            std::fputs("usage: bench_hub FOLDER (scheduling|BUILDS)...\n", stderr);
            return 2;
        }
        return nacre::bench::run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_hub: %s\n", error.what());
        return 1;
    }
}
