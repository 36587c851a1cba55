#pragma once
// One request and its answer, from the parsed head to the record handed to telemetry.

#include <memory>
#include <optional>
#include <string>

#include "gateway/answer.h"
#include "gateway/event_stream.h"
#include "gateway/head_writer.h"
#include "gateway/request_body.h"
#include "gateway/routes.h"
#include "gateway/session.h"
#include "gateway/upstream_pool.h"
#include "gateway/worker.h"

namespace llt::gateway {

/// How long a client may take to read an error of ours.
inline constexpr int kErrorWriteTimeoutMs = 5'000;

/// Moves one request between the live counters; leaves them on destruction.
class LiveState {
 public:
  ~LiveState() { enter(nullptr); }
  void enter(std::atomic<std::int64_t>* counter) noexcept {
    if (current_ != nullptr) current_->fetch_sub(1, std::memory_order_relaxed);
    if (counter != nullptr) counter->fetch_add(1, std::memory_order_relaxed);
    current_ = counter;
  }

 private:
  std::atomic<std::int64_t>* current_ = nullptr;
};

class Exchange {
 public:
  /// `reader` has its head; `first_byte` is when the request's first byte was read.
  Exchange(Worker& worker, Session& session, RequestReader& reader, SteadyNs first_byte);
  /// Hands the record to telemetry.
  ~Exchange();

  /// Returns whether the connection can serve another request.
  Task<bool> run();

  /// The answer went out while request bytes were still coming.
  [[nodiscard]] bool must_linger() const noexcept { return must_linger_; }

 private:
  using Failure = std::optional<GatewayError>;

  void identify();
  void continue_trace();
  [[nodiscard]] Failure admit();
  [[nodiscard]] Failure check_message() const;
  [[nodiscard]] bool authorized() const;
  Task<Failure> receive();
  void understand_body();

  Task<Failure> ask_upstream();
  Task<Failure> connect(bool afresh);
  Task<> send_request(error_code& ec);
  Task<> stream_request_body(error_code& ec);
  Task<> read_answer_head(error_code& ec);
  Task<std::size_t> read_upstream(error_code& ec);
  [[nodiscard]] GatewayError upstream_failure(const error_code& ec) const;

  Task<bool> forward_answer();
  Task<bool> deliver(bool last);
  void choose_framing();
  [[nodiscard]] bool answer_is_readable() const;
  void start_answer(std::string& out);
  void take_body(std::string& out);
  void note_events(const EventStream::Seen& seen);
  void note_content();
  void slot_started();
  void recheck_slot_start();
  void finish_body(std::string& out);
  Task<bool> end_broken_answer(error_code cause);
  void collect_plain_answer();
  void understand_plain_answer();
  void reveal_plain_answer(std::string& out);
  void release_upstream();

  /// With several servers each knows its own models only.
  [[nodiscard]] std::vector<UpstreamSet::Model> models_of_all() const;
  /// `models` must live until this is done.
  Task<bool> answer_models(const std::vector<UpstreamSet::Model>& models);
  /// `error` must live until this is done.
  Task<bool> answer_error(const GatewayError& error);
  void client_left();

  Worker& worker_;
  Session& session_;
  Stream& client_;
  RequestReader& reader_;
  const Limits& limits_;
  std::unique_ptr<telemetry::RequestRecord> record_;
  telemetry::PhaseClock& phases_;
  LiveState live_;
  Route route_;
  std::string_view target_;
  bool inspect_ = false;       ///< the whole body is read before it is sent on
  bool streams_body_ = false;  ///< the body goes upstream as it comes
  bool counted_in_flight_ = false;
  bool must_linger_ = false;
  bool show_timings_ = false;

  Upstream* upstream_ = nullptr;
  std::unique_ptr<UpstreamConnection> connection_;
  std::optional<ResponseReader> answer_;
  error_code broken_;     ///< the answer's head came together with damage in its body
  SteadyNs read_at_ = 0;  ///< when the latest upstream bytes came
  telemetry::Phase upstream_phase_ = telemetry::Phase::queue;

  Injected injected_;
  AnswerReader facts_reader_;
  std::optional<EventStream> events_;
  Framing framing_ = Framing::none;
  bool keep_alive_ = true;
  bool collect_plain_ = false;  ///< plain_ takes the answer for understand_plain_answer()
  bool hold_plain_ = false;     ///< ... and the client gets it from there, without what we caused
  bool head_pending_ = true;    ///< the answer's head has not been written yet
  std::string plain_;
  std::string out_, visible_;
  bool slot_start_from_head_ = false;   ///< slot_start is when a head came without a body
  bool first_content_pending_ = false;  ///< content is in out_, not yet written
};

}  // namespace llt::gateway
