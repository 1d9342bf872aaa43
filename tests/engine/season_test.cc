// Drift against the same time of the day: simulated and real series with a large daily curve.
#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/backtest.h"
#include "server/engine/live_model.h"
#include "server/profile/season_counter.h"
#include "tests/data_reader.h"
#include "tests/engine/rows.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::engine {
namespace {

using profile::Season;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kHour = int64_t{3600} * 1'000'000;
const absl::Time kMonday = absl::FromCivil(absl::CivilDay(2026, 3, 2), absl::UTCTimeZone());

// A baseline as the service makes it, with counts by time.
std::shared_ptr<const profile::Baseline> Trained(const profile::BatchView& rows) {
  profile::Baseline baseline = profile::BuildBaseline({rows}).value();
  baseline.number = 1;
  profile::SeasonCounter seasons(baseline);
  EXPECT_TRUE(seasons.wanted());
  seasons.Add(rows);
  baseline.seasons = seasons.Finish();
  return std::make_shared<const profile::Baseline>(std::move(baseline));
}

// 60 rows in half an hour: `x` has a daily curve of 3 standard deviations of its noise, `y` has
// none.
struct DayCurve : BatchOwner {
  std::vector<double> x, y;
  std::vector<int64_t> micros;

  void Add(absl::Time from, double shift, std::mt19937_64* random) {
    std::normal_distribution<double> normal;
    for (int row = 0; row < 60; ++row) {
      const int64_t time = absl::ToUnixMicros(from) + row * kHour / 120;
      const double day = 2 * M_PI * static_cast<double>(time % (24 * kHour)) / (24.0 * kHour);
      x.push_back(3 * std::sin(day) + shift + normal(*random));
      y.push_back(normal(*random));
      micros.push_back(time);
    }
  }
  profile::BatchView View() const {
    profile::BatchView view =
        profile::MakeBatch(static_cast<uint32_t>(x.size()),
                           {profile::NumberColumn("x", x), profile::NumberColumn("y", y)});
    view.row_event_micros = micros;
    return view;
  }
};

class SeasonTest : public ::testing::Test {
 protected:
  SeasonTest() : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    policy_.allowed_lateness = absl::ZeroDuration();
    policy_.pane = absl::Minutes(30);
    policy_.window_panes = 4;
    store_ = storage::Store::Open("/db", {.env = env_.get()}).value();
    DayCurve training;
    for (int pane = 0; pane < 48 * 28; ++pane) {
      training.Add(kMonday + pane * policy_.pane, 0, &random_);
    }
    baseline_ = Trained(training.View());
  }

  void Begin(Season season) {
    policy_.season = season;
    model_ = std::make_unique<LiveModel>(kKey, baseline_, policy_, 1, now_, store_.get());
    SetSeason(season);
  }
  void SetSeason(Season season) {
    policy_.season = season;
    season_ = nullptr;
    if (season != Season::kNone) {
      season_ = profile::SeasonalTraining::Load(*baseline_, season).value();
    }
    model_->ChangePolicy(policy_, nullptr, season_, now_);
  }
  // Lives so many panes; returns the reasons of alerts that began to fire.
  std::vector<std::string> Live(int panes, double shift) {
    std::vector<std::string> told;
    for (int pane = 0; pane < panes; ++pane, now_ += policy_.pane) {
      auto rows = std::make_unique<DayCurve>();
      rows->Add(now_, shift, &random_);
      IngestBatch batch;
      batch.key = kKey;
      batch.view = rows->View();
      batch.owner = std::move(rows);
      model_->Ingest(batch, now_);
      for (const ModelAlert& change : model_->TakeChanges()) {
        if (change.alert.state != checks::AlertState::kFiring) continue;
        if (change.alert.firing_since != now_) continue;
        told.push_back(change.alert.finding.reason);
      }
    }
    return told;
  }
  size_t Firing() const {
    const std::vector<checks::Alert> alerts = model_->alerts();
    return static_cast<size_t>(std::count_if(alerts.begin(), alerts.end(),
                                             [](const auto& alert) { return alert.fires(); }));
  }
  void CommitAndLoad() {
    storage::Store::Batch batch;
    model_->Commit(&batch);
    ASSERT_TRUE(store_->Write(std::move(batch), /*sync=*/false).ok());
    auto loaded = LiveModel::Load(kKey, baseline_, policy_, **store_->GetState("m", "v"), *store_,
                                  {}, nullptr, nullptr, season_);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    model_ = *std::move(loaded);
  }

  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<storage::Store> store_;
  checks::Policy policy_ = checks::DefaultPolicy();
  std::mt19937_64 random_{11};
  std::shared_ptr<const profile::Baseline> baseline_;
  std::shared_ptr<const profile::SeasonalTraining> season_;
  absl::Time now_ = kMonday + absl::Hours(24 * 28);
  std::unique_ptr<LiveModel> model_;
};

TEST_F(SeasonTest, AShiftWithinTheHourIsFoundAndTheDayItselfIsNone) {
  Begin(Season::kHourOfDay);
  EXPECT_THAT(Live(48 * 20, 0), IsEmpty());
  CommitAndLoad();
  EXPECT_THAT(Live(48, 0.5),
              AllOf(Not(IsEmpty()),
                    Each(AllOf(HasSubstr("x: psi"),
                               HasSubstr("against the same hour of the day in training")))));
  // Without a season that is what training's hours vary by themselves.
  ASSERT_GT(Firing(), 0u);
  model_->TakeChanges();
  SetSeason(Season::kNone);
  EXPECT_EQ(Firing(), 0u);
  const std::vector<ModelAlert> ended = model_->TakeChanges();
  ASSERT_THAT(ended, Not(IsEmpty()));
  EXPECT_EQ(ended[0].alert.state, checks::AlertState::kResolved);
  EXPECT_THAT(ended[0].alert.finding.reason,
              EndsWith("; the policy changed: it has another season"));
  Live(48, 0);
  EXPECT_EQ(Firing(), 0u);
  EXPECT_THAT(Live(48, 0.5), IsEmpty());
  CommitAndLoad();
  SetSeason(Season::kHourOfWeek);
  EXPECT_THAT(Live(48 * 7, 0), IsEmpty());
  EXPECT_THAT(Live(48, 1),
              AllOf(Not(IsEmpty()), Each(HasSubstr("the same hour of the week in training"))));
}

// What the whole of training says of some of its rows, and what the same time of the day does.
TEST_F(SeasonTest, EachHourIsComparedWithItself) {
  const auto season = profile::SeasonalTraining::Load(*baseline_, Season::kHourOfDay).value();
  profile::BucketRows six(24);
  six[6] = 200;
  profile::SeasonalBaseline trained(baseline_.get(), season);
  const profile::VariableBaseline& at_six = trained.At(six).variables[0];
  EXPECT_EQ(at_six.counts.Coded(), 28u * 120);
  EXPECT_NEAR(at_six.counts.moments.Mean(), 3, 0.1);
  EXPECT_NEAR(at_six.counts.moments.StandardDeviation(), 1, 0.1);
  EXPECT_GE(at_six.grouping.groups, 9u);
  // Beside the hours nothing varies but by chance.
  EXPECT_GT(baseline_->variables[0].natural.PsiLimit(240), 0.5);
  EXPECT_LT(at_six.natural.PsiLimit(240), 0.2);
  EXPECT_LT(at_six.natural.groups, 2.5);
  // Both halves of a day, in proportion.
  profile::BucketRows both(24);
  both[6] = 300;
  both[18] = 100;
  EXPECT_NEAR(trained.At(both).variables[0].counts.moments.Mean(), 1.5, 0.1);
  EXPECT_NEAR(static_cast<double>(trained.At(both).variables[0].counts.Coded()),
              28 * 120 / (0.75 * 0.75 + 0.25 * 0.25), 2);
  EXPECT_NEAR(
      static_cast<double>(trained.At(profile::BucketRows(24, 5)).variables[0].counts.Coded()),
      static_cast<double>(baseline_->variables[0].counts.Coded()), 5);
}

// The hours from 8 to 20 of every second week.
TEST(Season, BikesAreComparedWithThoseOfTheSameHours) {
  const testing::Table table = testing::ReadCsv("bike_sharing/hour.csv.gz");
  const std::vector<std::string> names = {"temp", "hum", "windspeed", "cnt"};
  struct Part {
    std::vector<std::vector<double>> values = std::vector<std::vector<double>>(4);
    std::vector<int64_t> micros;
  } trained, live, more;
  for (size_t row = 0; row < table.rows(); ++row) {
    absl::Time day;
    ASSERT_TRUE(absl::ParseTime("%Y-%m-%d", table.Column("dteday")[row], &day, nullptr));
    int hour = 0;
    ASSERT_TRUE(absl::SimpleAtoi(table.Column("hr")[row], &hour));
    const auto week = (absl::ToUnixSeconds(day) / 86'400) / 7 % 2;
    if (absl::ToCivilDay(day, absl::UTCTimeZone()).year() != 2011) continue;
    if (week == 1 && (hour < 8 || hour >= 20)) continue;
    for (Part* part : week == 0 ? std::vector<Part*>{&trained} : std::vector{&live, &more}) {
      part->micros.push_back(absl::ToUnixMicros(day + absl::Hours(hour)));
      for (size_t i = 0; i < names.size(); ++i) {
        double value = 0;
        ASSERT_TRUE(absl::SimpleAtod(table.Column(names[i])[row], &value));
        part->values[i].push_back(part == &more && names[i] == "cnt" ? 1.6 * value : value);
      }
    }
  }
  const auto view = [&](const Part& part) {
    std::vector<profile::ColumnView> columns;
    for (size_t i = 0; i < names.size(); ++i) {
      columns.push_back(profile::NumberColumn(names[i], part.values[i]));
    }
    auto batch = profile::MakeBatch(static_cast<uint32_t>(part.micros.size()), columns);
    batch.row_event_micros = part.micros;
    return batch;
  };
  const auto baseline = Trained(view(trained));
  checks::Policy policy = checks::DefaultPolicy();
  const auto fired = [&](const Part& part, Season asked) {
    policy.season = asked;
    std::vector<std::string> told;
    Backtester backtester(
        baseline, policy, {.rows = 0, .duration = absl::Hours(28 * 24), .calendar = {}},
        asked == Season::kNone ? nullptr
                               : profile::SeasonalTraining::Load(*baseline, asked).value());
    const auto emit = [&](const BacktestChunk& chunk) {
      for (const checks::Finding& finding : chunk.findings) {
        if (finding.check != checks::CheckId::kDrift) continue;
        if (finding.status == checks::Status::kFiring) told.push_back(finding.reason);
      }
    };
    EXPECT_TRUE(backtester.Add(view(part), emit).ok());
    EXPECT_TRUE(backtester.Finish(emit).ok());
    return told;
  };
  // The season of the year is none of them: a month may still be unlike the year.
  const std::vector<std::string> plain = fired(live, Season::kNone);
  EXPECT_THAT(plain, ::testing::Contains(HasSubstr("cnt: psi")));
  const std::vector<std::string> seasonal = fired(live, Season::kHourOfDay);
  EXPECT_LT(seasonal.size(), plain.size());
  EXPECT_LE(seasonal.size(), 1u);
  EXPECT_THAT(fired(more, Season::kHourOfDay), ::testing::Contains(HasSubstr("cnt: psi")));
}

}  // namespace
}  // namespace plumbline::engine
