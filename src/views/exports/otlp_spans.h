#pragma once
// The store's spans as OTLP: batches of ExportTraceServiceRequest, kept in a file until they are sent.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/reader.h"

namespace llt::views {

struct SpanSelection {
  std::optional<UnixNs> since;
  std::string trace;     ///< only this one; empty: all
  bool content = false;  ///< with attributes that carry prompts and answers
};

/// Batches in a file without a name, so that a slow collector holds no query open and a million spans take
/// the memory of one batch.
class SpanSpool {
 public:
  /// Reads the spans in the order of their starts. Errors: those of the store and of the disk.
  [[nodiscard]] static Result<SpanSpool> read(store::Reader& reader, const SpanSelection& selection);

  [[nodiscard]] std::uint64_t spans() const noexcept { return spans_; }

  struct Batch {
    std::string bytes;  ///< one serialized ExportTraceServiceRequest
    std::uint32_t spans = 0;
  };
  /// The next one; nothing after the last.
  [[nodiscard]] Result<std::optional<Batch>> next();

 private:
  friend class SpoolWriter;
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  SpanSpool() = default;

  std::unique_ptr<std::FILE, CloseFile> file_;
  std::uint64_t spans_ = 0;
};

}  // namespace llt::views
