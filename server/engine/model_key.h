#ifndef PLUMBLINE_SERVER_ENGINE_MODEL_KEY_H_
#define PLUMBLINE_SERVER_ENGINE_MODEL_KEY_H_

#include <compare>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {

/// The key of everything live.
struct ModelKey {
  std::string model;
  std::string version;

  auto operator<=>(const ModelKey&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const ModelKey& key) {
    return H::combine(std::move(state), key.model, key.version);
  }

  /// For messages: `model "churn" version "v2"`.
  std::string InWords() const {
    return absl::StrCat("model \"", model, "\" version \"", version, "\"");
  }
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_MODEL_KEY_H_
