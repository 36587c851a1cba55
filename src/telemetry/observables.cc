#include "telemetry/observables.h"

#include <opentelemetry/metrics/observer_result.h>

#include "telemetry/metric_labels.h"

namespace llt::telemetry {
namespace {

namespace api = opentelemetry::metrics;
namespace nostd = opentelemetry::nostd;

// All instruments of one collection see the same reading.
constexpr int kReadingAgeMs = 100;

bool is_observed(const names::MetricInfo& info) {
  return info.set == names::NameSet::own && info.instrument != names::Instrument::histogram;
}

}  // namespace

struct Observables::Instrument {
  const names::MetricInfo* info;
  Gauges* gauges;
  nostd::shared_ptr<api::ObservableInstrument> handle;

  static void observe(api::ObserverResult result, void* state) {
    const auto* self = static_cast<const Instrument*>(state);
    for (const Sample& sample : self->gauges->read(kReadingAgeMs)) {
      if (sample.metric != self->info) continue;
      MetricLabels labels;
      if (sample.label != nullptr) labels.add(sample.label, sample.label_value);
      if (sample.label2 != nullptr) labels.add(sample.label2, sample.label2_value);
      if (const auto* whole = nostd::get_if<nostd::shared_ptr<api::ObserverResultT<std::int64_t>>>(&result)) {
        (*whole)->Observe(static_cast<std::int64_t>(sample.value), labels);
      } else if (const auto* real = nostd::get_if<nostd::shared_ptr<api::ObserverResultT<double>>>(&result)) {
        (*real)->Observe(sample.value, labels);
      }
    }
  }
};

Observables::Observables(api::Meter& meter, Gauges& gauges) {
  for (const names::MetricInfo* info : names::kMetrics) {
    if (!is_observed(*info)) continue;
    auto instrument = std::make_unique<Instrument>(Instrument{info, &gauges, {}});
    const bool counter = info->instrument == names::Instrument::counter;
    if (counter) {
      instrument->handle = meter.CreateInt64ObservableCounter(info->name, info->description, info->unit);
    } else if (is_fractional(*info)) {
      instrument->handle = meter.CreateDoubleObservableGauge(info->name, info->description, info->unit);
    } else {
      instrument->handle = meter.CreateInt64ObservableGauge(info->name, info->description, info->unit);
    }
    instrument->handle->AddCallback(&Instrument::observe, instrument.get());
    instruments_.push_back(std::move(instrument));
  }
}

Observables::~Observables() {
  for (const auto& instrument : instruments_) {
    instrument->handle->RemoveCallback(&Instrument::observe, instrument.get());
  }
}

}  // namespace llt::telemetry
