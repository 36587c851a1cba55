#pragma once
// The rings that engines with the probe write, as files of one folder: found, mapped, read in order, and
// removed when their engine is gone.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "wire/probe_ring.h"

namespace llt::telemetry {

/// One engine process.
struct ProbedEngine {
  std::uint64_t id = 0;
  std::int64_t pid = 0;
};

/// Used by one thread.
class ProbeRings {
 public:
  struct Callbacks {
    std::function<void(const ProbedEngine&)> on_found;
    std::function<void(const ProbedEngine&, std::span<const llt_probe_record>)> on_group;
    std::function<void(const ProbedEngine&)> on_gone;  ///< its process has ended and everything was read
  };

  ProbeRings(std::filesystem::path folder, Callbacks callbacks);
  ~ProbeRings();
  ProbeRings(const ProbeRings&) = delete;
  ProbeRings& operator=(const ProbeRings&) = delete;

  /// Reads what is there. Looks for new and ended engines a few times a second, or at once.
  void poll(SteadyNs now, bool look = false);

 private:
  class Ring;

  void look_for_new();
  void remove_ended(SteadyNs now);

  const std::filesystem::path folder_;
  const Callbacks callbacks_;
  std::map<std::string, std::unique_ptr<Ring>> rings_;  ///< by file name
  SteadyNs looked_ = 0;
};

}  // namespace llt::telemetry
