// How late a thread wakes up on a processor that another thread computes on, with that one's usual time slice
// and with the long one, in turn. Run: build/release/src/base/time_slice_bench [ROUNDS]

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/time_slice.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

void use_one_processor() {
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  std::size_t last = 0;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) last = cpu;
  CPU_SET(last, &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

// As the store's writer does: 20 ms of work, then a pause.
void compute(const std::atomic<bool>& ended, bool long_slice) {
  if (long_slice) llt::use_long_slice();
  while (!ended.load(std::memory_order_relaxed)) {
    const auto until = Clock::now() + milliseconds(20);
    while (Clock::now() < until) {
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
}

// Microseconds from when each sleep of 2 ms should have ended to when it did.
std::vector<double> wake_ups(int count) {
  std::vector<double> late;
  for (int i = 0; i < count; ++i) {
    const auto due = Clock::now() + milliseconds(2);
    std::this_thread::sleep_until(due);
    late.push_back(std::chrono::duration<double, std::micro>(Clock::now() - due).count());
  }
  return late;
}

double quantile(std::vector<double> values, double at) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(at * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, place);
  return *place;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5;
  use_one_processor();
  std::vector<double> late[2];
  for (int round = 0; round < 2 * rounds; ++round) {
    const bool long_slice = round % 2 == 1;
    std::atomic<bool> ended{false};
    std::thread other(compute, std::cref(ended), long_slice);
    const auto some = wake_ups(500);
    late[long_slice].insert(late[long_slice].end(), some.begin(), some.end());
    ended = true;
    other.join();
  }
  for (const bool long_slice : {false, true}) {
    std::printf("%s slice: late by p50 %.0f us, p99 %.0f us\n", long_slice ? "long" : "usual",
                quantile(late[long_slice], 0.5), quantile(late[long_slice], 0.99));
  }
  std::printf("p99, usual / long: %.1f\n", quantile(late[0], 0.99) / quantile(late[1], 0.99));
}
