#pragma once
// Where both receivers end: rows go to the store, the sender gets its answer when they are on the disk.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "receiver/otlp_rows.h"

namespace llt::store {
class Store;
}

namespace llt::receiver {

struct IntakeOptions {
  std::string own_instance;           ///< `service.instance.id` of our own spans, which are not taken
  std::vector<std::string> api_keys;  ///< empty: none is asked for
  int durable_timeout_ms = 5'000;
};

/// What a sender is told about what was not kept of an accepted request.
struct Accepted {
  std::uint64_t rejected = 0;
  std::string reason;  ///< empty when nothing was rejected
};

/// Any thread.
class Intake {
 public:
  Intake(store::Store& store, IntakeOptions options);

  /// Blocks until the spans are durable. Errors: unavailable (nothing is kept, or it is not known to be; the
  /// sender should try again).
  [[nodiscard]] Result<Accepted> take(const TraceRequest& request);

  /// For metrics and logs, which are counted and not kept.
  [[nodiscard]] Accepted ignore(std::uint64_t records, std::string_view what);

  /// `authorization` is the header's value.
  [[nodiscard]] bool key_allowed(std::string_view authorization) const;

 private:
  store::Store& store_;
  const IntakeOptions options_;
};

}  // namespace llt::receiver
