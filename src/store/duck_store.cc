// Store and Reader over DuckDB: the pieces put together.

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

#include "base/clock.h"
#include "base/log.h"
#include "base/losses.h"
#include "store/query.h"
#include "store/store.h"
#include "store/writer.h"

namespace llt::store {
namespace {

DatabaseConfig config_for(const DataFiles& files, const Options& options) {
  return {files.database, files.temp, false, options.memory_bytes, options.query_threads};
}

EventRow damaged_event(const std::string& message) {
  EventRow event;
  event.unix_ns = now_unix();
  event.kind = "store.damaged";
  event.severity = "error";
  event.message = message;
  return event;
}

class DuckStore final : public Store, public RowScanner {
 public:
  DuckStore(DataFiles files, Options options, WriterLock lock)
      : files_(std::move(files)),
        options_(std::move(options)),
        lock_(std::move(lock)),
        temp_(files_.temp),
        queue_(options_.queue_bytes) {}

  ~DuckStore() override { close(); }

  Result<> start() {
    std::error_code ignored;
    std::filesystem::remove_all(files_.temp, ignored);  // of a run that was killed
    std::optional<std::string> damage;
    auto ready = open_and_start();
    if (!ready && ready.error().code == ErrorCode::data_loss) {
      damage = ready.error().message;
      const auto kept = files_.move_aside();
      if (!kept) return std::unexpected(kept.error());
      damage = fmt::format("{}; it is kept as {} and a new store was begun", *damage, kept->string());
      ready = open_and_start();
    }
    if (!ready) return ready;
    if (damage) {
      spdlog::error("{}", *damage);
      count_loss(Loss::store_damaged);
      append(damaged_event(*damage));
    }
    return {};
  }

  void append_any(AnyRow row) noexcept override { queue_.push(row); }
  bool append_all(std::vector<SpanRow>&& rows) noexcept override { return queue_.push_all(std::move(rows)); }

  Result<QueryInfo> query(std::string_view sql, Format format, const QueryLimits& limits,
                          const Sink& sink) override {
    const auto database = slot_.borrow();
    if (!database) return fail(ErrorCode::unavailable, "the store is not open: " + health().message);
    return engine_.run(*database, sql, format, limits, sink);
  }

  Result<QueryInfo> scan(std::string_view sql, const QueryLimits& limits, const ChunkSink& sink) override {
    const auto database = slot_.borrow();
    if (!database) return fail(ErrorCode::unavailable, "the store is not open: " + health().message);
    return engine_.scan(*database, sql, limits, sink);
  }

  Health health() const override { return writer_->health(); }

  bool flush(int timeout_ms) override { return writer_->wait_durable(queue_.request_flush(), timeout_ms); }

  void close() override {
    if (closed_.exchange(true) || !writer_) return;
    queue_.close();
    writer_->join();
    // The database itself closes when the last running query has let go of it.
    const auto database = slot_.take();
    engine_.cancel_all();
  }

 private:
  Result<> open_and_start() {
    auto database = Database::open(config_for(files_, options_));
    if (!database) return std::unexpected(database.error());
    slot_.set(std::move(*database));
    auto writer = Writer::start({files_, options_, queue_, slot_, [this] { engine_.cancel_all(); },
                                 [this] { return Database::open(config_for(files_, options_)); }});
    if (!writer) {
      static_cast<void>(slot_.take());
      return std::unexpected(writer.error());
    }
    writer_ = std::move(*writer);
    return {};
  }

  DataFiles files_;
  Options options_;
  WriterLock lock_;
  ScratchDir temp_;
  RowQueue queue_;
  QueryEngine engine_;
  DatabaseSlot slot_;
  std::unique_ptr<Writer> writer_;
  std::atomic<bool> closed_{false};
};

class ReadOnlyStore final : public Reader, public RowScanner {
 public:
  ReadOnlyStore(std::shared_ptr<Database> database, ScratchDir temp)
      : temp_(std::move(temp)), database_(std::move(database)) {}

  Result<QueryInfo> query(std::string_view sql, Format format, const QueryLimits& limits,
                          const Sink& sink) override {
    return engine_.run(*database_, sql, format, limits, sink);
  }
  Result<QueryInfo> scan(std::string_view sql, const QueryLimits& limits, const ChunkSink& sink) override {
    return engine_.scan(*database_, sql, limits, sink);
  }

 private:
  ScratchDir temp_;
  QueryEngine engine_;
  std::shared_ptr<Database> database_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& data_dir, Options options) {
  DataFiles files(data_dir);
  auto lock = WriterLock::acquire(files);
  if (!lock) return std::unexpected(lock.error());
  auto store = std::make_unique<DuckStore>(std::move(files), std::move(options), std::move(*lock));
  if (auto started = store->start(); !started) return std::unexpected(started.error());
  return store;
}

Result<std::unique_ptr<Reader>> open_read_only(const std::filesystem::path& data_dir,
                                               const ReaderOptions& options) {
  const DataFiles files(data_dir);
  std::error_code error;
  if (!std::filesystem::exists(files.database, error)) {
    return fail(ErrorCode::not_found, fmt::format("there is no store in {}", data_dir.string()),
                "`llamatelemetry up` makes one");
  }
  if (auto nobody = check_no_writer(files); !nobody) return std::unexpected(nobody.error());
  static std::atomic<int> readers{0};
  const auto name = fmt::format("llamatelemetry-{}-{}", ::getpid(), readers.fetch_add(1));
  ScratchDir temp(std::filesystem::temp_directory_path(error) / name);
  auto database = Database::open({files.database, temp.path(), true, options.memory_bytes, options.threads});
  if (!database) return std::unexpected(database.error());
  return std::make_unique<ReadOnlyStore>(std::move(*database), std::move(temp));
}

}  // namespace llt::store
