#pragma once
// Loops over several threads whose results do not depend on how many there are.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace llt::analytics::cpu {

[[nodiscard]] inline unsigned thread_count(unsigned asked) {
  return asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
}

/// Calls work(task, worker) for every task below `tasks`, each once, on at most `threads` workers at a time.
template <class Work>
void each_task(std::size_t tasks, unsigned threads, Work&& work) {
  const auto workers = static_cast<unsigned>(std::min<std::size_t>(threads, tasks));
  std::atomic<std::size_t> next{0};
  const auto take = [&](unsigned worker) {
    for (std::size_t task = next++; task < tasks; task = next++) work(task, worker);
  };
  std::vector<std::jthread> helpers;
  for (unsigned worker = 1; worker < workers; ++worker) helpers.emplace_back(take, worker);
  if (workers != 0) take(0);
}

inline constexpr std::size_t kBlock = 16 * 1024;

/// Calls work(begin, end) for blocks of [0, size).
template <class Work>
void each_block(std::size_t size, unsigned threads, Work&& work) {
  const std::size_t blocks = (size + kBlock - 1) / kBlock;
  each_task(blocks, blocks < 4 ? 1 : threads,
            [&](std::size_t block, unsigned) { work(block * kBlock, std::min(size, (block + 1) * kBlock)); });
}

/// The sum of part(begin, end) over blocks, added in the blocks' order.
template <class Part>
double sum_blocks(std::size_t size, unsigned threads, Part&& part) {
  std::vector<double> sums((size + kBlock - 1) / kBlock);
  each_block(size, threads,
             [&](std::size_t begin, std::size_t end) { sums[begin / kBlock] = part(begin, end); });
  double sum = 0;
  for (const double one : sums) sum += one;
  return sum;
}

}  // namespace llt::analytics::cpu
