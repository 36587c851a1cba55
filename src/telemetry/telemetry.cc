#include "telemetry/telemetry.h"

#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/losses.h"
#include "base/thread_name.h"
#include "store/store.h"
#include "telemetry/gpu_watch.h"
#include "telemetry/guarded_exporters.h"
#include "telemetry/metric_export.h"
#include "telemetry/metrics.h"
#include "telemetry/prometheus.h"
#include "telemetry/record_queue.h"
#include "telemetry/rows.h"
#include "telemetry/sampler.h"
#include "telemetry/sanitize.h"
#include "telemetry/sdk_log.h"
#include "telemetry/span_export.h"
#include "telemetry/span_model.h"
#include "telemetry/steps/step_feed.h"

namespace llt::telemetry {
namespace {

using std::chrono::milliseconds;

// The telemetry thread looks at its queue at these intervals: short while there is work, longer when idle.
constexpr milliseconds kBusyPause{2};
constexpr milliseconds kIdlePause{20};
constexpr SteadyNs kSampleIntervalNs = 1'000'000'000;
// A page that nobody scrapes is emptied this often (see PrometheusPage::drain).
constexpr int kSamplesPerDrain = 60;

std::string_view event_severity(std::string_view kind) {
  const auto has = [&](std::string_view word) { return kind.find(word) != std::string_view::npos; };
  if (has("crash") || has("hang") || has("fail") || has("give_up")) return "error";
  return has("restart") || has("engine.down") ? "warning" : "info";
}

std::optional<std::int64_t> integer_member(const nlohmann::json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_number_integer()) return std::nullopt;
  return object[key].get<std::int64_t>();
}

store::EventRow make_event(std::string kind, std::string message, std::string attributes_json) {
  store::EventRow row;
  row.unix_ns = now_unix();
  row.kind = kind.find('.') == std::string::npos ? "engine." + kind : std::move(kind);
  row.severity = event_severity(row.kind);
  if (!message.empty()) row.message = std::move(message);
  const auto attributes = nlohmann::json::parse(attributes_json, nullptr, false);
  if (!attributes.is_object()) return row;
  row.pid = integer_member(attributes, "pid");
  if (attributes.contains("upstream") && attributes["upstream"].is_string())
    row.upstream = attributes["upstream"];
  row.attributes = std::move(attributes_json);
  return row;
}

class Worker final : public Telemetry {
 public:
  Worker(const Options& options, const ExportConfig& config, const Environment& environment,
         store::Store& store, std::function<EngineFacts()> engine_facts)
      : store_(store),
        engine_facts_(std::move(engine_facts)),
        sampler_(Sampler::from_environment(environment)),
        names_(NameSets::from_environment(environment)),
        resource_(std::make_shared<CurrentResource>(options, environment)),
        gpu_watch_(GpuWatch::start(options.gpus, store)),
        gauges_(live_, store, gpu_watch_.get()),
        metrics_(names_, options.service_version, gauges_),
        push_(make_metric_push(config, resource_)),
        queue_(options.queue_capacity) {
    metrics_.add_reader(page_.reader());
    if (push_.reader != nullptr) metrics_.add_reader(push_.reader);
    if (SpanExporterPtr exporter = make_span_exporter(config.traces)) {
      span_export_.emplace(std::move(exporter), config, options.service_version, resource_);
    }
    if (options.probe) start_step_feed(*options.probe);
    thread_ = std::thread([this] { run(); });
  }
  ~Worker() override { shutdown(0); }

  bool sample(const TraceId& trace, std::optional<bool> parent_sampled) const noexcept override {
    return sampler_.decide(trace, parent_sampled);
  }

  void submit(std::unique_ptr<RequestRecord> record) noexcept override { queue_.push(std::move(record)); }

  void engine_event(std::string kind, std::string message, std::string attributes_json) override {
    store::EventRow row = make_event(std::move(kind), std::move(message), std::move(attributes_json));
    if (row.kind == "engine.restart") gauges_.count_restart();
    store_.append(std::move(row));
    engine_changed_.store(true);
  }

  LiveCounts& live() noexcept override { return live_; }

  std::vector<GpuState> gpu_states() const override {
    return gpu_watch_ != nullptr ? gpu_watch_->states() : std::vector<GpuState>();
  }
  std::vector<GpuIdentity> gpu_identities() const override {
    return gpu_watch_ != nullptr ? gpu_watch_->identities() : std::vector<GpuIdentity>();
  }

  std::string prometheus_text() override {
    static_cast<void>(gauges_.read(0));  // the page shows the present, not the last sample
    return page_.text(resource_->texts());
  }

  void shutdown(int timeout_ms) override;

 private:
  void start_step_feed(const ProbeOptions& options);
  void run();
  bool process_waiting();
  void process(RequestRecord& record);
  void count_losses(const RequestRecord& record, const PhaseBreakdown& phases) const;
  void read_engine();
  void store_resource();
  void take_sample(SteadyNs now);

  store::Store& store_;
  const std::function<EngineFacts()> engine_facts_;
  const Sampler sampler_;
  const NameSets names_;
  const std::shared_ptr<CurrentResource> resource_;
  LiveCounts live_;
  const std::unique_ptr<GpuWatch> gpu_watch_;  ///< null without a GPU
  Gauges gauges_;
  Metrics metrics_;
  MetricPush push_;
  PrometheusPage page_;
  std::optional<SpanExport> span_export_;
  std::optional<StepFeed> step_feed_;
  RecordQueue queue_;
  SteadyNs last_sample_ = 0;
  int samples_since_drain_ = 0;
  bool engine_ready_ = false;  ///< telemetry thread only, as the next two
  std::shared_ptr<const std::string> stored_resource_;
  std::uint64_t resource_id_ = 0;
  std::atomic<bool> engine_changed_{false};
  std::atomic<bool> stopping_{false};
  bool stopped_ = false;
  std::thread thread_;
};

void Worker::start_step_feed(const ProbeOptions& options) {
  const auto in_flight = [this] {
    return live_.waiting.load(std::memory_order_relaxed) + live_.prefilling.load(std::memory_order_relaxed) +
           live_.decoding.load(std::memory_order_relaxed);
  };
  step_feed_.emplace(StepFeed::Options{options.folder, options.upstream_of, options.on_probed, in_flight},
                     store_);
}

void Worker::run() {
  name_this_thread("telemetry");
  while (true) {
    const bool last_round = stopping_.load(std::memory_order_acquire);
    const SteadyNs now = now_steady();
    // Before the records: the first of them finds the engine's facts in place.
    if (last_sample_ == 0 || now - last_sample_ >= kSampleIntervalNs) take_sample(now);
    if (step_feed_) step_feed_->poll(now);
    const bool worked = process_waiting();
    if (last_round && !worked) return;
    std::this_thread::sleep_for(worked ? kBusyPause : kIdlePause);
  }
}

bool Worker::process_waiting() {
  bool any = false;
  // Bounded, so that samples are taken in time under load.
  for (int i = 0; i < 4096; ++i) {
    const auto record = queue_.pop();
    if (record == nullptr) break;
    // The first requests after a start or a restart come before the next sample would tell of the engine.
    if (!any && (!engine_ready_ || engine_changed_.exchange(false))) read_engine();
    any = true;
    try {
      process(*record);
    } catch (const std::exception& error) {
      count_loss(Loss::request_records_dropped);
      spdlog::error("request {} not recorded: {}", record->request_id, error.what());
    }
  }
  return any;
}

void Worker::process(RequestRecord& record) {
  sanitize(record);
  const PhaseBreakdown phases = break_down(record);
  count_losses(record, phases);
  if (step_feed_) step_feed_->attribute_request(record, phases);
  gauges_.count_tokens(record);
  metrics_.record(record, phases);
  Content content = structure_content(record);
  if (span_export_ && record.sampled) {
    SpanSet set;
    build_spans(record, phases, content, names_, set);
    span_export_->emit(set);
  }
  store::RequestRow row = to_row(std::move(record), phases, std::move(content));
  row.resource_id = resource_id_;
  store_.append(std::move(row));
}

void Worker::store_resource() {
  const auto json = resource_->json();
  if (json == stored_resource_) return;
  stored_resource_ = json;
  resource_id_ = std::hash<std::string>{}(resource_->service_name() + *json);
  store_.append(store::ResourceRow{resource_id_, now_unix(), resource_->service_name(), *json});
}

void Worker::count_losses(const RequestRecord& record, const PhaseBreakdown& phases) const {
  if (phases.timings_inconsistent) count_loss(Loss::engine_timings_inconsistent);
  if (record.content_chunks > RequestRecord::kMaxChunkGaps + 1) count_loss(Loss::chunk_gaps_truncated);
  const bool counts_tokens = record.operation != Operation::none && record.operation != Operation::rerank;
  if (counts_tokens && !failed(record) && !record.response.input_tokens)
    count_loss(Loss::token_counts_missing);
}

void Worker::read_engine() {
  EngineFacts facts = engine_facts_();
  resource_->update(facts);
  store_resource();
  metrics_.admit_model(facts.model);
  engine_ready_ = facts.state == "ready";
  gauges_.set_engine(std::move(facts));
}

void Worker::take_sample(SteadyNs now) {
  read_engine();
  if (last_sample_ != 0) gauges_.close_interval(static_cast<double>(now - last_sample_) * 1e-9);
  last_sample_ = now;
  const UnixNs at = now_unix();
  for (const Sample& sample : gauges_.read(0)) {
    // What has labels has a table of its own (losses, gpu_samples) or a plain twin (engine.up).
    if (!sample.labels.empty()) continue;
    store_.append(store::MetricRow{at, sample.metric->name, std::nullopt, sample.value, sample.metric->unit});
  }
  if (++samples_since_drain_ >= kSamplesPerDrain) {
    samples_since_drain_ = 0;
    page_.drain();
  }
}

void Worker::shutdown(int timeout_ms) {
  if (stopped_) return;
  stopped_ = true;
  stopping_.store(true, std::memory_order_release);
  thread_.join();
  if (gpu_watch_ != nullptr) gpu_watch_->stop();
  step_feed_.reset();  // writes what it still holds
  const auto gate = push_.gate != nullptr ? push_.gate : std::make_shared<ExportGate>("metrics", "");
  std::thread metrics([&] { metrics_.shutdown(timeout_ms, gate); });
  if (span_export_) span_export_->shutdown(timeout_ms);
  metrics.join();
}

}  // namespace

Result<std::unique_ptr<Telemetry>> Telemetry::start(const Options& options, store::Store& store,
                                                    std::function<EngineFacts()> engine_facts) {
  const Environment environment = process_environment();
  take_over_sdk_log();
  const auto config = ExportConfig::from_environment(environment);
  if (!config) return std::unexpected(config.error());
  try {
    return std::make_unique<Worker>(options, *config, environment, store, std::move(engine_facts));
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, std::string("cannot start the telemetry: ") + error.what(),
                "look at the OTEL_* variables");
  }
}

}  // namespace llt::telemetry
