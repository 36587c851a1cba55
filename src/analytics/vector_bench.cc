// The nearest vectors by the GPU and by the CPU: the same answers on every kind of table, and what each
// takes. `vector_bench equality ROWS[,ROWS...]` and `vector_bench times DIMENSIONS ROWS[,ROWS...]` print one
// JSON line a table, `--limits` whether the memory limit holds. Where there is no GPU they say so in the
// first line and run the CPU alone.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <sstream>
#include <string_view>
#include <thread>

#include "analytics/gpu/gpu_vectors.h"
#include "analytics/gpu/worker.h"
#include "analytics/nearest_on_gpu.h"
#include "base/clock.h"

namespace llt::analytics {
namespace {

constexpr std::size_t kCount = 10;

double ms_since(SteadyNs begin) { return static_cast<double>(now_steady() - begin) / 1e6; }

std::string quoted(std::string text) {
  std::ranges::replace(text, '"', '\'');
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == '\\'; }, ' ');
  return '"' + text + '"';
}

std::string number(double value) { return value > 0 ? fmt::format("{:.3f}", value) : "null"; }

/// What the vectors are: a number of theirs, by row and place, with one source of chance.
enum class Kind : std::uint8_t {
  random,
  clustered,
  copies,
  nearly_copies,
  all_the_same,
  opposite,
  huge_and_tiny
};
struct KindInfo {
  Kind kind;
  const char* name;
};
constexpr std::array<KindInfo, 7> kKinds{{{Kind::random, "random"},
                                          {Kind::clustered, "clustered"},
                                          {Kind::copies, "copies of 100"},
                                          {Kind::nearly_copies, "nearly copies of 100"},
                                          {Kind::all_the_same, "all the same"},
                                          {Kind::opposite, "opposite pairs"},
                                          {Kind::huge_and_tiny, "huge and tiny"}}};

VectorTable make_table(Kind kind, std::size_t rows, std::size_t dimensions) {
  constexpr std::size_t kCentres = 100;
  std::mt19937_64 random(rows * 31 + dimensions);
  std::normal_distribution<float> normal;
  std::vector<float> centres(kCentres * dimensions);
  for (float& value : centres) value = normal(random);
  VectorTable table{dimensions, std::vector<float>(rows * dimensions)};
  float* to = table.values.data();
  for (std::size_t row = 0; row < rows; ++row) {
    const float* centre =
        centres.data() + (kind == Kind::all_the_same ? 0 : random() % kCentres) * dimensions;
    for (std::size_t d = 0; d < dimensions; ++d, ++to) {
      const float noise = normal(random);
      switch (kind) {
        case Kind::random:
          *to = noise;
          break;
        case Kind::clustered:
          *to = centre[d] + 0.3F * noise;
          break;
        case Kind::copies:
        case Kind::all_the_same:
          *to = centre[d];
          break;
        case Kind::nearly_copies:
          *to = centre[d] + 1e-5F * noise;
          break;
        case Kind::opposite:
          *to = row % 2 == 0 ? noise : -*(to - dimensions);
          break;
        case Kind::huge_and_tiny:
          *to = noise * (row % 2 == 0 ? 1e18F : 1e-18F);
      }
    }
  }
  return table;
}

class Bench {
 public:
  Bench() {
    const SteadyNs begin = now_steady();
    auto opened = gpu::Vectors::open({});
    fmt::print("{{\"gpu\":{},\"start_ms\":{},\"threads\":{},\"problem\":{}}}\n",
               opened ? quoted(opened->version()) : "null", number(ms_since(begin)),
               std::thread::hardware_concurrency(), opened ? "null" : quoted(opened.error().to_string()));
    std::fflush(stdout);
    if (opened) gpu_.emplace(std::move(*opened));
    if (const char* limit = std::getenv("LLT_BENCH_SECONDS")) limit_ms_ = std::atof(limit) * 1000;
  }

  bool run(const KindInfo& kind, std::size_t rows, std::size_t dimensions, std::size_t count, bool twice) {
    const VectorTable table = make_table(kind.kind, rows, dimensions);
    std::string cpu_error, gpu_error;
    double cpu_ms = 0, gpu_ms = 0, again_ms = 0;
    std::optional<std::vector<Neighbour>> by_cpu;
    const double products =
        static_cast<double>(rows) * static_cast<double>(rows) * static_cast<double>(dimensions);
    if (!twice || products * cpu_ms_a_product_ < limit_ms_) {
      const SteadyNs begin = now_steady();
      auto found = nearest(table, count, 0, {});
      cpu_ms = ms_since(begin);
      cpu_ms_a_product_ = cpu_ms / products;
      if (found) by_cpu = std::move(*found);
      if (!found) cpu_error = found.error().to_string();
    }
    auto by_gpu = on_gpu(table, count, gpu_ms, gpu_error);
    if (by_gpu && twice) by_gpu = on_gpu(table, count, again_ms, gpu_error);
    const bool both = by_cpu && by_gpu;
    const bool same = both && *by_cpu == by_gpu->neighbours;
    fmt::print(
        "{{\"table\":\"{}\",\"rows\":{},\"dimensions\":{},\"count\":{},\"cpu_ms\":{},\"cpu_error\":{},\"gpu_"
        "first_ms\":{},\"gpu_again_ms\":{},\"move_ms\":{},\"search_ms\":{},\"compare_ms\":{},\"again_ms\":{},"
        "\"searched_again\":{},\"same\":{},\"how\":{},\"gpu_error\":{}}}\n",
        kind.name, rows, dimensions, count, number(cpu_ms), quoted(cpu_error), number(by_gpu ? gpu_ms : 0),
        number(by_gpu ? again_ms : 0), number(by_gpu ? by_gpu->move_ms : 0),
        number(by_gpu ? by_gpu->search_ms : 0), number(by_gpu ? by_gpu->compare_ms : 0),
        number(by_gpu ? by_gpu->again_ms : 0), by_gpu ? std::to_string(by_gpu->searched_again) : "null",
        both ? same ? "true" : "false" : "null",
        quoted(both && !same ? first_difference(*by_cpu, by_gpu->neighbours, count) : ""), quoted(gpu_error));
    std::fflush(stdout);
    return gpu_error.empty() && cpu_error.empty() && (same || !both);
  }

 private:
  std::optional<NearestOnGpu> on_gpu(const VectorTable& table, std::size_t count, double& ms,
                                     std::string& error) {
    if (!gpu_) return std::nullopt;
    const SteadyNs begin = now_steady();
    auto found = nearest_on_gpu(table, count, 0, *gpu_, {});
    ms = ms_since(begin);
    if (found) return std::move(*found);
    error = found.error().to_string();
    if (found.error().code == ErrorCode::unavailable) restart();
    return std::nullopt;
  }

  static std::string first_difference(const std::vector<Neighbour>& cpu, const std::vector<Neighbour>& gpu,
                                      std::size_t count) {
    if (cpu.size() != gpu.size()) return fmt::format("{} neighbours and {}", cpu.size(), gpu.size());
    const auto differ = std::ranges::mismatch(cpu, gpu);
    const auto at = static_cast<std::size_t>(differ.in1 - cpu.begin());
    return fmt::format("of row {} or so CPU {} ({:.17g}), GPU {} ({:.17g})",
                       at / std::max<std::size_t>(count, 1), differ.in1->vertex, differ.in1->similarity,
                       differ.in2->vertex, differ.in2->similarity);
  }

  // After a crash of the worker.
  void restart() {
    gpu_.reset();
    if (auto opened = gpu::Vectors::open({})) gpu_.emplace(std::move(*opened));
  }

  std::optional<gpu::Vectors> gpu_;
  double limit_ms_ = 60'000, cpu_ms_a_product_ = 0;
};

bool equality(Bench& bench, std::size_t rows) {
  bool same = true;
  for (const KindInfo& kind : kKinds) {
    for (const std::size_t dimensions : {1U, 3U, 384U, 768U})
      same = bench.run(kind, rows, dimensions, kCount, false) && same;
  }
  for (const std::size_t count : {std::size_t{1}, std::size_t{200}, rows}) {
    if (rows * count <= 10'000'000) same = bench.run(kKinds[0], rows, 384, count, false) && same;
  }
  for (const std::size_t few : {1U, 2U, 5U}) same = bench.run(kKinds[0], few, 384, kCount, false) && same;
  return same;
}

// With 16 MiB the vectors do not fit, with 96 MiB they do but not all work at a time, with 4 GiB all.
int limits() {
  const VectorTable table = make_table(Kind::random, 50'000, 384);
  for (const std::uint64_t limit :
       {std::uint64_t{16} << 20, std::uint64_t{96} << 20, std::uint64_t{4} << 30}) {
    auto opened = gpu::Vectors::open({.visible = {}, .memory_bytes = limit});
    if (!opened) return fmt::print(stderr, "vector_bench: {}\n", opened.error().to_string()), 1;
    const SteadyNs begin = now_steady();
    const auto found = nearest_on_gpu(table, kCount, 0, *opened, {});
    fmt::print("{{\"limit_bytes\":{},\"rows\":{},\"ms\":{},\"out_of_memory\":{},\"error\":{}}}\n", limit,
               table.size(), number(ms_since(begin)),
               !found && found.error().code == ErrorCode::resource_exhausted,
               quoted(found ? "" : found.error().to_string()));
    std::fflush(stdout);
  }
  return 0;
}

int main_of(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (argc == 2 && what == "--limits") return limits();
  const bool times = argc == 4 && what == "times";
  if (!times && !(argc == 3 && what == "equality")) {
    fmt::print(stderr,
               "usage: vector_bench equality ROWS[,ROWS...] | times DIMENSIONS ROWS[,ROWS...] | --limits\n");
    return 2;
  }
  Bench bench;
  bool same = true;
  std::istringstream sizes(argv[argc - 1]);
  for (std::string size; std::getline(sizes, size, ',');) {
    const std::size_t rows = std::strtoull(size.c_str(), nullptr, 10);
    same = (times ? bench.run(kKinds[1], rows, std::strtoull(argv[2], nullptr, 10), kCount, true)
                  : equality(bench, rows)) &&
           same;
  }
  return same ? 0 : 1;
}

}  // namespace
}  // namespace llt::analytics

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == llt::analytics::gpu::kWorkerArgument) return llt::analytics::gpu::run_worker();
  return llt::analytics::main_of(argc, argv);
}
