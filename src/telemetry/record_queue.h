#pragma once
// Finished requests on their way from the gateway's threads to the telemetry thread.

#include <algorithm>
#include <boost/lockfree/queue.hpp>
#include <cstdint>
#include <memory>

#include "base/losses.h"
#include "telemetry/request_record.h"

namespace llt::telemetry {

/// Bounded, lock-free, many producers, one consumer. What does not fit is dropped and counted
/// (Loss::request_records_dropped). No side ever waits or makes a system call for the other: the consumer
/// looks at intervals.
class RecordQueue {
 public:
  /// Nodes are addressed with 16 bits, so no queue is larger.
  static constexpr std::size_t kLargest = 65'000;

  explicit RecordQueue(std::size_t capacity) : queue_(std::clamp<std::size_t>(capacity, 1, kLargest)) {}
  ~RecordQueue() {
    while (pop() != nullptr) {
    }
  }
  RecordQueue(const RecordQueue&) = delete;
  RecordQueue& operator=(const RecordQueue&) = delete;

  void push(std::unique_ptr<RequestRecord> record) noexcept {
    if (record == nullptr) return;
    if (queue_.bounded_push(record.get())) {
      static_cast<void>(record.release());
    } else {
      count_loss(Loss::request_records_dropped);
    }
  }

  /// nullptr when there is none.
  [[nodiscard]] std::unique_ptr<RequestRecord> pop() noexcept {
    RequestRecord* record = nullptr;
    return queue_.pop(record) ? std::unique_ptr<RequestRecord>(record) : nullptr;
  }

 private:
  boost::lockfree::queue<RequestRecord*> queue_;
};

}  // namespace llt::telemetry
