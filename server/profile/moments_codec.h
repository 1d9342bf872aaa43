#ifndef PLUMBLINE_SERVER_PROFILE_MOMENTS_CODEC_H_
#define PLUMBLINE_SERVER_PROFILE_MOMENTS_CODEC_H_

#include <cstdint>

#include "absl/status/status.h"
#include "server/profile/byte_io.h"
#include "server/stats/compensated_sum.h"
#include "server/stats/moments.h"

namespace plumbline::profile {

/// A sum in full precision; one that overflowed comes back as an infinity.
void WriteSum(const stats::CompensatedSum& sum, ByteWriter* out);
stats::CompensatedSum ReadSum(ByteReader* in);

/// Moments of at least one value, whose number is written elsewhere. Errors: DataLoss.
void WriteMoments(const stats::Moments& moments, ByteWriter* out);
absl::Status ReadMoments(uint64_t count, ByteReader* in, stats::Moments* read);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_MOMENTS_CODEC_H_
