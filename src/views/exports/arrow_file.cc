#include "views/exports/arrow_file.h"

#ifdef LLT_HAVE_NANOARROW

#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <algorithm>

namespace llt::views {
namespace {

constexpr std::size_t kBatchRows = 64 * 1024;

/// What nanoarrow is given to write with; it knows error numbers only, so the error waits here.
struct Target {
  const ByteSink& sink;
  Result<> state;
};

ArrowErrorCode write_to_sink(ArrowIpcOutputStream* stream, const void* bytes, std::int64_t size,
                             std::int64_t* written, ArrowError*) {
  auto& target = *static_cast<Target*>(stream->private_data);
  target.state = target.sink({static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  *written = target.state ? size : 0;
  return target.state ? NANOARROW_OK : EIO;
}

void release_nothing(ArrowIpcOutputStream* stream) { stream->release = nullptr; }

ArrowErrorCode set_type(ArrowSchema* schema, ColumnType type) {
  switch (type) {
    case ColumnType::integer:
      return ArrowSchemaSetType(schema, NANOARROW_TYPE_INT64);
    case ColumnType::real:
      return ArrowSchemaSetType(schema, NANOARROW_TYPE_DOUBLE);
    case ColumnType::time:
      return ArrowSchemaSetTypeDateTime(schema, NANOARROW_TYPE_TIMESTAMP, NANOARROW_TIME_UNIT_NANO, "UTC");
    case ColumnType::text:
      break;
  }
  return ArrowSchemaSetType(schema, NANOARROW_TYPE_STRING);
}

ArrowErrorCode append(ArrowArray* array, const Cell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return ArrowArrayAppendInt(array, *number);
  if (const auto* real = std::get_if<double>(&cell)) return ArrowArrayAppendDouble(array, *real);
  if (const auto* text = std::get_if<std::string>(&cell))
    return ArrowArrayAppendString(array, {text->data(), static_cast<std::int64_t>(text->size())});
  return ArrowArrayAppendNull(array, 1);
}

class FileWriter {
 public:
  FileWriter(const Table& table, const ByteSink& sink) : table_(table), target_{sink, {}} {
    stream_.write = write_to_sink;
    stream_.release = release_nothing;
    stream_.private_data = &target_;
    ArrowArrayViewInitFromType(&view_, NANOARROW_TYPE_UNINITIALIZED);
  }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter() {
    ArrowArrayViewReset(&view_);
    ArrowIpcWriterReset(&writer_);
    if (schema_.release != nullptr) schema_.release(&schema_);
  }

  Result<> run() {
    ArrowError error{};
    const ArrowErrorCode code = write(&error);
    if (!target_.state) return target_.state;
    if (code == NANOARROW_OK) return {};
    return fail(ErrorCode::internal, std::string("the table cannot be written as Arrow: ") +
                                         (error.message[0] == '\0' ? "out of memory" : error.message));
  }

 private:
  ArrowErrorCode write(ArrowError* error) {
    NANOARROW_RETURN_NOT_OK(describe());
    NANOARROW_RETURN_NOT_OK(ArrowIpcWriterInit(&writer_, &stream_));
    NANOARROW_RETURN_NOT_OK(ArrowArrayViewInitFromSchema(&view_, &schema_, error));
    NANOARROW_RETURN_NOT_OK(ArrowIpcWriterStartFile(&writer_, error));
    NANOARROW_RETURN_NOT_OK(ArrowIpcWriterWriteSchema(&writer_, &schema_, error));
    for (std::size_t row = 0; row < table_.rows; row += kBatchRows)
      NANOARROW_RETURN_NOT_OK(write_batch(row, std::min(table_.rows, row + kBatchRows), error));
    return ArrowIpcWriterFinalizeFile(&writer_, error);
  }

  ArrowErrorCode describe() {
    ArrowSchemaInit(&schema_);
    NANOARROW_RETURN_NOT_OK(
        ArrowSchemaSetTypeStruct(&schema_, static_cast<std::int64_t>(table_.columns.size())));
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      NANOARROW_RETURN_NOT_OK(set_type(schema_.children[i], table_.columns[i].type));
      NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(schema_.children[i], table_.columns[i].name.c_str()));
    }
    return NANOARROW_OK;
  }

  ArrowErrorCode write_batch(std::size_t begin, std::size_t end, ArrowError* error) {
    ArrowArray array{};
    ArrowErrorCode code = fill(&array, begin, end, error);
    if (code == NANOARROW_OK) code = ArrowArrayViewSetArray(&view_, &array, error);
    if (code == NANOARROW_OK) code = ArrowIpcWriterWriteArrayView(&writer_, &view_, error);
    if (array.release != nullptr) array.release(&array);
    return code;
  }

  ArrowErrorCode fill(ArrowArray* array, std::size_t begin, std::size_t end, ArrowError* error) {
    NANOARROW_RETURN_NOT_OK(ArrowArrayInitFromSchema(array, &schema_, error));
    NANOARROW_RETURN_NOT_OK(ArrowArrayStartAppending(array));
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      for (std::size_t row = begin; row < end; ++row)
        NANOARROW_RETURN_NOT_OK(append(array->children[i], table_.columns[i].at(row)));
    }
    array->length = static_cast<std::int64_t>(end - begin);
    return ArrowArrayFinishBuildingDefault(array, error);
  }

  const Table& table_;
  Target target_;
  ArrowIpcOutputStream stream_{};
  ArrowSchema schema_{};
  ArrowArrayView view_{};
  ArrowIpcWriter writer_{};
};

}  // namespace

Result<> write_arrow_file(const Table& table, const ByteSink& sink) { return FileWriter(table, sink).run(); }

}  // namespace llt::views

#else

namespace llt::views {

Result<> write_arrow_file(const Table&, const ByteSink&) {
  return fail(ErrorCode::unavailable,
              "this build cannot write Arrow: nanoarrow was not there when it was built",
              "build with LLAMATELEMETRY_NANOARROW");
}

}  // namespace llt::views

#endif
