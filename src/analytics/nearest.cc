#include "analytics/nearest.h"

#include <atomic>
#include <numeric>

#include "analytics/best.h"
#include "analytics/cpu/panels.h"
#include "analytics/cpu/parallel.h"
#include "analytics/exact_nearest.h"

namespace llt::analytics {
namespace {

// Finds candidates for some rows, and has them compared.
void search(const cpu::Panels& panels, std::span<const Vertex> rows, ExactNearest& exact, bool all_others) {
  std::vector<Best> best(rows.size(), Best(exact.candidates()));
  panels.compare(rows, [&](std::size_t i, Vertex other, float similarity) {
    if (similarity >= best[i].floor() && other != rows[i]) best[i].offer({other, similarity});
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double floor = all_others ? -INFINITY : best[i].floor();
    static_cast<void>(exact.settle(rows[i], best[i].sorted(), floor));
  }
}

}  // namespace

Result<std::vector<Neighbour>> nearest(const VectorTable& vectors, std::size_t count, unsigned threads,
                                       const Progress& progress) {
  auto exact = ExactNearest::make(vectors, count);
  if (!exact) return std::unexpected(exact.error());
  if (exact->count() == 0) return std::vector<Neighbour>();
  const std::size_t size = vectors.size();
  const cpu::Panels panels = exact->panels(threads);
  std::vector<Vertex> rows(size);
  std::iota(rows.begin(), rows.end(), Vertex{0});
  constexpr std::size_t kTask = cpu::Panels::kRowsATask;
  const std::size_t tasks = (size + kTask - 1) / kTask;
  const bool all_others = exact->candidates() == size - 1;
  std::atomic<std::size_t> done{0};
  cpu::each_task(tasks, cpu::thread_count(threads), [&](std::size_t task, unsigned worker) {
    const std::size_t begin = task * kTask;
    search(panels, std::span(rows).subspan(begin, std::min(kTask, size - begin)), *exact, all_others);
    const std::size_t so_far = ++done;
    if (worker == 0 && progress) progress(static_cast<double>(so_far) / static_cast<double>(tasks));
  });
  if (const auto unsure = exact->unsure(); !unsure.empty()) exact->search_again(panels, unsure, threads);
  return std::move(*exact).take();
}

}  // namespace llt::analytics
