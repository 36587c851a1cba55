#include "views/trace/trace_cache.h"

#include <algorithm>

#include "views/trace/trace_sketch.h"

namespace llt::views {
namespace {

// A trace can still grow while its requests run and their rows are on the way; later only retention changes
// it.
bool is_current(const TraceIndex& trace, SteadyNs read_at) {
  const std::int64_t age = now_steady() - read_at;
  const bool settled = now_unix() - (trace.start + trace.duration_ns) > 60 * kNsPerS;
  return age < (settled ? 600 * kNsPerS : kNsPerS);
}

}  // namespace

std::shared_ptr<const TraceIndex> TraceCache::find(Entries& entries, const std::string& id, bool fresh) {
  const std::scoped_lock lock(mutex_);
  const auto known = std::ranges::find_if(
      entries, [&](const Entry& entry) { return entry.asked == id || entry.trace->trace_id == id; });
  if (known == entries.end() || (fresh && !is_current(*known->trace, known->read_at))) return nullptr;
  entries.splice(entries.begin(), entries, known);
  return known->trace;
}

void TraceCache::keep(Entries& entries, Entry entry) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(entries, [&](const Entry& old) {
    return old.asked == entry.asked || old.trace->trace_id == entry.trace->trace_id;
  });
  entries.push_front(std::move(entry));
  while (entries.size() > kMostTraces) entries.pop_back();
}

bool TraceCache::holds(const std::string& id, bool fresh) { return find(entries_, id, fresh) != nullptr; }

Result<std::shared_ptr<const TraceIndex>> TraceCache::get(store::Reader& reader, const std::string& id,
                                                          bool fresh) {
  const std::scoped_lock lock(reading_);
  if (auto known = find(entries_, id, fresh)) return known;
  const auto trace_id = resolve_trace(reader, id);
  if (!trace_id) return std::unexpected(trace_id.error());
  const SteadyNs now = now_steady();
  auto trace = load_trace(reader, *trace_id, {});
  if (trace) keep(entries_, {id, *trace, now});
  return trace;
}

Result<std::shared_ptr<const TraceIndex>> TraceCache::get_soon(store::Reader& reader, const std::string& id,
                                                               bool fresh) {
  const std::scoped_lock lock(sketching_);
  for (Entries* entries : {&entries_, &sketches_}) {
    if (auto known = find(*entries, id, fresh)) return known;
  }
  const auto trace_id = resolve_trace(reader, id);
  if (!trace_id) return std::unexpected(trace_id.error());
  const SteadyNs now = now_steady();
  auto trace = sketch_trace(reader, *trace_id);
  if (trace) keep((*trace)->whole ? entries_ : sketches_, {id, *trace, now});
  return trace;
}

}  // namespace llt::views
