#pragma once
// The one thread that writes: batches into transactions, retention, and recovery when the disk refuses.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "store/data_dir.h"
#include "store/database_slot.h"
#include "store/graph_results.h"
#include "store/row_queue.h"
#include "store/schema_setup.h"
#include "store/store.h"

namespace llt::store {

/// What the writer needs of the rest of the store. All of it must outlive the writer.
struct WriterParts {
  const DataFiles& files;
  const Options& options;
  RowQueue& queue;
  DatabaseSlot& slot;
  std::function<void()> cancel_queries;
  std::function<Result<std::shared_ptr<Database>>()> open_database;
};

class Writer {
 public:
  /// Prepares the database in the slot and starts the thread.
  static Result<std::unique_ptr<Writer>> start(WriterParts parts);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { join(); }
  /// Waits until the thread has ended; the queue must be closed.
  void join();

  [[nodiscard]] Health health() const;
  /// Waits until `rows` rows are durable, a write fails, or the time is over. True in the first case.
  [[nodiscard]] bool wait_durable(std::uint64_t rows, int timeout_ms);

 private:
  explicit Writer(WriterParts parts) : parts_(std::move(parts)) {}

  Result<> connect();
  void disconnect();
  void run();
  void write_pending();
  Result<> write_transaction();
  Result<bool> committed_after_all();
  void stored();
  /// What to think of the open database after an error.
  enum class Instance : std::uint8_t {
    intact,   ///< a transaction failed and was rolled back
    suspect,  ///< a checkpoint failed: see checkpoint.h
  };
  void failed(const Error& error, Instance instance);
  void recover(Instance instance);
  bool discard();
  void take_handed_in();
  Result<> store_handed_in(const GraphResult& result);
  void checkpoint_if_due();
  bool reopen();
  void maintain();
  void give_up();

  WriterParts parts_;
  std::shared_ptr<Database> database_;  ///< the instance of connection_
  Connection connection_;
  std::optional<LossesTable> losses_;
  std::shared_ptr<Database> discarded_;  ///< not usable any more; queries may still hold it

  // The thread's own.
  Batch batch_;
  std::int64_t batch_number_ = 0;  ///< kept in meta, to know after an error whether the batch was committed
  bool batch_in_doubt_ = false;
  int failures_ = 0;  ///< in a row
  SteadyNs next_try_ = 0, next_maintenance_ = 0, next_size_check_ = 0, next_checkpoint_ = 0, next_inbox_ = 0;
  SteadyNs failing_since_ = 0;

  mutable std::mutex mutex_;  ///< for health_, durable_rows_, failed_writes_
  std::condition_variable progress_;
  Health health_;
  std::uint64_t durable_rows_ = 0, failed_writes_ = 0;

  std::thread thread_;
};

}  // namespace llt::store
