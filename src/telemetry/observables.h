#pragma once
// The gauges as observable instruments of the SDK.

#include <opentelemetry/metrics/async_instruments.h>
#include <opentelemetry/metrics/meter.h>

#include <memory>
#include <vector>

#include "telemetry/gauges.h"

namespace llt::telemetry {

/// Registers one instrument for each metric that Gauges can give; both must outlive the SDK's readers.
class Observables {
 public:
  Observables(opentelemetry::metrics::Meter& meter, Gauges& gauges);
  ~Observables();
  Observables(const Observables&) = delete;
  Observables& operator=(const Observables&) = delete;

 private:
  struct Instrument;
  std::vector<std::unique_ptr<Instrument>> instruments_;
};

}  // namespace llt::telemetry
