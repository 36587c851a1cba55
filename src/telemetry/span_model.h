#pragma once
// The spans of one request as plain data, to be handed to the OpenTelemetry SDK. The store makes its own from
// the request's row, as schema/spans.toml says: what changes here changes there, and a test compares the two.

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "telemetry/content.h"
#include "telemetry/name_sets.h"
#include "telemetry/phases.h"
#include "telemetry/request_record.h"

namespace llt::telemetry {

/// The instrumentation scope of our spans and metrics.
inline constexpr const char* kScopeName = "llamatelemetry";

using AttributeValue =
    std::variant<bool, std::int64_t, double, std::string_view, std::span<const std::string>>;

struct Attribute {
  const char* key;  ///< a constant of schema/names.h
  AttributeValue value;
};

/// Attributes in the order in which they were added. Texts are not copied.
class Attributes {
 public:
  void add(const char* key, AttributeValue value) { items_.push_back({key, value}); }
  /// Leaves out what is not known.
  template <class T>
  void add_known(const char* key, const std::optional<T>& value) {
    if (value) add(key, *value);
  }
  void add_known(const char* key, std::string_view text) {
    if (!text.empty()) add(key, text);
  }
  void add_known(const char* key, std::span<const std::string> list) {
    if (!list.empty()) add(key, list);
  }
  void reserve(std::size_t count) { items_.reserve(count); }
  [[nodiscard]] const std::vector<Attribute>& items() const noexcept { return items_; }

 private:
  std::vector<Attribute> items_;
};

enum class SpanKind : std::uint8_t { internal, server, client };
enum class SpanStatus : std::uint8_t { unset, error };

struct SpanDraft {
  SpanId id;
  std::optional<SpanId> parent;
  std::string name;
  SpanKind kind = SpanKind::internal;
  SteadyNs start = 0, end = 0;
  SpanStatus status = SpanStatus::unset;
  std::string_view status_message;
  Attributes attributes;
};

/// Parents come before their children. Refers to the record and the content it was made from, which must stay
/// where they are until the set is gone; the set itself must not be moved (its attributes point into it).
struct SpanSet {
  TraceId trace_id;
  std::string_view trace_state;
  WallAnchor anchor;
  bool sampled = true;
  std::vector<SpanDraft> spans;
  std::deque<std::string> texts;  ///< what attributes refer to that is not in the record

  SpanSet() = default;
  SpanSet(const SpanSet&) = delete;
  SpanSet& operator=(const SpanSet&) = delete;
};

/// SERVER span of the HTTP request; for inference routes that turned to an upstream also the CLIENT span and
/// its INTERNAL children queue, prefill and decode, as far as they are known.
void build_spans(const RequestRecord& record, const PhaseBreakdown& phases, const Content& content,
                 NameSets names, SpanSet& out);

/// http.request.method: "_OTHER" for what is none of HTTP's methods.
[[nodiscard]] std::string_view bounded_method(std::string_view method) noexcept;

/// gen_ai.operation.name; nullptr for routes that are only timed.
[[nodiscard]] const char* operation_name(Operation operation) noexcept;

/// A request that failed, or that the client gave up.
[[nodiscard]] bool failed(const RequestRecord& record) noexcept;

/// error.type: the record's own, else the status code as text, written to `buffer`.
[[nodiscard]] std::string_view error_type(const RequestRecord& record, std::string& buffer);

}  // namespace llt::telemetry
