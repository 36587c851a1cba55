#pragma once
// One running llamatelemetry: its parts in the order in which they start. Each stage either succeeds or
// says what the user can do; the destructor takes down whatever had been started, last part first.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/console_model.h"
#include "app/engine_board.h"
#include "app/engine_plan.h"
#include "app/run_file.h"
#include "app/up_options.h"
#include "base/error.h"
#include "engine/engine.h"
#include "gateway/gateway.h"
#include "receiver/grpc_receiver.h"
#include "receiver/http_receiver.h"
#include "receiver/intake.h"
#include "store/store.h"
#include "telemetry/telemetry.h"
#include "views/console.h"

namespace llt::app {

/// Used by one thread; the callbacks that it hands out are called from others.
class Instance {
 public:
  explicit Instance(UpOptions options);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // The stages, to be called once each in this order.
  [[nodiscard]] Result<> check_addresses();
  [[nodiscard]] Result<> plan_engine();
  [[nodiscard]] Result<> lock_data();
  [[nodiscard]] Result<> open_store();
  [[nodiscard]] Result<> start_telemetry();
  [[nodiscard]] Result<> start_receivers();
  [[nodiscard]] Result<> start_gateway();
  [[nodiscard]] Result<> start_engines();
  [[nodiscard]] Result<> start_console();
  [[nodiscard]] Result<> publish_addresses();

  /// True as soon as some engine can take requests.
  [[nodiscard]] bool ready() const;
  /// Why our own engine will never (again) be ready; nothing as long as it may.
  [[nodiscard]] std::optional<Error> engine_failure() const;
  /// The share of the model that is loaded, 0 to 1; nothing when unknown.
  [[nodiscard]] std::optional<double> load_progress() const;

  [[nodiscard]] std::string gateway_url() const;
  [[nodiscard]] std::string console_url() const;

  /// Stops accepting and lets running requests end for at most `timeout_ms`.
  void drain(int timeout_ms);
  /// Makes drain() in another thread wait no longer.
  void cut_drain();

  /// Stops the engine, flushes telemetry and store. After drain().
  void stop();

 private:
  void apply(std::size_t index, const engine::Snapshot& snapshot);
  void record(const std::string& upstream, const engine::Event& event);
  [[nodiscard]] Result<> start_managed_engine();
  [[nodiscard]] Result<> plan_probe();
  [[nodiscard]] std::optional<telemetry::ProbeOptions> probe_options();
  [[nodiscard]] std::string upstream_of(std::int64_t pid) const;
  void start_watchers();
  [[nodiscard]] std::string_view role_of(std::int64_t pid) const;
  [[nodiscard]] std::string status() const;
  [[nodiscard]] views::LiveFacts live_facts() const;
  [[nodiscard]] views::ModelSources model_sources();

  const UpOptions options_;
  const UnixNs started_unix_ns_;
  const std::string instance_id_;  ///< `service.instance.id` of our own telemetry
  std::filesystem::path probe_folder_;  ///< empty: no engine is looked into
  std::optional<EnginePlan> plan_;      ///< nothing when attached
  std::optional<DataLock> lock_;
  std::unique_ptr<store::Store> store_;
  EngineBoard board_;
  gateway::UpstreamSet upstreams_;
  std::unique_ptr<telemetry::Telemetry> telemetry_;
  std::unique_ptr<receiver::Intake> intake_;
  std::unique_ptr<receiver::HttpReceiver> otlp_http_;
  std::unique_ptr<receiver::GrpcReceiver> otlp_grpc_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<engine::Supervisor> supervisor_;
  std::vector<std::unique_ptr<engine::Watcher>> watchers_;
  std::optional<ConsoleModel> model_;  ///< nothing when attached: the files of others are not known
  std::unique_ptr<views::Console> console_;
  std::atomic<std::uint16_t> console_port_{0};  ///< 0 until it listens; its own threads read it
  std::optional<RunFile> run_file_;
};

}  // namespace llt::app
