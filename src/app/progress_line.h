#pragma once
// One line on a terminal that is written over while something lasts; nothing elsewhere.

#include <string>

#include "base/clock.h"

namespace llt::app {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Whether a line is due: a terminal is there, and the last one is a tenth of a second old.
  [[nodiscard]] bool due();
  void show(const std::string& text);
  void clear();
  [[nodiscard]] SteadyNs elapsed() const { return now_steady() - begin_; }

 private:
  bool terminal_;
  bool shown_ = false;
  SteadyNs begin_, last_;
};

}  // namespace llt::app
