#include "analytics/nearest_on_gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "analytics/cpu/parallel.h"
#include "analytics/exact_nearest.h"
#include "base/clock.h"

namespace llt::analytics {
namespace {

// Rows that the GPU is asked about at a time: much for it to do, little memory for what it finds.
constexpr std::uint64_t kBatch = 8192, kSmallestBatch = 64;

double ms_since(SteadyNs begin) { return static_cast<double>(now_steady() - begin) / 1e6; }

class Search {
 public:
  Search(const VectorTable& vectors, ExactNearest& exact, unsigned threads, gpu::Vectors& gpu)
      : size_(vectors.size()),
        dimensions_(vectors.dimensions),
        exact_(exact),
        threads_(cpu::thread_count(threads)),
        gpu_(gpu) {}

  Result<NearestOnGpu> run(const Progress& progress) {
    if (auto moved = move(); !moved) return std::unexpected(moved.error());
    for (std::uint64_t first = 0; first < size_;) {
      const auto found = ask(first);
      if (!found) return std::unexpected(found.error());
      const std::uint64_t rows = std::min(batch_, size_ - first);
      if (auto compared = compare(first, rows, *found); !compared) return std::unexpected(compared.error());
      first += rows;
      if (progress) progress(static_cast<double>(first) / static_cast<double>(size_));
    }
    const SteadyNs begin = now_steady();
    if (const auto unsure = exact_.unsure(); !unsure.empty()) {
      exact_.search_again(exact_.panels(threads_), unsure, threads_);
      run_.searched_again = unsure.size();
    }
    run_.again_ms = ms_since(begin);
    return std::move(run_);
  }

 private:
  Result<> move() {
    const SteadyNs begin = now_steady();
    const auto memory = gpu::SharedMemory::make(size_ * dimensions_ * sizeof(float));
    if (!memory) return std::unexpected(memory.error());
    exact_.write_units(memory->at<float>(0), threads_);
    auto moved = gpu_.load(*memory, size_, dimensions_);
    run_.move_ms = ms_since(begin);
    return moved;
  }

  // Where the GPU's memory does not suffice for so many rows at a time, it is asked about fewer.
  Result<gpu::NearestFound> ask(std::uint64_t first) {
    const SteadyNs begin = now_steady();
    for (;; batch_ /= 2) {
      auto found = gpu_.nearest(first, std::min(batch_, size_ - first), exact_.candidates() + 1);
      const bool memory = !found && found.error().code == ErrorCode::resource_exhausted;
      if (memory && batch_ > kSmallestBatch) continue;
      run_.search_ms += ms_since(begin);
      return found;
    }
  }

  Result<> compare(std::uint64_t first, std::uint64_t rows, const gpu::NearestFound& found) {
    const SteadyNs begin = now_steady();
    constexpr std::uint64_t kTask = 64;
    std::atomic<bool> right{true};
    cpu::each_task((rows + kTask - 1) / kTask, threads_, [&](std::size_t task, unsigned) {
      std::vector<Neighbour> others;
      for (std::uint64_t row = task * kTask; row < std::min(rows, (task + 1) * kTask); ++row) {
        if (!settle(static_cast<Vertex>(first + row), found.rows(row), found.similarities(row), others))
          right = false;
      }
    });
    run_.compare_ms += ms_since(begin);
    if (right) return {};
    return fail(ErrorCode::internal,
                "the GPU found neighbours that are none, or less exactly than single precision would",
                "the CPU does the same: --backend cpu");
  }

  bool settle(Vertex row, std::span<const std::int64_t> found, std::span<const float> similarities,
              std::vector<Neighbour>& others) const {
    others.clear();
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] < 0 || static_cast<std::uint64_t>(found[i]) >= size_) return false;
      const auto other = static_cast<Vertex>(found[i]);
      if (other != row) others.push_back({other, similarities[i]});
    }
    std::ranges::sort(others, {}, &Neighbour::vertex);
    if (std::ranges::adjacent_find(others, {}, &Neighbour::vertex) != others.end()) return false;
    const bool all_others = found.size() == size_;
    return others.size() >= exact_.count() &&
           exact_.settle(row, others, all_others ? -INFINITY : std::ranges::min(similarities));
  }

  std::uint64_t size_, dimensions_;
  ExactNearest& exact_;
  unsigned threads_;
  gpu::Vectors& gpu_;
  std::uint64_t batch_ = kBatch;
  NearestOnGpu run_;
};

}  // namespace

Result<NearestOnGpu> nearest_on_gpu(const VectorTable& vectors, std::size_t count, unsigned threads,
                                    gpu::Vectors& gpu, const Progress& progress) {
  const SteadyNs begin = now_steady();
  auto exact = ExactNearest::make(vectors, count);
  if (!exact) return std::unexpected(exact.error());
  if (exact->count() == 0) return NearestOnGpu{.neighbours = {}, .version = gpu.version()};
  auto run = Search(vectors, *exact, threads, gpu).run(progress);
  if (!run) return run;
  run->neighbours = std::move(*exact).take();
  run->version = gpu.version();
  run->all_ms = ms_since(begin);
  return run;
}

Result<NearestRun> choose_and_find(const VectorTable& vectors, std::size_t count, unsigned threads, Want want,
                                   const Choice& choice, const GpuSearch& on_gpu, const Progress& progress) {
  const auto on_cpu = [&](std::string reason) -> Result<NearestRun> {
    const SteadyNs begin = now_steady();
    auto found = nearest(vectors, count, threads, progress);
    if (!found) return std::unexpected(found.error());
    return NearestRun{.neighbours = std::move(*found),
                      .backend = "cpu",
                      .version = {},
                      .reason = std::move(reason),
                      .elapsed_ms = ms_since(begin)};
  };
  if (want == Want::cpu) return on_cpu("asked for");
  if (vectors.size() < 2 || count == 0) return on_cpu("there is nothing to compare: nothing for a GPU to do");
  if (want == Want::automatic && !choice.gpu) return on_cpu(choice.why);
  auto run = on_gpu();
  if (!run && want == Want::gpu) return std::unexpected(run.error());
  if (!run) return on_cpu("instead of the GPU: " + run.error().message);
  return NearestRun{.neighbours = std::move(run->neighbours),
                    .backend = "gpu",
                    .version = std::move(run->version),
                    .reason = want == Want::gpu ? "asked for" : choice.why,
                    .searched_again = run->searched_again,
                    .elapsed_ms = run->all_ms};
}

Result<NearestRun> find_nearest(const VectorTable& vectors, std::size_t count, unsigned threads, Want want,
                                const GpuOptions& gpu, const Progress& progress) {
  const auto on_gpu = [&]() -> Result<NearestOnGpu> {
    auto opened = gpu::Vectors::open(gpu);
    if (!opened) return std::unexpected(opened.error());
    return nearest_on_gpu(vectors, count, threads, *opened, progress);
  };
  return choose_and_find(vectors, count, threads, want, choose_nearest(vectors.size(), vectors.dimensions),
                         on_gpu, progress);
}

}  // namespace llt::analytics
