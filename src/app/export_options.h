#pragma once
// What `export` can be told, and its commands.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.h"

namespace llt::app {

struct GraphistryOptions {
  std::string server = "https://hub.graphistry.com";
  std::string org;
  std::string privacy = "private";
  std::string name;                      ///< of the view; empty: after the graph
  std::optional<std::string> dry_run;    ///< folder for what would be sent
  std::optional<std::string> ca_file;    ///< PEM; nothing: the system's certificates
  std::string label, color, size, icon;  ///< columns of the nodes; empty: the graph's usual one
};

struct ExportOptions {
  std::optional<std::int64_t> since_ns;  ///< look this far back; nothing: everything stored
  std::string trace;                     ///< only this trace; empty: all
  std::string kind, edges;               ///< which graph: of the store, or a file
  bool layout = false;                   ///< compute where the vertices stand
  std::optional<std::string> output;     ///< file or folder; nothing: stdout, or the folder we are in
  bool content = false;                  ///< with prompts and answers
  bool json = false;
  std::vector<std::string> tables;                ///< parquet: empty is all
  std::optional<std::string> endpoint, protocol;  ///< otlp; nothing: what the environment says
  GraphistryOptions graphistry;
};

int run_export_graphistry(const Settings& settings, const ExportOptions& options);
int run_export_graphml(const Settings& settings, const ExportOptions& options);
int run_export_otlp(const Settings& settings, const ExportOptions& options);
int run_export_parquet(const Settings& settings, const ExportOptions& options);
int run_export_perfetto(const Settings& settings, const ExportOptions& options);

}  // namespace llt::app
