#pragma once
// Arrays on the GPU, their way there and back, and errors of the C API as exceptions that end in plugin.cc.

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "analytics/gpu/plugin/cugraph_api.h"

namespace llt::rapids {

struct Failure : std::runtime_error {
  Failure(cugraph_error_code_t failed, const std::string& text) : std::runtime_error(text), code(failed) {}
  cugraph_error_code_t code;
};

/// The C API with a handle, and what every call through it needs.
class Device {
 public:
  explicit Device(const CugraphApi& api) : api_(api), handle_(api.create_resource_handle(nullptr)) {
    if (handle_ == nullptr) throw Failure(CUGRAPH_INVALID_HANDLE, "cuGraph gives no handle");
  }
  ~Device() { api_.free_resource_handle(handle_); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  [[nodiscard]] const CugraphApi& api() const noexcept { return api_; }
  [[nodiscard]] const cugraph_resource_handle_t* handle() const noexcept { return handle_; }

  /// call(error) for a function of the API whose last argument is the error; throws what it reports.
  template <class Call>
  void check(Call&& call) const {
    cugraph_error_t* error = nullptr;
    const cugraph_error_code_t code = call(&error);
    if (code == CUGRAPH_SUCCESS) return;
    const char* text = error == nullptr ? nullptr : api_.error_message(error);
    Failure failure(code, text == nullptr ? "cuGraph failed without a message" : text);
    if (error != nullptr) api_.error_free(error);
    throw failure;
  }

 private:
  const CugraphApi& api_;
  cugraph_resource_handle_t* handle_;
};

/// An array of ours on the GPU with its view.
class Array {
 public:
  Array(const Device& device, std::size_t size, cugraph_data_type_id_t type) : api_(&device.api()) {
    device.check([&](cugraph_error_t** error) {
      return api_->type_erased_device_array_create(device.handle(), size, type, &array_, error);
    });
    view_ = api_->type_erased_device_array_view(array_);
  }
  template <class T>
  Array(const Device& device, std::span<const T> values, cugraph_data_type_id_t type)
      : Array(device, values.size(), type) {
    device.check([&](cugraph_error_t** error) {
      return api_->type_erased_device_array_view_copy_from_host(
          device.handle(), view_, reinterpret_cast<const byte_t*>(values.data()), error);
    });
  }
  Array(Array&& other) noexcept
      : api_(other.api_),
        array_(std::exchange(other.array_, nullptr)),
        view_(std::exchange(other.view_, nullptr)) {}
  Array& operator=(Array&&) = delete;
  ~Array() {
    if (view_ != nullptr) api_->type_erased_device_array_view_free(view_);
    if (array_ != nullptr) api_->type_erased_device_array_free(array_);
  }

  [[nodiscard]] cugraph_type_erased_device_array_view_t* view() const noexcept { return view_; }

 private:
  const CugraphApi* api_;
  cugraph_type_erased_device_array_t* array_ = nullptr;
  cugraph_type_erased_device_array_view_t* view_ = nullptr;
};

/// Vertex numbers in the width that the graph has.
[[nodiscard]] inline Array vertex_array(const Device& device, std::span<const std::int32_t> vertices,
                                        bool wide) {
  if (!wide) return {device, vertices, INT32};
  const std::vector<std::int64_t> widened(vertices.begin(), vertices.end());
  return {device, std::span<const std::int64_t>(widened), INT64};
}

/// Fetches a result's array as numbers of type T and frees the view.
template <class T>
std::vector<T> fetch(const Device& device, cugraph_type_erased_device_array_view_t* raw) {
  const CugraphApi& api = device.api();
  const std::unique_ptr<cugraph_type_erased_device_array_view_t,
                        decltype(api.type_erased_device_array_view_free)>
      view(raw, api.type_erased_device_array_view_free);
  if (!view) throw Failure(CUGRAPH_UNKNOWN_ERROR, "cuGraph left a part of its result out");
  const std::size_t size = api.type_erased_device_array_view_size(raw);
  const auto as = [&]<class From>(From) {
    std::vector<From> values(size);
    if (size != 0) {
      device.check([&](cugraph_error_t** error) {
        return api.type_erased_device_array_view_copy_to_host(
            device.handle(), reinterpret_cast<byte_t*>(values.data()), raw, error);
      });
    }
    if constexpr (std::is_same_v<From, T>)
      return values;
    else {
      std::vector<T> converted(size);
      for (std::size_t i = 0; i < size; ++i) converted[i] = static_cast<T>(values[i]);
      return converted;
    }
  };
  switch (api.type_erased_device_array_view_type(raw)) {
    case INT32:
      return as(std::int32_t{});
    case INT64:
      return as(std::int64_t{});
    case UINT64:
    case SIZE_T:
      return as(std::uint64_t{});
    case FLOAT32:
      return as(float{});
    case FLOAT64:
      return as(double{});
    default:
      throw Failure(CUGRAPH_UNSUPPORTED_TYPE_COMBINATION, "cuGraph gave a type that is not expected");
  }
}

}  // namespace llt::rapids
