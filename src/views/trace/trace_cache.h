#pragma once
// The traces that were looked at last, so that panning reads nothing from the store.

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "views/trace/trace_index.h"

namespace llt::views {

/// Thread-safe. One trace is read at a time, and one sketched beside it; who asks for more waits.
class TraceCache {
 public:
  /// Whether get() would answer without reading anything.
  [[nodiscard]] bool holds(const std::string& id, bool fresh);

  /// The trace `id` (of it, or of a request). With `fresh`, rows that came since are looked for: those of a
  /// trace that ended lately, at most once a second.
  [[nodiscard]] Result<std::shared_ptr<const TraceIndex>> get(store::Reader& reader, const std::string& id,
                                                              bool fresh);

  /// The same, but of a large trace that was not read yet a sketch.
  [[nodiscard]] Result<std::shared_ptr<const TraceIndex>> get_soon(store::Reader& reader,
                                                                   const std::string& id, bool fresh);

 private:
  static constexpr std::size_t kMostTraces = 4;
  struct Entry {
    std::string asked;  ///< as it was asked for
    std::shared_ptr<const TraceIndex> trace;
    SteadyNs read_at;
  };

  using Entries = std::list<Entry>;  ///< used last first

  /// nullptr when it is not there, or not as fresh as is wanted.
  [[nodiscard]] std::shared_ptr<const TraceIndex> find(Entries& entries, const std::string& id, bool fresh);
  void keep(Entries& entries, Entry entry);

  std::mutex reading_, sketching_;  // held while the store is asked; never both
  std::mutex mutex_;                // of what is below; held for a moment, last
  Entries entries_, sketches_;
};

}  // namespace llt::views
