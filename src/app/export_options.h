#pragma once
// What `export` can be told, and its commands.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.h"

namespace llt::app {

struct ExportOptions {
  std::optional<std::int64_t> since_ns;  ///< look this far back; nothing: everything stored
  std::string trace;                     ///< only this trace; empty: all
  std::optional<std::string> output;     ///< file or folder; nothing: stdout, or the folder we are in
  bool content = false;                  ///< with prompts and answers
  bool json = false;
  std::vector<std::string> tables;  ///< parquet: empty is all
};

int run_export_parquet(const Settings& settings, const ExportOptions& options);

}  // namespace llt::app
