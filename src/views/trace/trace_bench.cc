// How long a trace takes to be sketched and read from a store, and made ready to be looked at.
//
//   trace_bench DATA TRACE [ROUNDS]      DATA: the folder of a store that nobody has open

#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "store/store.h"
#include "views/trace/trace_index.h"
#include "views/trace/trace_sketch.h"

namespace {

using namespace llt;
using Found = Result<std::shared_ptr<const views::TraceIndex>>;

bool timed(std::string_view what, const std::function<Found()>& make) {
  const SteadyNs begin = now_steady();
  const Found trace = make();
  if (!trace) {
    fmt::print(stderr, "{}\n", trace.error().message);
    return false;
  }
  fmt::print("{}: {} rows in {:.1f} ms\n", what, (*trace)->timeline.rows().size(),
             static_cast<double>(now_steady() - begin) / 1e6);
  return true;
}

}  // namespace

int main(int count, char** arguments) {
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
    if (!timed("sketch", [&] { return views::sketch_trace(**store, arguments[2]); })) return 1;
    if (!timed("whole", [&] { return views::load_trace(**store, arguments[2], {}); })) return 1;
  }
}
