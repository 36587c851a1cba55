#include "store/arrow_rows.h"

#ifdef LLT_HAVE_NANOARROW

#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <cerrno>
#include <string>

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

std::unexpected<Error> broken(std::string_view why) {
  return fail(ErrorCode::data_loss, "the rows did not come as an Arrow stream: " + std::string(why));
}

class NanoarrowRows final : public ArrowRows {
 public:
  NanoarrowRows(std::vector<ArrowColumn> columns, ArrowSink sink)
      : columns_(std::move(columns)), sink_(std::move(sink)) {
    ready_ = ArrowIpcDecoderInit(&decoder_) == NANOARROW_OK;
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

  // One message from the front; how many bytes it has, 0 when not all of them are there.
  Result<std::size_t> message(std::string_view bytes) {
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
    if (ArrowIpcDecoderDecodeHeader(&decoder_, view_of(bytes), &why) != NANOARROW_OK)
      return broken(why.message);
    const auto done = decoder_.message_type == NANOARROW_IPC_MESSAGE_TYPE_SCHEMA
                          ? schema()
                          : rows(bytes.substr(head, body));
    if (!done) return std::unexpected(done.error());
    return head + body;
  }

  Result<> schema() {
    ArrowError why{};
    if (schema_.release != nullptr) return broken("it has two schemas");
    if (ArrowIpcDecoderDecodeSchema(&decoder_, &schema_, &why) != NANOARROW_OK ||
        ArrowIpcDecoderSetSchema(&decoder_, &schema_, &why) != NANOARROW_OK)
      return broken(why.message);
    if (schema_.n_children != static_cast<std::int64_t>(columns_.size()))
      return broken("it has other columns");
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      ArrowSchemaView column{};
      if (ArrowSchemaViewInit(&column, schema_.children[i], &why) != NANOARROW_OK) return broken(why.message);
      if (column.type != type_of(columns_[i])) return broken("a column has another type");
    }
    return {};
  }

  Result<> rows(std::string_view body) {
    if (decoder_.message_type != NANOARROW_IPC_MESSAGE_TYPE_RECORD_BATCH)
      return broken("it has messages of another kind");
    if (schema_.release == nullptr) return broken("its rows come before its columns");
    ArrowError why{};
    ArrowArrayView* batch = nullptr;
    if (ArrowIpcDecoderDecodeArrayView(&decoder_, view_of(body), -1, &batch, &why) != NANOARROW_OK ||
        ArrowArrayViewValidate(batch, NANOARROW_VALIDATION_LEVEL_FULL, &why) != NANOARROW_OK)
      return broken(why.message);
    for (std::int64_t i = 0; i < batch->n_children; ++i) {
      if (batch->children[i]->length != batch->length) return broken("its columns are not equally long");
    }
    return sink_(ViewedBatch(*batch));
  }

  std::vector<ArrowColumn> columns_;
  ArrowSink sink_;
  ArrowIpcDecoder decoder_{};
  ArrowSchema schema_{};
  std::string pending_;
  bool ready_ = false, ended_ = false;
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
