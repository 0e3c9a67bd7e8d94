// bench_exec [ROUNDS]: what exec::OciRuntimeExecutor adds to one start of the bare runtime, with /bin/true and the same
// configuration. Both run in turn, so that what else the machine does hits both alike.
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "exec/oci_runtime_executor.hpp"
#include "exec/runtime_config.hpp"
#include "exec/runtime_probe.hpp"
#include "json/value.hpp"
#include "os/file.hpp"
#include "os/temp.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace nacre {
namespace {

namespace fs = std::filesystem;
constexpr int kRounds = 30;
constexpr const char* kBusybox = "/bin/busybox";

class Bench {
public:
    Bench() {
        fs::create_directories(root_ / "bin");
        fs::copy_file(kBusybox, root_ / "bin/busybox");
        fs::create_symlink("busybox", root_ / "bin/true");
        fs::create_directories(folder_.path() / "bare");
        os::write_file_atomically(
            folder_.path() / "bare/config.json",
            json::render(exec::runtime_config(spec("bare"))),
            os::Durability::Buffered);
    }

    const std::string& runtime() const { return runtime_.description; }

    double bare() {
        return timed([&] {
            os::run_checked(
                runner_,
                {.argv =
                     {runtime_.program.string(),
                      "--root",
                      (folder_.path() / "bare/state").string(),
                      "run",
                      "--bundle",
                      (folder_.path() / "bare").string(),
                      spec("bare").id},
                 .environment = os::minimal_environment()},
                {},
                {});
        });
    }

    double ours() {
        return timed([&] {
            StringSink output;
            if (!executor_.run(spec("ours"), output, {}).success())
                throw Error{ErrorCode::Internal, output.text()};
        });
    }

private:
    exec::ContainerSpec spec(const std::string& name) const {
        exec::ContainerSpec spec;
        spec.id = "nacre-bench-" + name + "-" + std::to_string(::getpid());
        spec.root = root_;
        spec.argv = {"/bin/true"};
        spec.env = {"PATH=/bin"};
        return spec;
    }

    template <class Work>
    double timed(Work work) const {
        const SteadyTime start = clock_.steady_now();
        work();
        return std::chrono::duration<double, std::milli>(clock_.steady_now() - start).count();
    }

    SystemClock clock_;
    os::TempDir folder_{fs::temp_directory_path(), "bench"};
    fs::path root_ = folder_.path() / "root";
    os::SystemProcessRunner runner_;
    exec::Runtime runtime_ =
        exec::probe_runtimes(exec::default_runtimes(), folder_.path(), runner_);
    exec::OciRuntimeExecutor executor_{runtime_, folder_.path() / "ours", runner_};
};

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

int run(int rounds) {
    Bench bench;
    std::vector<double> bare;
    std::vector<double> ours;
    std::vector<double> added;
    for (int i = 0; i < rounds; ++i) {
        bare.push_back(bench.bare());
        ours.push_back(bench.ours());
        added.push_back(ours.back() - bare.back());
    }
    std::printf(
        "%s, %d rounds, ms: bare median %.1f min %.1f | ours median %.1f min %.1f | added median "
        "%.1f\n",
        bench.runtime().c_str(),
        rounds,
        median(bare),
        std::ranges::min(bare),
        median(ours),
        std::ranges::min(ours),
        median(added));
    return 0;
}

}  // namespace
}  // namespace nacre

int main(int argc, char** argv) {
    try {
        const auto rounds = argc > 1 ? nacre::parse_integer(argv[1]) : std::nullopt;
        return nacre::run(static_cast<int>(rounds.value_or(nacre::kRounds)));
    } catch (const nacre::Error& error) {
        std::fprintf(stderr, "bench_exec: %s\n", error.describe().c_str());
        return 1;
    }
}
