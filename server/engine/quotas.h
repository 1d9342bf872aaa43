#ifndef PLUMBLINE_SERVER_ENGINE_QUOTAS_H_
#define PLUMBLINE_SERVER_ENGINE_QUOTAS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace plumbline::engine {

/// What clients may make the service keep. Each is a setting of this name.
struct Quotas {
  size_t max_models = 10'000;               // pairs of model and version
  size_t max_variables = 5'000;             // of a baseline
  size_t max_categories = 1'000;            // of a variable, by name; the others are in a filter
  size_t max_sources_per_model = 1'024;     // beyond it sources share one entry
  size_t max_judged_sources = 16;           // of a model; the others count in all rows only
  size_t max_judged_slices = 32;            // of a model, by value of its slice variables
  size_t max_producers_per_model = 10'000;  // epochs; beyond it the one silent longest expires
  size_t max_label_rows_per_model = 1'000'000;    // that wait for labels; beyond it the oldest go
  size_t max_baseline_sessions = 8;               // baselines that are being made
  uint64_t max_spool_bytes = uint64_t{64} << 30;  // of the rows of one of them; set in GiB
};

/// A quota whose excess is refused.
enum class Quota { kModels, kVariables, kBaselineSessions, kSpool, kWatchers };
inline constexpr size_t kRefusingQuotas = static_cast<size_t>(Quota::kWatchers) + 1;

/// The name of its setting.
absl::string_view QuotaName(Quota quota);

/// True for the errors of QuotaBook::Refuse.
bool IsQuotaError(const absl::Status& status);

/// Counts what is refused. Thread-safe.
class QuotaBook {
 public:
  /// ResourceExhausted: `what`, the setting and its value.
  absl::Status Refuse(Quota quota, uint64_t value, absl::string_view what);
  std::array<uint64_t, kRefusingQuotas> refused() const;

  /// False if so many sessions are under way already; else EndSession must follow.
  [[nodiscard]] bool BeginSession(size_t limit);
  void EndSession() { sessions_.fetch_sub(1); }

 private:
  std::array<std::atomic<uint64_t>, kRefusingQuotas> refused_{};
  std::atomic<size_t> sessions_{0};
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_QUOTAS_H_
