#include "server/manifest/row_set.h"

#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace plumbline::manifest {

void RowSetBuilder::AddTexts(absl::string_view name, absl::Span<const absl::string_view> texts,
                             absl::Span<const uint8_t> validity) {
  std::vector<uint32_t> indices(texts.size());
  std::iota(indices.begin(), indices.end(), 0);
  AddTexts(name, texts, indices, validity);
}

void RowSetBuilder::AddTexts(absl::string_view name, absl::Span<const absl::string_view> dictionary,
                             absl::Span<const uint32_t> indices,
                             absl::Span<const uint8_t> validity) {
  std::vector<CellHash> cells;
  cells.reserve(dictionary.size());
  for (const absl::string_view entry : dictionary) cells.push_back(HashOfText(entry));
  RowHasher::AddCoded(RowHasher::KeyOf(name), cells, indices, validity, absl::MakeSpan(sums_));
}

RowSet RowSetBuilder::Finish() const {
  RowSet set{.rows = sums_.size()};
  for (const absl::uint128 sum : sums_) set.digest += RowHasher::Finish(sum).value();
  return set;
}

std::string DigestText(absl::uint128 digest) {
  return absl::StrFormat("%016x%016x", absl::Uint128High64(digest), absl::Uint128Low64(digest));
}

std::optional<absl::uint128> ParseDigest(absl::string_view text) {
  if (text.size() != 32) return std::nullopt;
  uint64_t halves[2] = {0, 0};
  for (int half = 0; half < 2; ++half) {
    for (const char c : text.substr(16 * half, 16)) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    }
    if (!absl::SimpleHexAtoi(text.substr(16 * half, 16), &halves[half])) return std::nullopt;
  }
  return absl::MakeUint128(halves[0], halves[1]);
}

}  // namespace plumbline::manifest
