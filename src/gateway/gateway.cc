#include "gateway/gateway.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "base/log.h"
#include "base/thread_name.h"
#include "base/time_slice.h"
#include "gateway/worker.h"

namespace llt::gateway {
namespace {

class GatewayImpl final : public Gateway {
 public:
  GatewayImpl(Options options, UpstreamSet& upstreams, telemetry::Telemetry& telemetry)
      : options_(std::move(options)), shared_{options_, upstreams, telemetry} {}
  GatewayImpl(const GatewayImpl&) = delete;
  ~GatewayImpl() override {
    for (auto& worker : workers_) worker->stop();
    threads_.clear();
  }

  Result<> start() {
    Endpoint address = options_.listen;
    const bool several = options_.threads > 1;
    for (int i = 0; i < options_.threads; ++i) {
      auto worker = std::make_unique<Worker>(shared_);
      auto bound = worker->listen(address, several);
      if (!bound) return std::unexpected(bound.error());
      address = *bound;  // the port that was given for port 0
      workers_.push_back(std::move(worker));
    }
    address_ = address;
    for (auto& worker : workers_)
      threads_.emplace_back([&w = *worker] {
        name_this_thread("gateway");
        use_short_slice();
        w.run();
      });
    return {};
  }

  Endpoint address() const override { return address_; }

  void drain(int timeout_ms) override {
    shared_.draining = true;
    for (auto& worker : workers_) worker->stop_accepting();
    for (auto& worker : workers_) worker->close_idle();
    const SteadyNs deadline = now_steady() + static_cast<SteadyNs>(timeout_ms) * 1'000'000;
    while (shared_.busy_sessions.load() > 0 && now_steady() < deadline && !drain_cut_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (const int left = shared_.busy_sessions.load(); left > 0) {
      spdlog::warn("{} request(s) were still running when the drain time was up", left);
    }
    for (auto& worker : workers_) worker->stop();
    threads_.clear();
  }

  void cut_drain() noexcept override { drain_cut_ = true; }

 private:
  Options options_;
  std::atomic<bool> drain_cut_{false};
  Shared shared_;
  Endpoint address_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::jthread> threads_;  ///< after workers_: joined before they are destroyed
};

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::start(Options options, UpstreamSet& upstreams,
                                                telemetry::Telemetry& telemetry) {
  auto gateway = std::make_unique<GatewayImpl>(std::move(options), upstreams, telemetry);
  if (auto started = gateway->start(); !started) return std::unexpected(started.error());
  return gateway;
}

}  // namespace llt::gateway
