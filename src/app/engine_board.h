#pragma once
// The latest snapshot of every engine, and what the other rooms call the same things. The engine's threads
// write; telemetry, console and status read.

#include <mutex>
#include <string>
#include <vector>

#include "engine/snapshot.h"
#include "gateway/upstream.h"
#include "telemetry/telemetry.h"
#include "views/console.h"

namespace llt::app {

struct NamedSnapshot {
  std::string upstream;
  engine::Snapshot now;
};

/// Thread-safe; holds its lock only to copy.
class EngineBoard {
 public:
  /// Call before any other thread reads.
  std::size_t add(std::string upstream);

  void put(std::size_t index, engine::Snapshot snapshot);
  [[nodiscard]] engine::Snapshot get(std::size_t index) const;
  [[nodiscard]] std::vector<NamedSnapshot> all() const;

  /// The engine that speaks for all in resource attributes: the first that is ready, otherwise the first.
  [[nodiscard]] engine::Snapshot representative() const;

 private:
  mutable std::mutex mutex_;
  std::vector<NamedSnapshot> entries_;
};

[[nodiscard]] gateway::UpstreamState upstream_state(engine::State state) noexcept;
[[nodiscard]] gateway::Dialect dialect(engine::Kind kind) noexcept;
[[nodiscard]] telemetry::EngineFacts engine_facts(const engine::Snapshot& snapshot);
[[nodiscard]] views::EngineNow engine_now(const NamedSnapshot& entry);

/// The attributes of an engine's event as a JSON object, with the upstream's name among them.
[[nodiscard]] std::string event_attributes(const std::string& upstream, const engine::Event& event);

}  // namespace llt::app
