#pragma once
// One function per subcommand. Each returns the exit code and has printed whatever there is to say.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analytics/table_question.h"
#include "app/plan_input.h"
#include "app/settings.h"
#include "app/slo.h"
#include "gguf/synth.h"
#include "store/reader.h"

namespace llt::app {

int run_up(const Settings& settings);

struct StatusOptions {
  bool json = false;
};
int run_status(const Settings& settings, const StatusOptions& options);

struct QueryOptions {
  std::string sql;                    ///< "-": read from stdin
  std::string format;                 ///< empty: table
  std::optional<std::string> output;  ///< file; nothing: stdout
};
int run_query(const Settings& settings, const QueryOptions& options);
/// The same of rows that need not be the store's.
int run_query_of(store::Reader& reader, const QueryOptions& options);

struct ReportOptions {
  std::optional<Slo> slo;                ///< what counts as goodput; nothing: every success
  std::optional<std::int64_t> since_ns;  ///< look this far back; nothing: everything stored
  bool json = false;
  std::optional<std::string> html;  ///< file
};
int run_report(const Settings& settings, const ReportOptions& options);

struct TopOptions {
  std::int64_t window_ns = 0;  ///< what the figures cover
};
int run_top(const Settings& settings, const TopOptions& options);

struct TraceOptions {
  std::string id;  ///< trace or request id, or a prefix that only one has
  bool json = false;
};
int run_trace(const Settings& settings, const TraceOptions& options);

struct GgufOptions {
  std::string file;
  bool json = false;
  bool tensors = false;  ///< list every tensor
  bool check = false;    ///< list everything that is wrong
};
int run_gguf(const Settings& settings, const GgufOptions& options);

struct SynthOptions {
  std::string file;
  gguf::SynthShape shape;  ///< without its type
  std::string type = "q4_0";
};
int run_synth(const Settings& settings, const SynthOptions& options);

int run_plan(const Settings& settings, const PlanOptions& options);

struct GraphOptions {
  std::string kind;   ///< trace, services, interference, prefix, model, knn, knowledge; empty: a file
  std::string edges;  ///< that file
  std::string trace;  ///< trace: only this one
  std::string texts;  ///< knn, knowledge: file of texts
  std::string url;    ///< of the server that reads them; empty: the running instance
  std::string work;   ///< where its answers are kept; empty: nowhere
  std::size_t neighbours = 10;   ///< knn
  double min_similarity = 0;     ///< knn
  bool keep_ungrounded = false;  ///< knowledge
  std::optional<std::int64_t> since_ns;
  std::string algorithm;  ///< empty: the graph's usual one
  std::string backend = "auto";
  bool directed = false, undirected = false;
  std::vector<std::string> from;  ///< ids as in the input
  std::optional<std::uint32_t> samples;
  unsigned radius = 1;
  double damping = 0.85, resolution = 1;
  std::optional<unsigned> iterations;
  std::uint64_t seed = 1;
  unsigned threads = 0;
  std::optional<std::uint64_t> gpu_memory_bytes;
  std::size_t rows = 20;
  bool json = false;
  bool save = false, no_save = false;  ///< keep the answer in the store; neither: what was asked of the store
};
int run_graph(const Settings& settings, const GraphOptions& options);

struct AnalyzeOptions {
  analytics::TableQuestion question;
  std::string operation, every, window;
  std::optional<std::int64_t> since_ns;
  bool show_sql = false;  ///< print the statement instead of running it
  std::string backend;    ///< auto, cpu, gpu; empty: auto, and nothing is said of the CPU
  std::optional<std::uint64_t> gpu_memory_bytes;
  QueryOptions output;  ///< where and in which format; its sql is made here
};
int run_analyze(const Settings& settings, const AnalyzeOptions& options);
/// `probe print-env`
int run_probe_environment(const Settings& settings);

struct DoctorOptions {
  bool json = false;
};
int run_doctor(const Settings& settings, const DoctorOptions& options);

}  // namespace llt::app
