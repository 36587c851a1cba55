#pragma once
// The store's open database, which a fatal error of DuckDB can take away for a while.

#include <memory>
#include <mutex>

#include "store/database.h"

namespace llt::store {

/// Shared by the writer, which replaces the database, and by queries, which borrow it.
class DatabaseSlot {
 public:
  /// Null while the database is being opened again.
  [[nodiscard]] std::shared_ptr<Database> borrow() const {
    const std::lock_guard lock(mutex_);
    return database_;
  }
  void set(std::shared_ptr<Database> database) {
    const std::lock_guard lock(mutex_);
    database_ = std::move(database);
  }
  /// Takes the database away from new borrowers.
  [[nodiscard]] std::shared_ptr<Database> take() {
    const std::lock_guard lock(mutex_);
    return std::move(database_);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Database> database_;
};

}  // namespace llt::store
