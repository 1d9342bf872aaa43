#ifndef PLUMBLINE_TESTS_TRUST_STREAMS_H_
#define PLUMBLINE_TESTS_TRUST_STREAMS_H_

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "server/profile/batch.h"

namespace plumbline::trust {

/// xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64: streams are the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      word = z ^ (z >> 31);
    }
  }
  uint64_t Bits() {
    const auto rotate = [](uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    const uint64_t result = rotate(state_[1] * 5, 7) * 9, t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  /// In (0, 1).
  double Uniform() { return (static_cast<double>(Bits() >> 12) + 0.5) * 0x1p-52; }
  /// Box and Muller (1958).
  double Normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(Uniform()));
    const double angle = 2 * std::numbers::pi * Uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

enum class Kind {
  kNormal,
  kLogNormal,
  kSmallIntegers,
  kZeroInflated,
  kManyCategories,  // 26, the rarest about 0.1%
  kFewCategories,   // 4: 55%, 30%, 10%, 5%
};

/// How rows hang together.
enum class Rows {
  kIndependent,
  kCorrelated,  // half of each variable's variance is common to all of the row
  // Of order one with 0.9 from row to row, each variable by itself, and its nulls come in runs of
  // 10 on average.
  kAutocorrelated,
  // Independent, but for runs that each variable has by itself: 5% of the rows in runs of 50 on
  // average of a category that no other run has; of numbers 0.5%, in runs of 5 about a value far
  // out that is the run's own.
  kRuns,
};

/// What happens to the first variable. Shifts and factors are in its standard deviations.
struct Change {
  double shift = 0;
  double spread = 1;
  double stuck = 0;               // share of rows that have one value, which training has too
  double new_atom = 0;            // share of rows that have one value, which training hardly has
  double null_rate = -1;          // < 0: as ever
  double category_share = -1;     // of the rarest of kFewCategories
  uint64_t grows_over_panes = 0;  // 0: at once
};

/// Rows of a model's life: batches of consecutive rows that go on where the last ended.
class Stream {
 public:
  Stream(std::vector<Kind> kinds, Rows rows, double null_rate, uint64_t seed);

  /// The next rows; valid until the next call. `change` with how much of it is there, 0 to 1.
  profile::BatchView Next(uint32_t rows, const Change& change = {}, double extent = 0);

 private:
  void Fill(size_t variable, uint32_t rows, const Change* change);
  // Whether the next value of a variable is null, which it is at this rate.
  bool IsNull(size_t variable, double rate);
  // Whether the next row of a variable is one of a run, for kRuns; begins and ends runs.
  bool IsInRun(size_t variable);
  // The category of the variable's run.
  uint32_t RunCategory(size_t variable);

  const std::vector<Kind> kinds_;
  const Rows rows_;
  const double null_rate_;
  Random random_;
  std::vector<double> latent_;  // by variable: the last, for kAutocorrelated
  std::vector<bool> null_;      // by variable: the last was, for kAutocorrelated
  std::vector<bool> run_;       // by variable: the last was of a run, for kRuns
  std::vector<double> far_;     // by variable: about which its run is
  std::vector<uint64_t> runs_;  // by variable: begun
  std::vector<double> common_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> categories_;  // by variable: what indices_ point at
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<uint32_t>> indices_;
  std::vector<std::vector<uint8_t>> validity_;
};

/// `count` variables, all normal, or of every kind in turn.
std::vector<Kind> Kinds(size_t count, bool mixed);

}  // namespace plumbline::trust

#endif  // PLUMBLINE_TESTS_TRUST_STREAMS_H_
