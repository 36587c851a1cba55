#include "store/arrow_stream.h"

#ifdef LLT_HAVE_NANOARROW

#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include "store/database.h"

namespace llt::store {
namespace {

using ArrowOptions = Owned<duckdb_arrow_options, duckdb_destroy_arrow_options>;
using ErrorData = Owned<duckdb_error_data, duckdb_destroy_error_data>;

/// C structures of Arrow that release themselves.
template <class T>
struct Released {
  T value{};
  Released() = default;
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
  ~Released() {
    if (value.release != nullptr) value.release(&value);
  }
};

ArrowErrorCode append_to_string(ArrowIpcOutputStream* stream, const void* bytes, std::int64_t size,
                                std::int64_t* written, ArrowError*) {
  static_cast<std::string*>(stream->private_data)
      ->append(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  *written = size;
  return NANOARROW_OK;
}

void release_nothing(ArrowIpcOutputStream* stream) { stream->release = nullptr; }

std::unexpected<Error> arrow_error(const ArrowError& error) {
  return fail(ErrorCode::invalid_argument,
              std::string("the result cannot be written as Arrow: ") + error.message,
              "cast the column to a plain type");
}

std::unexpected<Error> duckdb_error(const ErrorData& data) {
  return std::unexpected(
      to_error(duckdb_error_data_error_type(data.get()), duckdb_error_data_message(data.get())));
}

class NanoarrowStream final : public ArrowStream {
 public:
  ~NanoarrowStream() override {
    ArrowArrayViewReset(&view_);
    ArrowIpcWriterReset(&writer_);
  }

  Result<> start(duckdb_result& result, const std::vector<std::string>& names, std::string& out) {
    options_ = ArrowOptions(duckdb_result_get_arrow_options(&result));
    ArrowIpcOutputStream stream{};
    stream.write = append_to_string;
    stream.release = release_nothing;
    stream.private_data = &out;
    ArrowArrayViewInitFromType(&view_, NANOARROW_TYPE_UNINITIALIZED);
    if (ArrowIpcWriterInit(&writer_, &stream) != NANOARROW_OK)
      return fail(ErrorCode::resource_exhausted, "out of memory");
    if (auto described = describe(result, names); !described) return described;
    ArrowError error{};
    if (ArrowArrayViewInitFromSchema(&view_, &schema_.value, &error) != NANOARROW_OK)
      return arrow_error(error);
    if (ArrowIpcWriterWriteSchema(&writer_, &schema_.value, &error) != NANOARROW_OK)
      return arrow_error(error);
    return {};
  }

  Result<> rows(duckdb_data_chunk chunk) override {
    Released<ArrowArray> array;
    const ErrorData problem(duckdb_data_chunk_to_arrow(options_.get(), chunk, &array.value));
    if (problem && duckdb_error_data_has_error(problem.get())) return duckdb_error(problem);
    ArrowError error{};
    if (ArrowArrayViewSetArray(&view_, &array.value, &error) != NANOARROW_OK) return arrow_error(error);
    if (ArrowIpcWriterWriteArrayView(&writer_, &view_, &error) != NANOARROW_OK) return arrow_error(error);
    return {};
  }

  Result<> end() override {
    ArrowError error{};
    if (ArrowIpcWriterWriteArrayView(&writer_, nullptr, &error) != NANOARROW_OK) return arrow_error(error);
    return {};
  }

 private:
  Result<> describe(duckdb_result& result, const std::vector<std::string>& names) {
    std::vector<LogicalType> types;
    std::vector<duckdb_logical_type> raw_types;
    std::vector<const char*> raw_names;
    for (idx_t i = 0; i < names.size(); ++i) {
      types.emplace_back(duckdb_column_logical_type(&result, i));
      raw_types.push_back(types.back().get());
      raw_names.push_back(names[i].c_str());
    }
    const ErrorData problem(duckdb_to_arrow_schema(options_.get(), raw_types.data(), raw_names.data(),
                                                   names.size(), &schema_.value));
    if (problem && duckdb_error_data_has_error(problem.get())) return duckdb_error(problem);
    return {};
  }

  ArrowOptions options_;
  Released<ArrowSchema> schema_;
  ArrowArrayView view_{};
  ArrowIpcWriter writer_{};
};

}  // namespace

Result<std::unique_ptr<ArrowStream>> ArrowStream::begin(duckdb_result& result,
                                                        const std::vector<std::string>& names,
                                                        std::string& out) {
  auto stream = std::make_unique<NanoarrowStream>();
  if (auto started = stream->start(result, names, out); !started) return std::unexpected(started.error());
  return stream;
}

}  // namespace llt::store

#else

namespace llt::store {

Result<std::unique_ptr<ArrowStream>> ArrowStream::begin(duckdb_result&, const std::vector<std::string>&,
                                                        std::string&) {
  return fail(ErrorCode::unavailable,
              "this build cannot write Arrow: nanoarrow was not there when it was built",
              "use --format parquet, or build with LLAMATELEMETRY_NANOARROW");
}

}  // namespace llt::store

#endif
