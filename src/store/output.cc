#include "store/output.h"

namespace llt::store {

bool Output::flush() {
  if (open_ && !buffer_.empty()) {
    open_ = sink_(buffer_);
    bytes_ += buffer_.size();
  }
  buffer_.clear();
  return open_;
}

}  // namespace llt::store
