// How long a trace takes to be read from a store and made ready to be looked at.
//
//   trace_bench DATA TRACE [ROUNDS]      DATA: the folder of a store that nobody has open

#include <fmt/format.h>

#include <cstdlib>

#include "base/clock.h"
#include "store/store.h"
#include "views/trace/trace_index.h"

int main(int count, char** arguments) {
  using namespace llt;
  if (count < 3) {
    fmt::print(stderr, "trace_bench DATA TRACE [ROUNDS]\n");
    return 2;
  }
  const auto store = store::open_read_only(arguments[1], {.threads = 1});
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().message);
    return 1;
  }
  const int rounds = count > 3 ? std::atoi(arguments[3]) : 5;
  for (int round = 0; round < rounds; ++round) {
    const SteadyNs begin = now_steady();
    const auto trace = views::load_trace(**store, arguments[2], {});
    if (!trace) {
      fmt::print(stderr, "{}\n", trace.error().message);
      return 1;
    }
    fmt::print("{} rows in {:.0f} ms\n", (*trace)->timeline.rows().size(),
               static_cast<double>(now_steady() - begin) / 1e6);
  }
}
