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

nostd::shared_ptr<api::ObservableInstrument> create(api::Meter& meter, const names::MetricInfo& info) {
  const bool real = is_fractional(info);
  const char *name = info.name, *text = info.description, *unit = info.unit;
  switch (info.instrument) {
    case names::Instrument::counter:
      return real ? meter.CreateDoubleObservableCounter(name, text, unit)
                  : meter.CreateInt64ObservableCounter(name, text, unit);
    case names::Instrument::updowncounter:
      return real ? meter.CreateDoubleObservableUpDownCounter(name, text, unit)
                  : meter.CreateInt64ObservableUpDownCounter(name, text, unit);
    default:
      return real ? meter.CreateDoubleObservableGauge(name, text, unit)
                  : meter.CreateInt64ObservableGauge(name, text, unit);
  }
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
      for (const Sample::Label& label : sample.labels) labels.add(label.name, label.value);
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
    instrument->handle = create(meter, *info);
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
