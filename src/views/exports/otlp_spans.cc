#include "views/exports/otlp_spans.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/sql_literal.h"
#include "views/exports/content.h"
#include "views/exports/rows.h"

namespace llt::views {
namespace {

namespace pb = opentelemetry::proto;
using Request = pb::collector::trace::v1::ExportTraceServiceRequest;
using Element = simdjson::dom::element;

constexpr std::uint32_t kBatchSpans = 512;
constexpr std::size_t kBatchBytes = 2 * 1024 * 1024;  ///< collectors refuse more than 4 MiB over gRPC

void fill(const Element& element, pb::common::v1::AnyValue& value);

void fill_list(const simdjson::dom::array& array, pb::common::v1::AnyValue& value) {
  auto* list = value.mutable_array_value();
  for (const Element element : array) fill(element, *list->add_values());
}

void fill_object(const simdjson::dom::object& object, pb::common::v1::AnyValue& value) {
  auto* list = value.mutable_kvlist_value();
  for (const auto [name, element] : object) {
    auto* pair = list->add_values();
    pair->set_key(std::string(name));
    fill(element, *pair->mutable_value());
  }
}

void fill(const Element& element, pb::common::v1::AnyValue& value) {
  switch (element.type()) {
    case simdjson::dom::element_type::INT64:
      return value.set_int_value(element.get_int64().value_unsafe());
    case simdjson::dom::element_type::UINT64:  // beyond what OTLP's integers hold
      return value.set_string_value(std::to_string(element.get_uint64().value_unsafe()));
    case simdjson::dom::element_type::DOUBLE:
      return value.set_double_value(element.get_double().value_unsafe());
    case simdjson::dom::element_type::BOOL:
      return value.set_bool_value(element.get_bool().value_unsafe());
    case simdjson::dom::element_type::STRING:
      return value.set_string_value(std::string(element.get_string().value_unsafe()));
    case simdjson::dom::element_type::ARRAY:
      return fill_list(element.get_array().value_unsafe(), value);
    case simdjson::dom::element_type::OBJECT:
      return fill_object(element.get_object().value_unsafe(), value);
    case simdjson::dom::element_type::NULL_VALUE:
      break;  // an empty value
  }
}

template <class Owner>
void add_attributes(const Element& cell, bool content, Owner& owner) {
  simdjson::dom::object object;
  if (cell.get(object) != simdjson::SUCCESS) return;
  for (const auto [name, element] : object) {
    if (!content && is_content_attribute(name)) continue;
    auto* attribute = owner.add_attributes();
    attribute->set_key(std::string(name));
    fill(element, *attribute->mutable_value());
  }
}

/// Hex digits as bytes; empty when they are no id of that size.
std::string id_bytes(std::string_view hex, std::size_t size) {
  std::string bytes;
  if (hex.size() != 2 * size) return bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned value = 0;
    for (const char c : hex.substr(i, 2)) {
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') {
        value = value * 16 + static_cast<unsigned>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        value = value * 16 + static_cast<unsigned>(lower - 'a' + 10);
      } else {
        return {};
      }
    }
    bytes += static_cast<char>(value);
  }
  return bytes;
}

pb::trace::v1::Span::SpanKind kind_of(std::string_view name) {
  using pb::trace::v1::Span;
  if (name == "INTERNAL") return Span::SPAN_KIND_INTERNAL;
  if (name == "SERVER") return Span::SPAN_KIND_SERVER;
  if (name == "CLIENT") return Span::SPAN_KIND_CLIENT;
  if (name == "PRODUCER") return Span::SPAN_KIND_PRODUCER;
  if (name == "CONSUMER") return Span::SPAN_KIND_CONSUMER;
  return Span::SPAN_KIND_UNSPECIFIED;
}

// The columns of the view `spans`, in its order; a store of an earlier version lacks the last ones.
enum Column : std::size_t {
  kTraceId,
  kSpanId,
  kParent,
  kName,
  kKind,
  kStart,
  kDuration,
  kStatus,
  kStatusMessage,
  kService,
  kScope,
  kTraceState,
  kAttributes,
  kResource,
  kEvents,
  kLinks,
};

void add_events(const Element& cell, bool content, pb::trace::v1::Span& span) {
  simdjson::dom::array events;
  if (cell.get(events) != simdjson::SUCCESS) return;
  for (const Element event : events) {
    auto* out = span.add_events();
    std::string_view name;
    std::int64_t at = 0;
    if (event["name"].get(name) == simdjson::SUCCESS) out->set_name(std::string(name));
    if (event["unix_ns"].get(at) == simdjson::SUCCESS)
      out->set_time_unix_nano(static_cast<std::uint64_t>(at));
    Element attributes;
    if (event["attributes"].get(attributes) == simdjson::SUCCESS) add_attributes(attributes, content, *out);
  }
}

void add_links(const Element& cell, bool content, pb::trace::v1::Span& span) {
  simdjson::dom::array links;
  if (cell.get(links) != simdjson::SUCCESS) return;
  for (const Element link : links) {
    auto* out = span.add_links();
    std::string_view id;
    if (link["trace_id"].get(id) == simdjson::SUCCESS) out->set_trace_id(id_bytes(id, 16));
    if (link["span_id"].get(id) == simdjson::SUCCESS) out->set_span_id(id_bytes(id, 8));
    Element attributes;
    if (link["attributes"].get(attributes) == simdjson::SUCCESS) add_attributes(attributes, content, *out);
  }
}

void fill_span(const Row& row, bool content, pb::trace::v1::Span& span) {
  span.set_trace_id(id_bytes(row.text(kTraceId), 16));
  span.set_span_id(id_bytes(row.text(kSpanId), 8));
  span.set_parent_span_id(id_bytes(row.text(kParent), 8));
  span.set_trace_state(std::string(row.text(kTraceState)));
  span.set_name(std::string(row.text(kName)));
  span.set_kind(kind_of(row.text(kKind)));
  const auto start = static_cast<std::uint64_t>(row.integer(kStart).value_or(0));
  span.set_start_time_unix_nano(start);
  span.set_end_time_unix_nano(start + static_cast<std::uint64_t>(row.integer(kDuration).value_or(0)));
  add_attributes(row.cell(kAttributes), content, span);
  add_events(row.cell(kEvents), content, span);
  if (row.size() > kLinks) add_links(row.cell(kLinks), content, span);
  if (row.text(kStatus) == "OK") span.mutable_status()->set_code(pb::trace::v1::Status::STATUS_CODE_OK);
  if (row.text(kStatus) == "ERROR") {
    span.mutable_status()->set_code(pb::trace::v1::Status::STATUS_CODE_ERROR);
    span.mutable_status()->set_message(std::string(row.text(kStatusMessage)));
  }
}

bool has_service_name(const pb::resource::v1::Resource& resource) {
  for (const auto& attribute : resource.attributes()) {
    if (attribute.key() == "service.name") return true;
  }
  return false;
}

std::unexpected<Error> no_spool(const std::filesystem::path& folder) {
  return fail(ErrorCode::resource_exhausted,
              fmt::format("cannot keep the spans in {}: {}", folder.string(), std::strerror(errno)),
              "make room there, or name another folder with TMPDIR");
}

}  // namespace

class SpoolWriter {
 public:
  SpoolWriter(SpanSpool& spool, const SpanSelection& selection) : spool_(spool), selection_(selection) {}

  Result<> open() {
    std::error_code ignored;
    folder_ = std::filesystem::temp_directory_path(ignored);
    const int fd = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return no_spool(folder_);
    spool_.file_.reset(fdopen(fd, "w+b"));
    return spool_.file_ ? Result<>{} : Result<>(no_spool(folder_));
  }

  Result<> add(const Row& row) {
    auto& spans = scope_spans(row);
    auto* span = spans.add_spans();
    fill_span(row, selection_.content, *span);
    bytes_ += span->ByteSizeLong();
    ++count_;
    ++spool_.spans_;
    return count_ >= kBatchSpans || bytes_ >= kBatchBytes ? flush() : Result<>{};
  }

  Result<> finish() {
    if (auto flushed = flush(); !flushed) return flushed;
    if (std::fflush(spool_.file_.get()) != 0) return no_spool(folder_);
    std::rewind(spool_.file_.get());
    return {};
  }

 private:
  pb::trace::v1::ScopeSpans& scope_spans(const Row& row) {
    std::string key(row.text(kService));
    key += '\n' + (row.known(kResource) ? std::string(simdjson::minify(row.cell(kResource))) : "");
    auto [resource, fresh] = resources_.try_emplace(std::move(key), nullptr);
    if (fresh) {
      resource->second = request_.add_resource_spans();
      auto& about = *resource->second->mutable_resource();
      add_attributes(row.cell(kResource), true, about);
      if (!has_service_name(about)) {
        auto* name = about.add_attributes();
        name->set_key("service.name");
        name->mutable_value()->set_string_value(std::string(row.text(kService)));
      }
    }
    auto [scope, fresh_scope] =
        scopes_.try_emplace({resource->second, std::string(row.text(kScope))}, nullptr);
    if (fresh_scope) {
      scope->second = resource->second->add_scope_spans();
      scope->second->mutable_scope()->set_name(std::string(row.text(kScope)));
    }
    return *scope->second;
  }

  Result<> flush() {
    if (count_ == 0) return {};
    const std::string bytes = request_.SerializeAsString();
    const std::uint32_t head[] = {count_, static_cast<std::uint32_t>(bytes.size())};
    std::FILE* file = spool_.file_.get();
    if (std::fwrite(head, sizeof head, 1, file) != 1 || std::fwrite(bytes.data(), bytes.size(), 1, file) != 1)
      return no_spool(folder_);
    request_.Clear();
    resources_.clear();
    scopes_.clear();
    count_ = 0;
    bytes_ = 0;
    return {};
  }

  using Scope = std::pair<pb::trace::v1::ResourceSpans*, std::string>;

  SpanSpool& spool_;
  const SpanSelection& selection_;
  std::filesystem::path folder_;
  Request request_;
  std::map<std::string, pb::trace::v1::ResourceSpans*> resources_;
  std::map<Scope, pb::trace::v1::ScopeSpans*> scopes_;
  std::uint32_t count_ = 0;
  std::size_t bytes_ = 0;
};

Result<SpanSpool> SpanSpool::read(store::Reader& reader, const SpanSelection& selection) {
  SpanSpool spool;
  SpoolWriter writer(spool, selection);
  if (auto opened = writer.open(); !opened) return std::unexpected(opened.error());
  const std::string sql = fmt::format(
      "SELECT * FROM spans WHERE start_unix_ns >= {} AND ({} OR trace_id = {}) ORDER BY start_unix_ns",
      selection.since.value_or(0), selection.trace.empty(), sql_literal(selection.trace));
  auto read = for_each_row(reader, sql, [&](const Row& row) { return writer.add(row); });
  if (!read) return std::unexpected(read.error());
  if (auto finished = writer.finish(); !finished) return std::unexpected(finished.error());
  return spool;
}

Result<std::optional<SpanSpool::Batch>> SpanSpool::next() {
  std::uint32_t head[2] = {};
  if (std::fread(head, sizeof head, 1, file_.get()) != 1) return std::optional<Batch>();
  Batch batch{std::string(head[1], '\0'), head[0]};
  if (std::fread(batch.bytes.data(), batch.bytes.size(), 1, file_.get()) != 1)
    return fail(ErrorCode::data_loss, "the kept spans cannot be read back", "try again");
  return batch;
}

}  // namespace llt::views
