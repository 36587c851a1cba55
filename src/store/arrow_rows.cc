#include "store/arrow_rows.h"

#ifdef LLT_HAVE_NANOARROW

#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace llt::store {
namespace {

ArrowType type_of(ArrowColumn column) {
  switch (column) {
    case ArrowColumn::real:
      return NANOARROW_TYPE_DOUBLE;
    case ArrowColumn::number:
      return NANOARROW_TYPE_INT64;
    case ArrowColumn::small_number:
      return NANOARROW_TYPE_INT32;
    case ArrowColumn::text:
      break;
  }
  return NANOARROW_TYPE_STRING;
}

class ViewedBatch final : public ArrowBatch {
 public:
  explicit ViewedBatch(const ArrowArrayView& view) : view_(view) {}
  [[nodiscard]] std::size_t size() const override { return static_cast<std::size_t>(view_.length); }
  [[nodiscard]] std::span<const double> reals(std::size_t column) const override {
    return values<double>(column);
  }
  [[nodiscard]] std::span<const std::int64_t> numbers(std::size_t column) const override {
    return values<std::int64_t>(column);
  }
  [[nodiscard]] std::span<const std::int32_t> small_numbers(std::size_t column) const override {
    return values<std::int32_t>(column);
  }
  [[nodiscard]] std::string_view text(std::size_t column, std::size_t row) const override {
    if (is_null(column, row)) return {};
    const ArrowStringView text =
        ArrowArrayViewGetStringUnsafe(view_.children[column], static_cast<std::int64_t>(row));
    return {text.data, static_cast<std::size_t>(text.size_bytes)};
  }
  [[nodiscard]] bool is_null(std::size_t column, std::size_t row) const override {
    return ArrowArrayViewIsNull(view_.children[column], static_cast<std::int64_t>(row)) != 0;
  }

 private:
  template <class T>
  std::span<const T> values(std::size_t column) const {
    const ArrowArrayView& child = *view_.children[column];
    return {reinterpret_cast<const T*>(child.buffer_views[1].data.data) + child.offset, size()};
  }
  const ArrowArrayView& view_;
};

template <class T>
T read_at(const char* from) {
  T value{};
  std::memcpy(&value, from, sizeof value);
  return value;
}

// nanoarrow compares where a buffer ends, a sum that overflows, and takes any beginning.
bool lies_in(std::string_view body, const ArrowArrayView& column) {
  for (const ArrowBufferView& buffer : column.buffer_views) {
    if (buffer.size_bytes == 0) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(buffer.data.data);
    const auto size = static_cast<std::uint64_t>(buffer.size_bytes);
    const auto at = begin - reinterpret_cast<std::uintptr_t>(body.data());
    if (begin % alignof(double) != 0 || size > body.size() || at > body.size() - size) return false;
  }
  return true;
}

// nanoarrow adds to the length of a head without asking whether it can.
bool has_sane_head(std::string_view bytes) {
  constexpr std::uint32_t kLongest = 1U << 26;
  if (bytes.size() < 8) return true;
  const auto first = read_at<std::uint32_t>(bytes.data());
  return (first == 0xFFFFFFFF ? read_at<std::uint32_t>(bytes.data() + 4) : first) <= kLongest;
}

// Whether a verified message has the part that its kind announces, which nanoarrow takes for granted: field
// number 2 of the flatbuffer's root table, behind a mark and a length, or, in old streams, a length alone.
bool has_content(std::string_view message) {
  const char* buffer = message.data() + (read_at<std::uint32_t>(message.data()) == 0xFFFFFFFF ? 8 : 4);
  const char* table = buffer + read_at<std::uint32_t>(buffer);
  const char* fields = table - read_at<std::int32_t>(table);
  constexpr std::size_t kContent = 4 + 2 * 2;
  return read_at<std::uint16_t>(fields) >= kContent + 2 && read_at<std::uint16_t>(fields + kContent) != 0;
}

std::unexpected<Error> broken(std::string_view why) {
  return fail(ErrorCode::data_loss, "the rows did not come as an Arrow stream: " + std::string(why));
}

class NanoarrowRows final : public ArrowRows {
 public:
  NanoarrowRows(std::vector<ArrowColumn> columns, ArrowSink sink)
      : columns_(std::move(columns)), sink_(std::move(sink)) {
    ready_ = ArrowIpcDecoderInit(&decoder_) == NANOARROW_OK && describe() &&
             ArrowIpcDecoderSetSchema(&decoder_, &schema_, nullptr) == NANOARROW_OK;
  }
  ~NanoarrowRows() override {
    if (schema_.release != nullptr) ArrowSchemaRelease(&schema_);
    ArrowIpcDecoderReset(&decoder_);
  }
  NanoarrowRows(const NanoarrowRows&) = delete;
  NanoarrowRows& operator=(const NanoarrowRows&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }

  Result<> take(std::string_view bytes) override {
    pending_.append(bytes);
    std::size_t at = 0;
    while (!ended_) {
      const auto used = message(std::string_view(pending_).substr(at));
      if (!used) return std::unexpected(used.error());
      if (*used == 0) break;
      at += *used;
    }
    pending_.erase(0, at);
    return {};
  }

  Result<> end() override {
    if (!ended_) return broken("it ends in the middle");
    return {};
  }

 private:
  static ArrowBufferView view_of(std::string_view bytes) {
    return {{bytes.data()}, static_cast<std::int64_t>(bytes.size())};
  }

  bool describe() {
    ArrowSchemaInit(&schema_);
    if (ArrowSchemaSetTypeStruct(&schema_, static_cast<std::int64_t>(columns_.size())) != NANOARROW_OK)
      return false;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (ArrowSchemaSetType(schema_.children[i], type_of(columns_[i])) != NANOARROW_OK) return false;
    }
    return true;
  }

  // As the number that stood in the message, which need not be one of the enumerators.
  [[nodiscard]] int kind() const {
    int number = 0;
    static_assert(sizeof number == sizeof decoder_.message_type);
    std::memcpy(&number, &decoder_.message_type, sizeof number);
    return number;
  }

  // One message from the front; how many bytes it has, 0 when not all of them are there.
  Result<std::size_t> message(std::string_view bytes) {
    if (!has_sane_head(bytes)) return broken("a message has a head that is longer than any");
    ArrowError why{};
    const ArrowErrorCode verified = ArrowIpcDecoderVerifyHeader(&decoder_, view_of(bytes), &why);
    if (verified == ESPIPE) return 0;
    if (verified == ENODATA) {
      ended_ = true;
      return bytes.size();
    }
    if (verified != NANOARROW_OK) return broken(why.message);
    const auto head = static_cast<std::size_t>(decoder_.header_size_bytes);
    if (decoder_.body_size_bytes < 0) return broken("a message has a size below 0");
    const auto body = static_cast<std::size_t>(decoder_.body_size_bytes);
    if (bytes.size() - head < body) return 0;
    const auto done =
        kind() == NANOARROW_IPC_MESSAGE_TYPE_SCHEMA ? schema() : rows(bytes, bytes.substr(head, body));
    if (!done) return std::unexpected(done.error());
    return head + body;
  }

  // What the stream says of its columns is passed over: nanoarrow's reader of that trusts it too much (a
  // field whose type is missing ends the process), and the SQL behind the stream has fixed them. Rows with
  // other buffers are refused.
  Result<> schema() {
    if (std::exchange(begun_, true)) return broken("it has two schemas");
    return {};
  }

  Result<> rows(std::string_view message, std::string_view body) {
    if (kind() != NANOARROW_IPC_MESSAGE_TYPE_RECORD_BATCH) return broken("it has messages of another kind");
    if (!begun_) return broken("its rows come before its columns");
    if (!has_content(message)) return broken("a message has nothing in it");
    ArrowError why{};
    ArrowArrayView* batch = nullptr;
    if (ArrowIpcDecoderDecodeHeader(&decoder_, view_of(message), &why) != NANOARROW_OK ||
        ArrowIpcDecoderDecodeArrayView(&decoder_, view_of(body), -1, &batch, &why) != NANOARROW_OK)
      return broken(why.message);
    // Before the validation, whose sums overflow: no row is in less than a byte.
    if (batch->length < 0 || static_cast<std::uint64_t>(batch->length) > body.size())
      return broken("it has more rows than bytes");
    for (std::int64_t i = 0; i < batch->n_children; ++i) {
      if (batch->children[i]->length != batch->length) return broken("its columns are not equally long");
      if (!lies_in(body, *batch->children[i])) return broken("a column does not lie in its message");
    }
    if (ArrowArrayViewValidate(batch, NANOARROW_VALIDATION_LEVEL_FULL, &why) != NANOARROW_OK)
      return broken(why.message);
    return sink_(ViewedBatch(*batch));
  }

  std::vector<ArrowColumn> columns_;
  ArrowSink sink_;
  ArrowIpcDecoder decoder_{};
  ArrowSchema schema_{};
  std::string pending_;
  bool ready_ = false, begun_ = false, ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ArrowRows>> ArrowRows::make(std::vector<ArrowColumn> columns, ArrowSink sink) {
  auto rows = std::make_unique<NanoarrowRows>(std::move(columns), std::move(sink));
  if (!rows->ready()) return fail(ErrorCode::resource_exhausted, "out of memory");
  return rows;
}

}  // namespace llt::store

#else

namespace llt::store {

Result<std::unique_ptr<ArrowRows>> ArrowRows::make(std::vector<ArrowColumn>, ArrowSink) {
  return fail(ErrorCode::unavailable,
              "this build cannot read Arrow: nanoarrow was not there when it was built",
              "build with LLAMATELEMETRY_NANOARROW");
}

}  // namespace llt::store

#endif
