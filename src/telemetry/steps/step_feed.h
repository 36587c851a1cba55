#pragma once
// The probe's side of the telemetry thread: rings in; rows of steps, turns and attributions out.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "telemetry/phases.h"
#include "telemetry/request_record.h"
#include "telemetry/steps/probe_rings.h"
#include "telemetry/steps/turn_match.h"
#include "telemetry/steps/turn_tracker.h"

namespace llt::store {
class Store;
}

namespace llt::telemetry {

/// Used by the telemetry thread alone.
class StepFeed {
 public:
  struct Options {
    std::filesystem::path folder;  ///< of the rings
    /// Which server an engine process is; empty when that cannot be told.
    std::function<std::string(std::int64_t pid)> upstream_of;
    /// Told when an engine of a server is seen with the probe, and when it has ended.
    std::function<void(const std::string& upstream, bool probed)> on_probed;
    /// Requests of ours that are on their way right now.
    std::function<std::int64_t()> in_flight;
  };

  StepFeed(Options options, store::Store& store);
  ~StepFeed();

  /// Reads the rings and writes what became final.
  void poll(SteadyNs now);

  /// Finds out which turns served a request that is over, and writes where its time went. Fills in the
  /// record's slot when the engine did not name it. What cannot be told yet is tried again for a while.
  void attribute_request(RequestRecord& record, const PhaseBreakdown& phases);

 private:
  struct Engine;

  Engine& engine(const ProbedEngine& probed);
  /// Keeps of a request that was not matched what another try needs.
  struct Unmatched {
    RequestRecord record;
    PhaseBreakdown phases;
    SteadyNs since = 0;
  };

  enum class Outcome : std::uint8_t { not_probed, unmatched, matched };
  Outcome try_to_match(RequestRecord& record, const PhaseBreakdown& phases);
  void retry(SteadyNs now);
  void announce();
  void store_step(Engine& engine, const CostedStep& step);
  void examine(Engine& engine, const CostedStep& step);
  void resolve(Engine& engine, SteadyNs now);
  void store_turn(const Engine& engine, const Turn& turn);
  void store_reuse(const Engine& engine, const Turn& turn);
  void store_copy(const Engine& engine, const StateCopy& copy);
  void store_context(const Engine& engine, const EngineContext& context);
  void claim(Engine& engine, const RequestRecord& record, const PhaseBreakdown& phases, const Match& match);

  const Options options_;
  store::Store& store_;
  std::map<std::uint64_t, std::unique_ptr<Engine>> engines_;
  ProbeRings rings_;
  std::deque<Unmatched> unmatched_;
  std::set<std::string> probed_;  ///< servers with an engine that runs with the probe
  SteadyNs idle_since_ = 0;       ///< no request of ours was on its way since then; 0: one is
};

}  // namespace llt::telemetry
