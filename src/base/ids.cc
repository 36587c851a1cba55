#include "base/ids.h"

#include <cstring>
#include <random>

namespace llt {
namespace {

// One generator per thread, seeded from the system once: ids must be unique, not secret.
std::mt19937_64& generator() {
  thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return engine;
}

template <class IdType>
IdType random_id() noexcept {
  IdType id;
  do {
    for (std::size_t i = 0; i < id.bytes.size(); i += 8) {
      const std::uint64_t word = generator()();
      std::memcpy(id.bytes.data() + i, &word, 8);
    }
  } while (!id.valid());
  return id;
}

}  // namespace

TraceId random_trace_id() noexcept { return random_id<TraceId>(); }
SpanId random_span_id() noexcept { return random_id<SpanId>(); }

}  // namespace llt
