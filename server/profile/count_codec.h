#ifndef PLUMBLINE_SERVER_PROFILE_COUNT_CODEC_H_
#define PLUMBLINE_SERVER_PROFILE_COUNT_CODEC_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/profile/byte_io.h"
#include "server/profile/code_counts.h"

namespace plumbline::profile {

/// Appends the counts in the shorter of two forms, behind a byte that says which. 0: pairs of
/// (codes skipped, count) as varints, behind their number; for few codes in use. 1 + k: each count
/// in bits, the lowest first: count >> k ones, a zero, the k lower bits (Rice 1979, "Some practical
/// universal noiseless coding techniques"); from kEscape ones on as many ones, 6 bits for a width
/// less one, and the count in that width. A minute of 100 rows over 226 codes takes about 50 bytes,
/// one of 6,000 rows about 190.
void WriteCounts(const CodeCounts& counts, ByteWriter* out);

/// Reads them into `counts`, which has as many codes. Errors: DataLoss. Hostile bytes are safe.
absl::Status ReadCounts(ByteReader* in, absl::Span<uint64_t> counts);
/// The pairs alone, without a byte before them.
absl::Status ReadCountPairs(ByteReader* in, absl::Span<uint64_t> counts);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_COUNT_CODEC_H_
