#include "store/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/thread_name.h"
#include "base/time_slice.h"
#include "store/batch_appender.h"
#include "store/checkpoint.h"
#include "store/retention.h"

namespace llt::store {
namespace {

constexpr SteadyNs kMillisecond = 1'000'000;
constexpr int kFailuresBeforeReopen = 20;
constexpr SteadyNs kInboxPause = 500 * kMillisecond;
constexpr SteadyNs kCheckpointPause = 1'000 * kMillisecond;
constexpr SteadyNs kSizeCheckInterval = 2'000 * kMillisecond;

/// Short limits need to be looked at more often.
SteadyNs maintenance_interval(const Options& options) {
  std::int64_t ms = options.maintenance_interval_ms;
  if (options.retention_seconds > 0)
    ms = std::min(ms, std::max<std::int64_t>(options.retention_seconds * 200, 500));
  return ms * kMillisecond;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::start(WriterParts parts) {
  auto writer = std::unique_ptr<Writer>(new Writer(std::move(parts)));
  if (auto ready = writer->connect(); !ready) return std::unexpected(ready.error());
  writer->thread_ = std::thread([raw = writer.get()] { raw->run(); });
  return writer;
}

void Writer::join() {
  if (thread_.joinable()) thread_.join();
}

Result<> Writer::connect() {
  auto database = parts_.slot.borrow();
  if (!database) return fail(ErrorCode::unavailable, "the store is not open");
  auto connection = database->connect();
  if (!connection) return std::unexpected(connection.error());
  connection_ = std::move(*connection);
  database_ = std::move(database);
  if (!losses_) {
    if (auto ready = ensure_schema(connection_.get(), parts_.options); !ready) return ready;
    auto losses = LossesTable::load(connection_.get());
    if (!losses) return std::unexpected(losses.error());
    losses_ = *losses;
    const auto last =
        single_integer(connection_.get(), "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'last_batch'");
    if (!last) return std::unexpected(last.error());
    batch_number_ = last->value_or(0) + 1;
  }
  return {};
}

void Writer::run() {
  name_this_thread("store-writer");
  stand_back();  // rows can wait: the queue holds many; a request cannot
  for (bool closing = false; !closing;) {
    parts_.queue.wait(parts_.options.flush_interval_ms);
    closing = parts_.queue.closed();
    if (!closing && now_steady() < next_try_) continue;
    if (batch_.empty()) parts_.queue.take(batch_);
    write_pending();
    if (closing && failures_ == 0) {  // rows that came while the last batch was in doubt
      parts_.queue.take(batch_);
      write_pending();
    }
    if (failures_ == 0) take_handed_in();
    if (!closing && failures_ == 0) checkpoint_if_due();
    if (!closing && failures_ == 0) maintain();
  }
  give_up();
  if (connection_ && failures_ == 0 && has_room_for_checkpoint(parts_.files)) {
    // So that the next start need not replay a log. When it fails the log stays, and nothing is lost.
    if (auto done = checkpoint(*database_, connection_.get()); !done) {
      static_cast<void>(parts_.slot.take());
      spdlog::warn("the log could not be folded into the database: {}", done.error().message);
    }
  }
  disconnect();
}

void Writer::disconnect() {
  connection_.reset();
  database_.reset();
}

void Writer::write_pending() {
  if (batch_.empty() && failures_ == 0 && !losses_->changed()) return;
  if (!connection_ && !reopen()) return;
  if (batch_in_doubt_) {
    const auto committed = committed_after_all();
    if (!committed) return failed(committed.error(), Instance::intact);
    if (*committed) return stored();
    batch_in_doubt_ = false;
  }
  if (auto written = write_transaction(); !written) return failed(written.error(), Instance::intact);
  stored();
}

Result<> Writer::write_transaction() {
  const duckdb_connection connection = connection_.get();
  if (auto begun = execute(connection, "BEGIN"); !begun) return std::unexpected(begun.error());
  if (auto done = append_batch(connection, batch_, failures_ == 0); !done) return done;
  if (auto done = losses_->write(connection); !done) return done;
  const auto numbered = execute(
      connection, fmt::format("UPDATE meta SET value = '{}' WHERE key = 'last_batch'", batch_number_));
  if (!numbered) return std::unexpected(numbered.error());
  batch_in_doubt_ = true;
  if (auto committed = execute(connection, "COMMIT"); !committed) return std::unexpected(committed.error());
  return {};
}

Result<bool> Writer::committed_after_all() {
  const auto last =
      single_integer(connection_.get(), "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'last_batch'");
  if (!last) return std::unexpected(last.error());
  return last->value_or(0) == batch_number_;
}

void Writer::stored() {
  losses_->committed();
  const std::uint64_t rows = batch_.rows();
  batch_.clear();
  batch_in_doubt_ = false;
  ++batch_number_;
  parts_.queue.release();
  if (failures_ > 0) {
    const double seconds = static_cast<double>(now_steady() - failing_since_) / 1e9;
    spdlog::info("the store writes again after {:.1f} s", seconds);
    EventRow event;
    event.unix_ns = now_unix();
    event.kind = "store.recovered";
    event.severity = "warning";
    event.message = fmt::format("could not be written for {:.1f} s: {}", seconds, health().message);
    parts_.queue.push(&event);
  }
  failures_ = 0;
  next_try_ = 0;
  const std::lock_guard lock(mutex_);
  health_.state = State::storing;
  health_.message.clear();
  health_.rows_stored += rows;
  health_.last_commit_unix_ns = now_unix();
  durable_rows_ += rows;
  progress_.notify_all();
}

void Writer::failed(const Error& error, Instance instance) {
  const bool is_full =
      error.code == ErrorCode::resource_exhausted && error.message.find("emory") == std::string::npos;
  const std::string message =
      is_full ? fmt::format("the disk of {} is full", parts_.files.dir.string()) : error.message;
  if (failures_++ == 0) {
    failing_since_ = now_steady();
    spdlog::error(
        "the store cannot be written: {} [{}]; it tries again every {} ms, requests are served as before",
        message, error.message, parts_.options.retry_interval_ms);
  }
  next_try_ = now_steady() + parts_.options.retry_interval_ms * kMillisecond;
  {
    const std::lock_guard lock(mutex_);
    health_.state = is_full ? State::disk_full : State::failing;
    health_.message = message;
    ++failed_writes_;
    progress_.notify_all();
  }
  recover(instance);
}

void Writer::recover(Instance instance) {
  if (!connection_) return;
  if (instance == Instance::intact) {
    static_cast<void>(execute(connection_.get(), "ROLLBACK"));  // fails when there is no transaction any more
    const bool usable = execute(connection_.get(), "FROM meta").has_value();
    if (usable && failures_ % kFailuresBeforeReopen != 0) return;
  }
  disconnect();
  discarded_ = parts_.slot.take();
}

/// DuckDB must not have one file open twice, so the old instance has to be gone before a new one is opened.
bool Writer::discard() {
  constexpr int kPatienceMs = 2'000;
  for (int waited = 0; discarded_ && discarded_.use_count() > 1; waited += 10) {
    if (waited >= kPatienceMs) return false;
    parts_.cancel_queries();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  discarded_.reset();
  return true;
}

bool Writer::reopen() {
  if (!discard()) {
    failed({ErrorCode::unavailable, "a query holds the database that is to be opened again", {}},
           Instance::intact);
    return false;
  }
  if (!parts_.slot.borrow()) {
    auto database = parts_.open_database();
    if (!database) {
      failed(database.error(), Instance::intact);
      return false;
    }
    parts_.slot.set(std::move(*database));
  }
  if (auto ready = connect(); !ready) {
    failed(ready.error(), Instance::intact);
    return false;
  }
  return true;
}

void Writer::take_handed_in() {
  const SteadyNs now = now_steady();
  if (now < next_inbox_ || !connection_) return;
  next_inbox_ = now + kInboxPause;
  for (const auto& file : handed_in(parts_.files.dir)) {
    const auto result = read_handed_in(file);
    if (!result) {
      spdlog::warn("{} is not stored: {}; it is kept as {}.refused", file.string(), result.error().message,
                   file.filename().string());
      EventRow event;
      event.unix_ns = now_unix();
      event.kind = "store.result_refused";
      event.severity = "warning";
      event.message = fmt::format("{}: {}", file.string(), result.error().message);
      parts_.queue.push(&event);
      refuse_handed_in(file);
      continue;
    }
    if (auto stored = store_handed_in(*result); !stored) return failed(stored.error(), Instance::intact);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);  // when it stays, the next look finds its run in the store
  }
}

Result<> Writer::store_handed_in(const GraphResult& result) {
  const duckdb_connection connection = connection_.get();
  if (auto begun = execute(connection, "BEGIN"); !begun) return std::unexpected(begun.error());
  if (auto done = append_graph_result(connection, result); !done) return done;
  if (auto committed = execute(connection, "COMMIT"); !committed) return std::unexpected(committed.error());
  return {};
}

void Writer::checkpoint_if_due() {
  const SteadyNs now = now_steady();
  if (now < next_checkpoint_ || log_bytes(parts_.files) < kCheckpointLogBytes) return;
  next_checkpoint_ = now + kCheckpointPause;
  if (!has_room_for_checkpoint(parts_.files)) return;
  if (auto done = checkpoint(*database_, connection_.get()); !done) failed(done.error(), Instance::suspect);
}

void Writer::maintain() {
  // The file does not wait for the next look when it is too large: it never gets smaller than the blocks in
  // use at its end allow, so what it grows beyond the limit can stay for a while.
  const SteadyNs now = now_steady();
  const bool too_large = parts_.options.max_bytes != 0 && parts_.files.bytes() > parts_.options.max_bytes;
  if (now < (too_large ? next_size_check_ : next_maintenance_)) return;
  next_maintenance_ = now + maintenance_interval(parts_.options);
  next_size_check_ = now + std::min(next_maintenance_ - now, kSizeCheckInterval);
  const RetentionLimits limits{parts_.options.retention_seconds, parts_.options.max_bytes};
  const auto deleted_to = apply_retention(*database_, connection_.get(), parts_.files, limits, now_unix());
  if (!deleted_to) {
    spdlog::warn("the store could not delete old rows: {}", deleted_to.error().message);
    next_size_check_ = next_maintenance_;
    failed(deleted_to.error(), Instance::suspect);
    return;
  }
  if (*deleted_to == 0) return;
  const std::lock_guard lock(mutex_);
  health_.oldest_unix_ns = *deleted_to;
}

void Writer::give_up() {
  parts_.queue.take(batch_);
  const std::lock_guard lock(mutex_);
  if (!batch_.empty()) {
    spdlog::error("{} rows could not be stored: {}", batch_.rows(), health_.message);
    batch_.each([]<class Row>(const std::vector<Row>& rows) { count_loss(TableOf<Row>::loss, rows.size()); });
    health_.rows_dropped += batch_.rows();
    ++failed_writes_;
  }
  batch_.clear();
  health_.state = State::closed;
  progress_.notify_all();
}

Health Writer::health() const {
  Health copy;
  std::uint64_t durable = 0;
  {
    const std::lock_guard lock(mutex_);
    copy = health_;
    durable = durable_rows_;
  }
  copy.rows_dropped += parts_.queue.dropped();
  const std::uint64_t accepted = parts_.queue.accepted();
  copy.rows_queued = copy.state == State::closed || accepted < durable ? 0 : accepted - durable;
  copy.disk_bytes = parts_.files.bytes();
  return copy;
}

bool Writer::wait_durable(std::uint64_t rows, int timeout_ms) {
  std::unique_lock lock(mutex_);
  const std::uint64_t failures_before = failed_writes_;
  progress_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                     [&] { return durable_rows_ >= rows || failed_writes_ != failures_before; });
  return durable_rows_ >= rows;
}

}  // namespace llt::store
