#include "views/trace/trace_cache.h"

#include <algorithm>

namespace llt::views {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// A trace can still grow while its requests run and their rows are on the way; later only retention changes it.
bool is_current(const TraceIndex& trace, SteadyNs read_at) {
  const std::int64_t age = now_steady() - read_at;
  const bool settled = now_unix() - (trace.start + trace.duration_ns) > 60 * kSecond;
  return age < (settled ? 600 * kSecond : kSecond);
}

}  // namespace

Result<std::shared_ptr<const TraceIndex>> TraceCache::get(store::Reader& reader, const std::string& id,
                                                          bool fresh) {
  const std::scoped_lock lock(mutex_);
  const auto known = std::ranges::find(entries_, id, &Entry::asked);
  if (known != entries_.end() && (!fresh || is_current(*known->trace, known->read_at))) {
    entries_.splice(entries_.begin(), entries_, known);
    return known->trace;
  }
  const auto trace_id = resolve_trace(reader, id);
  if (!trace_id) return std::unexpected(trace_id.error());
  const SteadyNs now = now_steady();
  auto trace = load_trace(reader, *trace_id, {});
  if (!trace) return trace;
  if (known != entries_.end()) entries_.erase(known);
  entries_.push_front({id, *trace, now});
  while (entries_.size() > kMostTraces) entries_.pop_back();
  return trace;
}

}  // namespace llt::views
