#pragma once
// Span drafts to the OpenTelemetry SDK, with the ids and times that they have.

#include <memory>
#include <string>

#include "telemetry/exporters.h"
#include "telemetry/otlp_config.h"
#include "telemetry/resource.h"
#include "telemetry/span_model.h"

namespace llt::telemetry {

class SpanExport {
 public:
  SpanExport(SpanExporterPtr exporter, const ExportConfig& config, const std::string& version,
             const std::shared_ptr<const CurrentResource>& resource);
  ~SpanExport();
  SpanExport(const SpanExport&) = delete;
  SpanExport& operator=(const SpanExport&) = delete;

  /// One thread at a time. Does nothing for traces that are not sampled. Never waits for the collector.
  void emit(const SpanSet& set);

  /// Sends what is queued; returns after `timeout_ms` and a moment at the latest. emit() must not follow.
  void shutdown(int timeout_ms);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llt::telemetry
