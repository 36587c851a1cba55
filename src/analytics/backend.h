#pragma once
// What runs algorithms on a graph that it holds.

#include <memory>
#include <string>

#include "analytics/algorithm.h"

namespace llt::analytics {

/// Holds one graph between algorithms. One thread.
class Backend {
 public:
  virtual ~Backend() = default;

  [[nodiscard]] virtual std::string name() const = 0;     ///< "cpu" or "gpu"
  [[nodiscard]] virtual std::string version() const = 0;  ///< of the libraries behind it

  /// Takes a graph in place of the one before. `edges` must live as long as it is used.
  [[nodiscard]] virtual Result<> load(const EdgeList& edges) = 0;

  /// The request has passed check(). Errors: resource_exhausted (memory), unavailable (the back end is gone),
  /// invalid_argument (what this back end cannot do).
  [[nodiscard]] virtual Result<Outcome> run(const Request& request, const Progress& progress) = 0;

  /// How much of the last run went into bringing the graph into the form that its algorithm works on; nothing
  /// when that is not known.
  [[nodiscard]] virtual std::optional<double> build_ms() const { return std::nullopt; }
};

}  // namespace llt::analytics
