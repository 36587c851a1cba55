#include "load/run.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "base/asio_tuple.h"
#include "load/arrivals.h"

namespace llt::load {
namespace {

namespace asio = boost::asio;
// More would measure this program's limits, not the server's.
constexpr std::size_t kMostRunning = 8192;

class Run {
 public:
  Run(const Plan& plan, const std::atomic<bool>& stop, const std::function<void(const Progress&)>& progress)
      : plan_(plan), stop_(stop), progress_(progress) {}

  Outcome go() {
    outcome_.begin = outcome_.end = now_steady();
    sending_until_ = outcome_.begin + plan_.duration_ns;
    if (plan_.rate > 0) {
      asio::co_spawn(io_, send_at_rate(), asio::detached);
    } else {
      for (int i = 0; i < plan_.concurrency; ++i) asio::co_spawn(io_, send_in_turn(), asio::detached);
      senders_ = plan_.concurrency;
    }
    asio::co_spawn(io_, watch(), asio::detached);
    io_.run();
    outcome_.unfinished = sent_ - outcome_.samples.size();
    note_lateness();
    return std::move(outcome_);
  }

 private:
  [[nodiscard]] bool sending() const {
    return !stop_.load(std::memory_order_relaxed) && now_steady() < sending_until_;
  }
  const std::string& next_body() { return plan_.bodies[next_++ % plan_.bodies.size()]; }

  asio::awaitable<void> send_in_turn() {
    Client client(io_, plan_.target);
    clients_.push_back(&client);
    while (sending()) {
      ++sent_;
      auto sample = co_await client.ask(next_body(), now_steady());
      if (over_) break;
      const bool failed = !sample.error.empty();
      keep(std::move(sample));
      // A server that refuses at once must not be asked as fast as it can refuse.
      if (failed) co_await sleep(std::chrono::milliseconds(100));
    }
    std::erase(clients_, &client);
    --senders_;
  }

  asio::awaitable<void> send_at_rate() {
    senders_ = 1;
    Arrivals arrivals(plan_.rate, plan_.seed);
    SteadyNs due = outcome_.begin;
    for (;;) {
      due += arrivals.next_gap();
      if (due >= sending_until_) break;
      while (now_steady() < due && sending()) {
        const SteadyNs rest = std::min<SteadyNs>(due - now_steady(), 100'000'000);
        co_await sleep(std::chrono::nanoseconds(std::max<SteadyNs>(rest, 0)));
      }
      if (!sending()) break;
      if (clients_.size() >= kMostRunning) {
        ++outcome_.not_sent;
      } else {
        ++sent_;
        asio::co_spawn(io_, send_one(next_body(), due), asio::detached);
      }
    }
    --senders_;
  }

  // Arguments are values: a coroutine outlives its call.
  asio::awaitable<void> send_one(std::string body, SteadyNs due) {
    auto client = take_idle();
    clients_.push_back(client.get());
    auto sample = co_await client->ask(body, due);
    std::erase(clients_, client.get());
    idle_.push_back(std::move(client));
    if (!over_) keep(std::move(sample));
  }

  std::unique_ptr<Client> take_idle() {
    if (idle_.empty()) return std::make_unique<Client>(io_, plan_.target);
    auto client = std::move(idle_.back());
    idle_.pop_back();
    return client;
  }

  void keep(Sample sample) {
    outcome_.end = std::max(outcome_.end, sample.end);
    if (!sample.error.empty()) ++failed_;
    outcome_.samples.push_back(std::move(sample));
  }

  // Shows how far it is, and ends what has not ended in time.
  asio::awaitable<void> watch() {
    while (senders_ > 0 || !clients_.empty()) {
      co_await sleep(std::chrono::milliseconds(100));
      progress_({now_steady() - outcome_.begin, sent_, outcome_.samples.size(), failed_});
      const bool stopped = stop_.load(std::memory_order_relaxed);
      if (over_ || (!stopped && now_steady() < sending_until_ + plan_.drain_ns)) continue;
      over_ = true;
      for (Client* client : std::vector(clients_)) client->abort();
    }
  }

  asio::awaitable<void> sleep(std::chrono::nanoseconds time) {
    asio::steady_timer timer(io_, time);
    co_await timer.async_wait(kTuple);
  }

  void note_lateness() {
    std::vector<SteadyNs> late;
    late.reserve(outcome_.samples.size());
    for (const Sample& sample : outcome_.samples) late.push_back(sample.sent - sample.due);
    if (late.empty()) return;
    const auto at = late.begin() + static_cast<std::ptrdiff_t>((late.size() - 1) * 99 / 100);
    std::ranges::nth_element(late, at);
    outcome_.late_p99_ns = *at;
  }

  const Plan& plan_;
  const std::atomic<bool>& stop_;
  const std::function<void(const Progress&)>& progress_;
  asio::io_context io_;
  std::vector<Client*> clients_;  ///< with a request on its way
  std::vector<std::unique_ptr<Client>> idle_;
  std::size_t next_ = 0;
  std::uint64_t sent_ = 0, failed_ = 0;
  int senders_ = 0;
  bool over_ = false;  ///< what ends now is unfinished
  SteadyNs sending_until_ = 0;
  Outcome outcome_;
};

}  // namespace

Outcome run(const Plan& plan, const std::atomic<bool>& stop,
            const std::function<void(const Progress&)>& progress) {
  return Run(plan, stop, progress).go();
}

}  // namespace llt::load
