#include "app/instance.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "app/gpu_roles.h"
#include "app/listen_check.h"
#include "app/probe.h"
#include "app/status_document.h"
#include "app/units.h"
#include "app/version.h"
#include "base/log.h"
#include "engine/listening_ports.h"
#include "gpus/gpus.h"

namespace llt::app {
namespace {

constexpr const char* kManagedName = "llama-server";
constexpr int kFlushTimeoutMs = 5'000;

std::string upstream_name(const BaseUrl& url) { return url.endpoint.to_string() + url.prefix; }

// A default address that someone has, a Collector most likely, is theirs: that is said and nothing fails.
template <class Receiver>
Result<> start_receiver(const OtlpListen& listen, const std::string& flag, receiver::Intake& intake,
                        std::unique_ptr<Receiver>& out) {
  if (!listen.endpoint) return {};
  const std::string_view protocol = flag == "--otlp-http" ? "HTTP" : "gRPC";
  auto free = check_can_listen(*listen.endpoint, flag);
  if (free) {
    auto started = Receiver::start(*listen.endpoint, intake);
    if (started) {
      out = std::move(*started);
      spdlog::info("spans of others are received over {} at {}", protocol, reachable_url(out->address()));
      return {};
    }
    free = std::unexpected(started.error());
  }
  if (listen.asked_for) return free;
  spdlog::info("spans of others are not received over {}: {}", protocol, free.error().to_string());
  return {};
}

}  // namespace

Instance::Instance(UpOptions options)
    : options_(std::move(options)), started_unix_ns_(now_unix()), instance_id_(random_trace_id().hex()) {}

Instance::~Instance() { stop(); }

Result<> Instance::check_addresses() {
  if (auto free = check_can_listen(options_.listen, "--listen"); !free) return free;
  return check_can_listen(options_.console, "--console");
}

// Our own engine is started with the probe; engines of others write to the same folder when they were.
Result<> Instance::plan_probe() {
  if (options_.probe == ProbeMode::off) return {};
  const auto library = plan_ ? find_probe_library() : Result<std::filesystem::path>{};
  Result<> possible = plan_ ? check_can_probe(plan_->launch.binary) : Result<>{};
  if (!library) possible = std::unexpected(library.error());
  const auto folder = probe_folder(options_.data);
  if (possible) possible = make_probe_folder(folder);
  if (!possible && options_.probe == ProbeMode::on) return possible;
  if (!possible) {
    spdlog::info("batch steps are not recorded: {}", possible.error().message);
    return {};
  }
  probe_folder_ = folder;
  if (!plan_) return {};
  for (const auto& [name, value] : probe_environment(*library, folder)) {
    plan_->launch.environment[name] = value;
  }
  return {};
}

std::optional<telemetry::ProbeOptions> Instance::probe_options() {
  if (probe_folder_.empty()) return std::nullopt;
  telemetry::ProbeOptions probe;
  probe.folder = probe_folder_;
  probe.upstream_of = [this](std::int64_t pid) { return upstream_of(pid); };
  probe.on_probed = [this](const std::string& name, bool probed) {
    spdlog::info("batch steps of {} are {}", name, probed ? "recorded" : "no longer recorded");
    for (const auto& upstream : upstreams_.all()) {
      if (upstream->name() == name) upstream->set_probed(probed);
    }
  };
  return probe;
}

// Whose process an engine is: with several servers to choose from, by the port on which it listens.
std::string Instance::upstream_of(std::int64_t pid) const {
  const auto& all = upstreams_.all();
  if (all.size() == 1) return all.front()->name();
  const auto ports = engine::listening_ports(pid);
  for (const auto& upstream : all) {
    const Endpoint& endpoint = upstream->url().endpoint;
    if (endpoint.is_loopback() && std::ranges::find(ports, endpoint.port) != ports.end())
      return upstream->name();
  }
  return "";
}

Result<> Instance::plan_engine() {
  if (!options_.upstreams.empty()) {
    for (const BaseUrl& url : options_.upstreams) {
      upstreams_.add(upstream_name(url), url);
      board_.add(upstream_name(url));
    }
    return plan_probe();
  }
  auto plan = app::plan_engine(options_);
  if (!plan) return std::unexpected(plan.error());
  for (const std::string& warning : plan->launch.warnings) spdlog::warn("{}", warning);
  const Endpoint endpoint = plan->launch.endpoint();
  upstreams_.add(kManagedName, BaseUrl{endpoint, "", endpoint.to_string()});
  board_.add(kManagedName);
  plan_ = std::move(*plan);
  return plan_probe();
}

Result<> Instance::lock_data() {
  auto lock = DataLock::take(options_.data);
  if (!lock) return std::unexpected(lock.error());
  lock_.emplace(std::move(*lock));
  return {};
}

Result<> Instance::open_store() {
  store::Options store_options;
  store_options.retention_seconds = options_.retention_ns / 1'000'000'000;
  store_options.max_bytes = options_.store_max_bytes;
  store_options.created_by = fmt::format("llamatelemetry {}", kVersion);
  auto store = store::Store::open(options_.data, store_options);
  if (!store) return std::unexpected(store.error());
  store_ = std::move(*store);
  return {};
}

Result<> Instance::start_telemetry() {
  telemetry::Options telemetry_options;
  telemetry_options.service_version = kVersion;
  telemetry_options.service_instance_id = instance_id_;
  telemetry_options.capture_content = options_.capture_content;
  telemetry_options.gpus.readings_per_second = options_.gpu_rate;
  if (plan_) telemetry_options.gpus.plan = gpu_plan(plan_->placement);
  telemetry_options.gpus.role_of = [this](std::int64_t pid) { return role_of(pid); };
  telemetry_options.probe = probe_options();
  auto telemetry = telemetry::Telemetry::start(telemetry_options, *store_,
                                               [this] { return engine_facts(board_.representative()); });
  if (!telemetry) return std::unexpected(telemetry.error());
  telemetry_ = std::move(*telemetry);
  return {};
}

Result<> Instance::start_receivers() {
  intake_ = std::make_unique<receiver::Intake>(
      *store_, receiver::IntakeOptions{.own_instance = instance_id_, .api_keys = options_.api_keys});
  if (auto done = start_receiver(options_.otlp_http, "--otlp-http", *intake_, otlp_http_); !done) return done;
  return start_receiver(options_.otlp_grpc, "--otlp-grpc", *intake_, otlp_grpc_);
}

Result<> Instance::start_gateway() {
  gateway::Options gateway_options;
  gateway_options.listen = options_.listen;
  gateway_options.api_keys = options_.api_keys;
  gateway_options.capture_content = options_.capture_content;
  gateway_options.limits.response_timeout_ms = to_ms(options_.upstream_timeout_ns);
  auto gateway = gateway::Gateway::start(gateway_options, upstreams_, *telemetry_);
  if (!gateway) return std::unexpected(gateway.error());
  gateway_ = std::move(*gateway);
  return {};
}

Result<> Instance::start_engines() {
  if (plan_) return start_managed_engine();
  start_watchers();
  return {};
}

Result<> Instance::start_managed_engine() {
  gateway::Upstream* upstream = upstreams_.all().front().get();
  engine::SupervisorCallbacks callbacks;
  callbacks.on_event = [this](const engine::Event& event) { record(kManagedName, event); };
  callbacks.on_state = [this](const engine::Snapshot& snapshot) { apply(0, snapshot); };
  callbacks.outstanding = [upstream] { return upstream->outstanding.load(std::memory_order_relaxed); };
  callbacks.last_byte = [upstream] { return upstream->last_byte_ns.load(std::memory_order_relaxed); };
  if (plan_->placement) {
    telemetry_->engine_event("placement.chosen", plan_->placement->name + ": " + plan_->placement->reason,
                             placement_attributes(*plan_->placement, plan_->why));
  }
  spdlog::info("starting {}", plan_->launch.to_string());
  auto supervisor = engine::Supervisor::start(plan_->launch, {}, std::move(callbacks));
  if (!supervisor) return std::unexpected(supervisor.error());
  supervisor_ = std::move(*supervisor);
  return {};
}

void Instance::start_watchers() {
  for (std::size_t index = 0; index < options_.upstreams.size(); ++index) {
    gateway::Upstream* upstream = upstreams_.all()[index].get();
    engine::WatcherCallbacks callbacks;
    callbacks.on_event = [this, upstream](const engine::Event& event) { record(upstream->name(), event); };
    callbacks.on_state = [this, index](const engine::Snapshot& snapshot) { apply(index, snapshot); };
    callbacks.last_byte = [upstream] { return upstream->last_byte_ns.load(std::memory_order_relaxed); };
    watchers_.push_back(engine::Watcher::start(options_.upstreams[index], {}, std::move(callbacks)));
  }
}

// The engine's thread: makes a new state known to the gateway, and to everybody who reads the board.
void Instance::apply(std::size_t index, const engine::Snapshot& snapshot) {
  gateway::Upstream& upstream = *upstreams_.all()[index];
  upstream.set_dialect(dialect(snapshot.kind));
  upstream.set_models(snapshot.models);
  board_.put(index, snapshot);
  upstream.set_state(upstream_state(snapshot.state));  // last: what is ready is also described
}

void Instance::record(const std::string& upstream, const engine::Event& event) {
  const bool bad =
      event.kind == "crash" || event.kind == "hang" || event.kind == "give_up" || event.kind == "down";
  spdlog::log(bad ? spdlog::level::warn : spdlog::level::info, "engine {}: {}: {}", upstream, event.kind,
              event.message);
  telemetry_->engine_event(event.kind, event.message, event_attributes(upstream, event));
}

Result<> Instance::start_console() {
  views::ConsoleOptions console_options;
  console_options.listen = options_.console;
  console_options.api_keys = options_.api_keys;
  console_options.version = kVersion;
  views::Sources sources;
  sources.reader = store_.get();
  sources.status_json = [this] { return status(); };
  sources.prometheus_text = [this] { return telemetry_->prometheus_text(); };
  sources.live = [this] { return live_facts(); };
  sources.model = model_sources();
  if (options_.analytics.none) sources.analytics_gpu = "none";
  if (options_.analytics.card) sources.analytics_gpu = std::to_string(*options_.analytics.card);
  auto console = views::Console::start(console_options, std::move(sources));
  if (!console) return std::unexpected(console.error());
  console_ = std::move(*console);
  console_port_.store(console_->address().port, std::memory_order_release);
  return {};
}

views::ModelSources Instance::model_sources() {
  if (!plan_) return {};
  model_.emplace(plan_->launch.model, plan_->placement);
  return {.drawing = [this] { return model_->drawing(); },
          .summary = [this] { return model_->summary(); },
          .plan = [this](const views::Parameters& asked) { return model_->plan(asked); }};
}

Result<> Instance::publish_addresses() {
  RunInfo info;
  info.pid = getpid();
  info.pid_start_ticks = process_start_ticks(info.pid).value_or(0);
  info.console = console_url();
  info.gateway = gateway_url();
  info.version = kVersion;
  info.started_unix_ns = started_unix_ns_;
  auto file = RunFile::write(options_.data, info);
  if (!file) return std::unexpected(file.error());
  run_file_.emplace(std::move(*file));
  return {};
}

bool Instance::ready() const {
  const auto& all = upstreams_.all();
  return std::any_of(all.begin(), all.end(),
                     [](const auto& u) { return u->state() == gateway::UpstreamState::ready; });
}

std::optional<Error> Instance::engine_failure() const {
  if (!plan_) return std::nullopt;
  const engine::Snapshot now = board_.get(0);
  if (now.state != engine::State::failed) return std::nullopt;
  Error error{ErrorCode::unavailable, now.error, ""};
  if (error.message.empty()) error.message = "llama-server failed";
  for (const std::string& line : now.last_words) error.hint += (error.hint.empty() ? "" : "\n") + line;
  if (!error.hint.empty()) error.hint = "its last words:\n" + error.hint;
  return error;
}

std::optional<double> Instance::load_progress() const { return board_.representative().load_progress; }

std::string Instance::gateway_url() const { return reachable_url(gateway_->address()); }
std::string Instance::console_url() const {
  return reachable_url({options_.console.host, console_port_.load(std::memory_order_acquire), {}});
}

std::string_view Instance::role_of(std::int64_t pid) const {
  std::vector<std::int64_t> engines;
  for (const NamedSnapshot& entry : board_.all()) engines.push_back(entry.now.pid);
  return process_role(pid, engines, getpid());
}

std::string Instance::status() const {
  StatusInputs inputs;
  inputs.version = kVersion;
  inputs.gateway_url = gateway_url();
  inputs.console_url = console_url();
  if (otlp_http_) inputs.otlp_http_url = reachable_url(otlp_http_->address());
  if (otlp_grpc_) inputs.otlp_grpc_url = reachable_url(otlp_grpc_->address());
  inputs.data = options_.data.string();
  inputs.pid = getpid();
  inputs.started_unix_ns = started_unix_ns_;
  inputs.engines = board_.all();
  inputs.upstreams = &upstreams_;
  inputs.live = &telemetry_->live();
  inputs.store = store_->health();
  inputs.losses_json = store_->query_text(kLossesSql, store::Format::json).value_or("");
  inputs.gpus = gpus::list_gpus();
  inputs.gpu_states = telemetry_->gpu_states();
  inputs.plan = plan_ ? &*plan_ : nullptr;
  return running_status(inputs);
}

views::LiveFacts Instance::live_facts() const {
  const auto count = [](const std::atomic<std::int64_t>& value) {
    return value.load(std::memory_order_relaxed);
  };
  const telemetry::LiveCounts& live = telemetry_->live();
  views::LiveFacts facts;
  facts.waiting = count(live.waiting);
  facts.prefilling = count(live.prefilling);
  facts.decoding = count(live.decoding);
  facts.connections = count(live.connections);
  facts.serving = ready();
  facts.gateway_url = gateway_url();
  for (const NamedSnapshot& entry : board_.all()) facts.engines.push_back(engine_now(entry));
  const auto identities = telemetry_->gpu_identities();
  for (const telemetry::GpuState& state : telemetry_->gpu_states()) {
    const auto identity = std::ranges::find(identities, state.reading.index, &telemetry::GpuIdentity::index);
    if (identity != identities.end()) facts.gpus.push_back(gpu_now(state, *identity));
  }
  return facts;
}

void Instance::drain(int timeout_ms) {
  if (gateway_) gateway_->drain(timeout_ms);
}

void Instance::cut_drain() {
  if (gateway_) gateway_->cut_drain();
}

void Instance::stop() {
  watchers_.clear();
  if (supervisor_) supervisor_->drain_and_stop(0);
  supervisor_.reset();
  spdlog::debug("engines are stopped");
  run_file_.reset();  // from here on others wait for the store's lock instead of asking us
  otlp_http_.reset();
  otlp_grpc_.reset();
  if (console_) console_->stop();
  spdlog::debug("the console is closed");
  if (telemetry_) telemetry_->shutdown(kFlushTimeoutMs);
  spdlog::debug("telemetry is flushed");
  std::error_code others_use_it;
  if (!probe_folder_.empty()) std::filesystem::remove(probe_folder_, others_use_it);
  if (store_) store_->close();
  spdlog::debug("the store is closed");
}

}  // namespace llt::app
