#pragma once
// What `bench` was asked for.

#include <cstdint>
#include <optional>
#include <string>

#include "app/settings.h"
#include "app/slo.h"

namespace llt::app {

struct BenchOptions {
  std::string url;
  double rate = 0;      ///< requests a second; 0: closed loop
  int concurrency = 4;  ///< clients of the closed loop
  std::string duration = "30s", timeout = "10m";
  std::optional<std::string> prompts;  ///< file
  std::optional<std::string> model;
  std::optional<std::string> slo;
  std::uint32_t max_tokens = 128;
  std::uint64_t seed = 1;
  bool json = false;
};

int run_bench(const Settings& settings, const BenchOptions& options);

}  // namespace llt::app
