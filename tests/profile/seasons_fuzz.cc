// Training's counts by the time of the week as they may be stored with a fixed baseline: refused,
// or read into counts that are stored again byte for byte and compared with at any time.
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/profile/pane.h"
#include "server/profile/season_counter.h"
#include "server/profile/seasonal_training.h"
#include "tests/fuzz/fuzz.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::fuzz {
namespace {

constexpr uint32_t kRows = 3 * 336;  // three an hour for two weeks, from a Thursday on

// A number, sometimes null, and a category.
const profile::BatchView& Rows() {
  static const auto* const heat = [] {
    auto* values = new std::vector<double>;
    for (uint32_t row = 0; row < kRows; ++row) values->push_back(row / 3 % 24 + row * 7 % 5);
    return values;
  }();
  static const auto* const city = [] {
    auto* values = new std::vector<std::string>;
    for (uint32_t row = 0; row < kRows; ++row) values->push_back(absl::StrCat("c", row % 9 % 4));
    return values;
  }();
  static const auto* const times = [] {
    auto* values = new std::vector<int64_t>;
    for (uint32_t row = 0; row < kRows; ++row) values->push_back(int64_t{row} * 1'200'000'000);
    return values;
  }();
  static const auto* const validity = new std::vector<uint8_t>(kRows / 8, 0xfb);
  static const auto* const batch = [] {
    auto* made = new profile::BatchView(profile::MakeBatch(
        kRows, {profile::NumberColumn("heat", *heat), profile::TextColumn("city", *city)}));
    made->columns[0].validity = *validity;
    made->row_event_micros = *times;
    return made;
  }();
  return *batch;
}

const profile::Baseline& WithTimes() {
  static const auto* const baseline = [] {
    profile::BaselineOptions options;
    options.max_sample_rows = 1;
    return new profile::Baseline(profile::BuildBaseline({Rows()}, {}, options).value());
  }();
  return *baseline;
}

std::string SeasonsOf(profile::SeasonOptions options) {
  profile::SeasonCounter counter(WithTimes(), options);
  counter.Add(Rows());
  return counter.Finish();
}

void Compare(const profile::SeasonCounts& counts, profile::Season season) {
  const profile::Baseline& baseline = WithTimes();
  const profile::SeasonalTraining training(baseline, counts, season);
  profile::Baseline trained = baseline;
  profile::BucketRows rows(training.buckets());
  rows.front() = 3;
  rows.back() = 1;
  for (const profile::BucketRows& at : {profile::BucketRows(rows.size()), rows}) {
    training.Apply(at, &trained);
    for (size_t i = 0; i < baseline.variables.size(); ++i) {
      const profile::SeasonalTraining::Mixture mixture = training.At(i, at);
      for (const double share : mixture.shares)
        Check(share >= 0 && share <= 1.001, "a share is one");
      const auto ranks =
          profile::SeasonalTraining::Ranks(mixture.shares, baseline.variables[i].counts.codes);
      Check(ranks.size() == profile::SeasonalTraining::kRanks, "there are as many ranks");
      for (const float share : training.Reference(i, mixture).shares) {
        Check(std::isfinite(share) && share > 0, "every rank has a share");
      }
    }
  }
}

}  // namespace

std::vector<std::string> Seeds() { return {SeasonsOf({}), SeasonsOf({.max_bytes = 4'000})}; }

}  // namespace plumbline::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace plumbline;
  const profile::Baseline& baseline = fuzz::WithTimes();
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto counts = profile::DecodeSeasons(baseline, bytes);
  if (!counts.ok()) return 0;
  const std::string again = profile::EncodeSeasons(*counts);
  const auto reread = profile::DecodeSeasons(baseline, again);
  fuzz::Check(reread.ok(), "counts that were read can be stored and read again");
  fuzz::Check(profile::EncodeSeasons(*reread) == again, "they are the same counts");
  for (const profile::Season season : profile::kSeasons) {
    if (counts->Holds(season)) fuzz::Compare(*counts, season);
  }
  return 0;
}
