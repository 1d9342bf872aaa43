#include "server/stats/membership_filter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "server/stats/hash.h"

namespace plumbline::stats {
namespace {

constexpr absl::string_view kMagic = "PLBF";
constexpr char kVersion = 1;
constexpr size_t kHeaderBytes = 8;  // magic, version, probes, two zeros
constexpr int kMaxProbes = 16;

size_t WordsFor(double items, double rate, size_t max_bytes) {
  const double ln2 = std::log(2.0);
  const double bits = std::ceil(-items * std::log(rate) / (ln2 * ln2));
  const double most = static_cast<double>(std::max<size_t>(max_bytes / 8, 1));
  return static_cast<size_t>(std::clamp(std::ceil(bits / 64), 1.0, most));
}

}  // namespace

MembershipFilter::MembershipFilter(uint64_t expected_items, double false_positive_rate,
                                   size_t max_bytes) {
  const double items = std::max(1.0, static_cast<double>(expected_items));
  // A NaN rate is as good as none: the comparison sends it to the smallest.
  const double rate = false_positive_rate > 1e-9 ? std::min(false_positive_rate, 0.5) : 1e-9;
  words_.resize(WordsFor(items, rate, max_bytes));
  const double bits_per_item = static_cast<double>(words_.size()) * 64 / items;
  probes_ = static_cast<int>(
      std::clamp(std::round(bits_per_item * std::log(2.0)), 1.0, double{kMaxProbes}));
}

MembershipFilter::MembershipFilter(int probes, std::vector<uint64_t> words)
    : probes_(probes), words_(std::move(words)) {}

void MembershipFilter::Insert(uint64_t hash) {
  const uint64_t bits = words_.size() * 64;
  const uint64_t step = HashUint64(hash) | 1;
  for (int i = 0; i < probes_; ++i, hash += step) {
    const uint64_t bit = hash % bits;
    words_[bit / 64] |= uint64_t{1} << (bit % 64);
  }
}

bool MembershipFilter::MayContain(uint64_t hash) const {
  const uint64_t bits = words_.size() * 64;
  const uint64_t step = HashUint64(hash) | 1;
  for (int i = 0; i < probes_; ++i, hash += step) {
    const uint64_t bit = hash % bits;
    if ((words_[bit / 64] >> (bit % 64) & 1) == 0) return false;
  }
  return true;
}

double MembershipFilter::FalsePositiveRate() const {
  uint64_t set = 0;
  for (const uint64_t word : words_) set += static_cast<uint64_t>(std::popcount(word));
  return std::pow(static_cast<double>(set) / (static_cast<double>(words_.size()) * 64), probes_);
}

std::string MembershipFilter::bytes() const {
  std::string result(kMagic.data(), kMagic.size());
  result.reserve(kHeaderBytes + words_.size() * 8);
  result.append({kVersion, static_cast<char>(probes_), 0, 0});
  for (const uint64_t word : words_) {
    for (int i = 0; i < 8; ++i) result.push_back(static_cast<char>(word >> (8 * i)));
  }
  return result;
}

absl::StatusOr<MembershipFilter> MembershipFilter::FromBytes(absl::string_view bytes) {
  if (bytes.size() < kHeaderBytes + 8 || bytes.size() % 8 != 0 ||
      bytes.substr(0, kMagic.size()) != kMagic) {
    return absl::InvalidArgumentError("membership filter: not one, or cut short");
  }
  const int probes = bytes[5];
  if (bytes[4] != kVersion || bytes[6] != 0 || bytes[7] != 0) {
    return absl::InvalidArgumentError("membership filter: unknown version");
  }
  if (probes < 1 || probes > kMaxProbes) {
    return absl::InvalidArgumentError("membership filter: impossible number of probes");
  }
  std::vector<uint64_t> words((bytes.size() - kHeaderBytes) / 8);
  for (size_t w = 0; w < words.size(); ++w) {
    for (int i = 0; i < 8; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[kHeaderBytes + w * 8 + i]);
      words[w] |= uint64_t{byte} << (8 * i);
    }
  }
  return MembershipFilter(probes, std::move(words));
}

}  // namespace plumbline::stats
