// The nearest of vectors by cuVS's brute force: every product is taken, by cuBLAS, and the largest of each
// row are selected. It is asked for inner products of vectors of length 1, not for cosines or distances:
// those go through kernels that are compiled while the program runs, by a library newer than many drivers'
// toolkits.

#include "analytics/gpu/plugin/vectors.h"

#include <cuvs/core/c_api.h>
#include <cuvs/neighbors/brute_force.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <type_traits>

#include "analytics/gpu/plugin/what_failed.h"

namespace llt::rapids {
namespace {

void check(cuvsError_t status) {
  if (status == CUVS_SUCCESS) return;
  const char* text = cuvsGetLastErrorText();
  throw std::runtime_error(text == nullptr ? "cuVS failed without a message" : text);
}

/// The GPU's stream and handles.
class Resources {
 public:
  Resources() { check(cuvsResourcesCreate(&resources_)); }
  ~Resources() { static_cast<void>(cuvsResourcesDestroy(resources_)); }
  Resources(const Resources&) = delete;
  Resources& operator=(const Resources&) = delete;

  [[nodiscard]] cuvsResources_t get() const noexcept { return resources_; }
  void wait() const { check(cuvsStreamSync(resources_)); }

 private:
  cuvsResources_t resources_ = 0;
};

/// Rows of numbers, here or there, as cuVS wants to be told of them.
template <class Number>
class Rows {
 public:
  Rows(Number* values, std::int64_t rows, std::int64_t columns, DLDeviceType where) : shape_{rows, columns} {
    tensor_.dl_tensor.data = values;
    tensor_.dl_tensor.device = {where, 0};
    tensor_.dl_tensor.ndim = 2;
    tensor_.dl_tensor.dtype = {std::is_integral_v<Number> ? std::uint8_t{kDLInt} : std::uint8_t{kDLFloat},
                               8 * sizeof(Number), 1};
    tensor_.dl_tensor.shape = shape_.data();
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  [[nodiscard]] DLManagedTensor* tensor() noexcept { return &tensor_; }

 private:
  std::array<std::int64_t, 2> shape_;
  DLManagedTensor tensor_{};
};

/// Rows of numbers on the GPU, of memory that RMM counts.
template <class Number>
class DeviceRows {
 public:
  DeviceRows(const Resources& resources, std::int64_t rows, std::int64_t columns)
      : resources_(resources), rows_(rows), columns_(columns) {
    void* memory = nullptr;
    check(cuvsRMMAlloc(resources.get(), &memory, bytes()));
    values_ = static_cast<Number*>(memory);
  }
  ~DeviceRows() { static_cast<void>(cuvsRMMFree(resources_.get(), values_, bytes())); }
  DeviceRows(const DeviceRows&) = delete;
  DeviceRows& operator=(const DeviceRows&) = delete;

  [[nodiscard]] Rows<Number> some(std::int64_t first, std::int64_t rows) const {
    return {values_ + first * columns_, rows, columns_, kDLCUDA};
  }
  [[nodiscard]] Rows<Number> all() const { return some(0, rows_); }
  void fill_from(const Number* values) const {
    Rows<Number> here(const_cast<Number*>(values), rows_, columns_, kDLCPU), there = all();
    check(cuvsMatrixCopy(resources_.get(), here.tensor(), there.tensor()));
  }
  void copy_to(Number* values) const {
    Rows<Number> here(values, rows_, columns_, kDLCPU), there = all();
    check(cuvsMatrixCopy(resources_.get(), there.tensor(), here.tensor()));
  }

 private:
  [[nodiscard]] std::size_t bytes() const noexcept {
    return static_cast<std::size_t>(rows_ * columns_) * sizeof(Number);
  }
  const Resources& resources_;
  std::int64_t rows_, columns_;
  Number* values_ = nullptr;
};

template <class Work>
int guarded(llt_rapids_message* message, Work&& work) try {
  work();
  return LLT_RAPIDS_OK;
} catch (const std::bad_alloc&) {
  return report(LLT_RAPIDS_FAILED, "the worker has no memory left on the host", message);
} catch (const std::exception& error) {
  return report_gpu(error.what(), message);
}

}  // namespace
}  // namespace llt::rapids

/// What the index is made of stays where it is: it must live as long as the index.
struct llt_vectors {
  explicit llt_vectors(const llt_rapids_vectors& vectors)
      : rows(static_cast<std::int64_t>(vectors.rows)),
        values(resources, rows, static_cast<std::int64_t>(vectors.dimensions)) {
    values.fill_from(vectors.values);
    llt::rapids::check(cuvsBruteForceIndexCreate(&index));
    auto all = values.all();
    llt::rapids::check(cuvsBruteForceBuild(resources.get(), all.tensor(), InnerProduct, 0, index));
    resources.wait();
  }
  ~llt_vectors() {
    if (index != nullptr) static_cast<void>(cuvsBruteForceIndexDestroy(index));
  }
  llt_vectors(const llt_vectors&) = delete;
  llt_vectors& operator=(const llt_vectors&) = delete;

  void nearest(const llt_rapids_nearest_question& question, std::int64_t* found, float* similarities) const {
    const auto asked = static_cast<std::int64_t>(question.rows),
               count = static_cast<std::int64_t>(question.count);
    const llt::rapids::DeviceRows<std::int64_t> found_there(resources, asked, count);
    const llt::rapids::DeviceRows<float> similarities_there(resources, asked, count);
    auto queries = values.some(static_cast<std::int64_t>(question.first), asked);
    auto found_rows = found_there.all();
    auto similarity_rows = similarities_there.all();
    llt::rapids::check(cuvsBruteForceSearch(resources.get(), index, queries.tensor(), found_rows.tensor(),
                                            similarity_rows.tensor(), {0, NO_FILTER}));
    found_there.copy_to(found);
    similarities_there.copy_to(similarities);
    resources.wait();
  }

  llt::rapids::Resources resources;
  std::int64_t rows;
  llt::rapids::DeviceRows<float> values;
  cuvsBruteForceIndex_t index = nullptr;
};

extern "C" {

__attribute__((visibility("default"))) int llt_cuvs_load(const llt_rapids_vectors* vectors,
                                                         llt_vectors** loaded, llt_rapids_message* message) {
  return llt::rapids::guarded(message, [&] {
    if (vectors == nullptr) {
      const llt::rapids::Resources resources;
      const llt::rapids::DeviceRows<float> probe(resources, 1, 16);
      resources.wait();
    } else {
      *loaded = std::make_unique<llt_vectors>(*vectors).release();
    }
  });
}

__attribute__((visibility("default"))) int llt_cuvs_nearest(llt_vectors* vectors,
                                                            const llt_rapids_nearest_question* question,
                                                            int64_t* found, float* similarities,
                                                            llt_rapids_message* message) {
  const auto rows = static_cast<std::uint64_t>(vectors->rows);
  if (question->rows == 0 || question->first + question->rows > rows || question->count == 0 ||
      question->count > rows)
    return llt::rapids::report(LLT_RAPIDS_FAILED, "there are not so many vectors", message);
  return llt::rapids::guarded(message, [&] { vectors->nearest(*question, found, similarities); });
}

__attribute__((visibility("default"))) void llt_cuvs_free(llt_vectors* vectors) { delete vectors; }

}  // extern "C"
