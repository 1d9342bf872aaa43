#include "tests/fuzz/fixed_baseline.h"

#include <array>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::fuzz {
namespace {

constexpr uint32_t kRows = 300;

struct Columns {
  std::vector<double> age, score;
  std::vector<float> heat;
  std::vector<int64_t> items, code, times;
  std::array<bool, kRows> member;
  std::vector<std::string> city;
  std::vector<uint8_t> validity = std::vector<uint8_t>((kRows + 7) / 8, 0xef);
};

const Columns& Values() {
  static const Columns* const values = [] {
    auto* made = new Columns;
    for (uint32_t row = 0; row < kRows; ++row) {
      made->age.push_back(20 + (row * 7919) % 503 / 10.0);
      made->score.push_back((row * 104729) % 1000 / 1000.0);
      made->heat.push_back(static_cast<float>(row % 3 == 0 ? 36.6 : row * 0.37));
      made->items.push_back(row % 17);
      made->code.push_back(100 + row % 5);
      made->times.push_back(1'700'000'000'000'000 + int64_t{row} * 1'000'000);
      made->member[row] = row % 4 != 0;
      made->city.push_back(row == 7 ? "rare" : absl::StrCat("city", row % 9));
    }
    return made;
  }();
  return *values;
}

profile::BatchView MakeFixedBatch() {
  const Columns& values = Values();
  profile::BatchView batch;
  batch.rows = kRows;
  batch.columns = {
      profile::NumberColumn("age", values.age), profile::NumberColumn("heat", values.heat),
      profile::NumberColumn("items", values.items), profile::NumberColumn("code", values.code)};
  batch.columns[0].validity = values.validity;
  profile::ColumnView& member = batch.columns.emplace_back();
  member.name = "member";
  member.values = absl::Span<const bool>(values.member);
  batch.columns.push_back(profile::TextColumn("city", values.city));
  batch.columns.back().validity = values.validity;
  batch.columns.push_back(profile::NumberColumn("score", values.score));
  batch.columns.back().role = profile::Role::kPrediction;
  batch.row_event_micros = values.times;
  batch.source = "eu";
  return batch;
}

}  // namespace

const profile::BatchView& FixedBatch() {
  static const auto* const batch = new profile::BatchView(MakeFixedBatch());
  return *batch;
}

const profile::Baseline& FixedBaseline() {
  static const profile::Baseline* const baseline = [] {
    profile::BaselineOptions options;
    options.max_chunks = 4;
    options.max_sample_rows = 20;
    auto built = profile::BuildBaseline(
        {FixedBatch()}, {{"code", std::nullopt, profile::Kind::kCategorical}}, options);
    auto* made = new profile::Baseline(*std::move(built));
    made->model = "fuzz";
    made->version = "1";
    made->number = 1;
    made->created_at = absl::FromUnixSeconds(1'700'000'000);
    return made;
  }();
  return *baseline;
}

}  // namespace plumbline::fuzz
