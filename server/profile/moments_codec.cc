#include "server/profile/moments_codec.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/status/statusor.h"

namespace plumbline::profile {
namespace {

// An overflowed sum has no compensation (and may have become NaN): it is an infinity.
void WriteSum(double sum, double compensation, ByteWriter* out) {
  const bool finite = std::isfinite(sum) && std::isfinite(compensation);
  const double infinity = std::numeric_limits<double>::infinity();
  out->Double(finite ? sum : sum < 0 ? -infinity : infinity);
  out->Double(finite ? compensation : 0);
}

}  // namespace

void WriteSum(const stats::CompensatedSum& sum, ByteWriter* out) {
  WriteSum(sum.sum(), sum.compensation(), out);
}

stats::CompensatedSum ReadSum(ByteReader* in) {
  const double sum = in->Double();
  return stats::CompensatedSum::FromParts(sum, in->Double());
}

void WriteMoments(const stats::Moments& moments, ByteWriter* out) {
  const stats::MomentsParts parts = moments.ToParts();
  out->Double(parts.shift);
  WriteSum(parts.sum, parts.sum_compensation, out);
  WriteSum(parts.sum_squares, parts.sum_squares_compensation, out);
  out->Double(parts.min);
  out->Double(parts.max);
}

absl::Status ReadMoments(uint64_t count, ByteReader* in, stats::Moments* read) {
  stats::MomentsParts parts;
  parts.count = count;
  for (double* part : {&parts.shift, &parts.sum, &parts.sum_compensation, &parts.sum_squares,
                       &parts.sum_squares_compensation, &parts.min, &parts.max}) {
    *part = in->Double();
  }
  if (count == 0) return absl::DataLossError("moments of no values");
  absl::StatusOr<stats::Moments> moments = stats::Moments::FromParts(parts);
  if (!moments.ok()) return absl::DataLossError(moments.status().message());
  *read = *std::move(moments);
  return absl::OkStatus();
}

}  // namespace plumbline::profile
