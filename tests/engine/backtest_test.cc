#include "server/engine/backtest.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/engine/baseline_session.h"
#include "tests/data_reader.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

using ::plumbline::testing::ReadCsv;
using ::plumbline::testing::Table;

// Rows [begin, end) of a table as a batch; columns that are all numbers are numeric.
class Slice {
 public:
  Slice(const Table& table, const std::vector<std::string>& names, size_t begin, size_t end)
      : rows_(end - begin) {
    for (const std::string& wanted : names) {
      const std::vector<std::string>& all = table.Column(wanted);
      // The columns point to this name, and not to the caller's.
      auto& [name, numbers] = *numbers_.try_emplace(wanted).first;
      bool numeric = true;
      for (size_t row = 0; row < all.size() && numeric; ++row) {
        double value = 0;
        numeric = absl::SimpleAtod(all[row], &value);
        if (row >= begin && row < end) numbers.push_back(value);
      }
      if (numeric) {
        columns_.push_back(profile::NumberColumn(name, numbers));
      } else {
        std::vector<std::string>& text = text_[name];
        text.assign(all.begin() + static_cast<ptrdiff_t>(begin),
                    all.begin() + static_cast<ptrdiff_t>(end));
        columns_.push_back(profile::TextColumn(name, text));
      }
    }
  }
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;

  // Times like `2021-06-01 00:00:00`, in UTC.
  void SetTimes(const std::vector<std::string>& all, size_t begin) {
    for (size_t row = begin; row < begin + rows_; ++row) {
      absl::Time time;
      std::string error;
      EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", all[row], &time, &error)) << error;
      micros_.push_back(absl::ToUnixMicros(time));
    }
  }
  profile::BatchView View() const {
    profile::BatchView view = profile::MakeBatch(static_cast<uint32_t>(rows_), columns_);
    view.row_event_micros = micros_;
    return view;
  }

 private:
  const size_t rows_;
  std::map<std::string, std::vector<double>> numbers_;
  std::map<std::string, std::vector<std::string>> text_;
  std::vector<profile::ColumnView> columns_;
  std::vector<int64_t> micros_;
};

std::shared_ptr<const profile::Baseline> Trained(const Slice& slice) {
  auto baseline = profile::BuildBaseline({slice.View()});
  EXPECT_TRUE(baseline.ok()) << baseline.status();
  return std::make_shared<const profile::Baseline>(*std::move(baseline));
}

std::vector<BacktestChunk> Chunks(std::shared_ptr<const profile::Baseline> baseline,
                                  const std::vector<profile::BatchView>& batches,
                                  const Chunking& chunking) {
  std::vector<BacktestChunk> chunks;
  const auto emit = [&](BacktestChunk chunk) { chunks.push_back(std::move(chunk)); };
  Backtester backtester(std::move(baseline), checks::DefaultPolicy(), chunking);
  for (const profile::BatchView& batch : batches) {
    const absl::Status added = backtester.Add(batch, emit);
    EXPECT_TRUE(added.ok()) << added;
  }
  const absl::Status finished = backtester.Finish(emit);
  EXPECT_TRUE(finished.ok()) << finished;
  return chunks;
}

// In how many chunks the check fires, by variable.
std::map<std::string, size_t> Fired(const std::vector<BacktestChunk>& chunks,
                                    checks::CheckId check) {
  std::map<std::string, size_t> fired;
  for (const BacktestChunk& chunk : chunks) {
    for (const checks::Finding& finding : chunk.findings) {
      if (finding.status == checks::Status::kFiring && finding.check == check) {
        ++fired[finding.variable];
      }
    }
  }
  return fired;
}

std::vector<std::string> Reasons(const std::vector<BacktestChunk>& chunks) {
  std::vector<std::string> reasons;
  for (const BacktestChunk& chunk : chunks) {
    for (const checks::Finding& finding : chunk.findings) {
      if (finding.status == checks::Status::kFiring) {
        reasons.push_back(absl::StrCat(checks::CheckName(finding.check), ": ", finding.reason));
      }
    }
  }
  return reasons;
}

TEST(Backtest, CaliforniaHousingDriftsWhereItsRowsComeFromOtherPlaces) {
  const std::vector<std::string> names = {"MedInc",     "HouseAge", "AveRooms", "AveBedrms",
                                          "Population", "AveOccup", "Latitude", "Longitude"};
  const Table trained = ReadCsv("california_housing/reference.csv.gz");
  const Table live = ReadCsv("california_housing/analysis.csv.gz");
  Slice rows(live, names, 0, live.rows());
  rows.SetTimes(live.Column("timestamp"), 0);
  const auto chunks = Chunks(Trained(Slice(trained, names, 0, trained.rows())), {rows.View()},
                             {.rows = 0, .duration = absl::Hours(24 * 30), .calendar = {}});
  EXPECT_EQ(chunks.size(), 12u);
  uint64_t total = 0;
  for (const BacktestChunk& chunk : chunks) total += chunk.rows;
  EXPECT_EQ(total, live.rows());
  auto fired = Fired(chunks, checks::CheckId::kDrift);
  EXPECT_GT(fired["Longitude"], chunks.size() / 2);
  EXPECT_GE(fired["Latitude"], chunks.size() / 2);  // training's months vary as well
  EXPECT_EQ(fired["Population"], 0u);
  EXPECT_LE(fired["AveBedrms"], 1u);
}

TEST(Backtest, TheSecondHalfOfAdultIsLikeTheFirst) {
  const Table table = ReadCsv("adult/adults.csv.gz");
  constexpr size_t kHalf = 24'421;
  const Slice first(table, table.names, 0, kHalf);
  const Slice second(table, table.names, kHalf, table.rows());
  const auto baseline = Trained(first);
  EXPECT_THAT(Reasons(Chunks(baseline, {second.View()}, {})), ::testing::IsEmpty());
  EXPECT_THAT(
      Reasons(Chunks(baseline, {second.View()}, {.rows = 2'000, .duration = {}, .calendar = {}})),
      ::testing::IsEmpty());
}

TEST(Backtest, LevelsOfEducationThatTrainingLacksAreNamed) {
  const Table all = ReadCsv("adult/adults.csv.gz");
  const std::set<std::string> left_out = {"Doctorate", "Preschool"};
  Table trained{all.names, {}}, live{all.names, {}};
  for (const std::vector<std::string>& column : all.columns) {
    trained.columns.emplace_back();
    live.columns.emplace_back();
    for (size_t row = 0; row < all.rows(); ++row) {
      const bool unseen = left_out.contains(all.Column("education")[row]);
      (unseen || row % 20 == 0 ? live : trained).columns.back().push_back(column[row]);
    }
  }
  const std::vector<std::string> names = {"education"};
  const auto chunks = Chunks(Trained(Slice(trained, names, 0, trained.rows())),
                             {Slice(live, names, 0, live.rows()).View()}, {});
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(Fired(chunks, checks::CheckId::kUnseenCategory)["education"], 1u);
  EXPECT_THAT(Reasons(chunks),
              ::testing::Contains(::testing::AllOf(::testing::StartsWith("unseen_category"),
                                                   ::testing::HasSubstr("`Doctorate`"),
                                                   ::testing::HasSubstr("`Preschool`"))));
}

TEST(Backtest, ElectricityThatWasConstantComesAliveAndThePriceDrifts) {
  const Table table = ReadCsv("elec2/elec_reduced.csv.gz");
  const std::vector<std::string> names = {"nswprice", "nswdemand", "vicprice", "vicdemand",
                                          "transfer"};
  constexpr size_t kTrained = 17'424;
  const auto chunks = Chunks(Trained(Slice(table, names, 0, kTrained)),
                             {Slice(table, names, kTrained, table.rows()).View()},
                             {.rows = 2'000, .duration = {}, .calendar = {}});
  EXPECT_EQ(chunks.size(), 9u);
  auto alive = Fired(chunks, checks::CheckId::kCameAlive);
  for (const std::string name : {"vicprice", "vicdemand", "transfer"}) {
    EXPECT_EQ(alive[name], chunks.size()) << name;
  }
  EXPECT_EQ(alive["nswprice"], 0u);
  auto drift = Fired(chunks, checks::CheckId::kDrift);
  EXPECT_GT(drift["nswprice"], chunks.size() / 2);
  EXPECT_EQ(drift["vicprice"], 0u);  // it has no scale: it did not vary
}

TEST(Backtest, BikesOfJulyAreWarmerThanThoseOfJanuary) {
  const Table table = ReadCsv("bike_sharing/hour.csv.gz");
  const auto month = [&](const std::string& prefix) {
    Table part{table.names, {}};
    for (const std::vector<std::string>& column : table.columns) {
      part.columns.emplace_back();
      for (size_t row = 0; row < table.rows(); ++row) {
        if (absl::StartsWith(table.Column("dteday")[row], prefix)) {
          part.columns.back().push_back(column[row]);
        }
      }
    }
    return part;
  };
  const Table january = month("2011-01"), july = month("2011-07");
  const std::vector<std::string> names = {"temp", "hr"};
  const auto chunks = Chunks(Trained(Slice(january, names, 0, january.rows())),
                             {Slice(july, names, 0, july.rows()).View()}, {});
  auto fired = Fired(chunks, checks::CheckId::kDrift);
  EXPECT_EQ(fired["temp"], 1u);
  EXPECT_EQ(fired["hr"], 0u);
  EXPECT_THAT(Reasons(chunks), ::testing::Contains(::testing::StartsWith("drift: temp: psi")));
}

// Bikes by the hour: rows of a year in the order of the file or shuffled, and their times.
class Bikes {
 public:
  Bikes() : all_(ReadCsv("bike_sharing/hour.csv.gz")), some_{all_.names, {}} {}

  // The odd or the even weeks of 2011.
  void Choose(bool odd, bool shuffled) {
    std::vector<size_t> rows;
    for (size_t row = 0; row < all_.rows(); ++row) {
      const std::string& date = all_.Column("dteday")[row];
      const absl::CivilDay day = absl::ToCivilDay(TimeOf(row), absl::UTCTimeZone());
      if (absl::StartsWith(date, "2011") && (absl::GetYearDay(day) - 1) / 7 % 2 == (odd ? 1 : 0)) {
        rows.push_back(row);
      }
    }
    if (shuffled) std::shuffle(rows.begin(), rows.end(), std::mt19937_64(8));
    some_.columns.assign(all_.columns.size(), {});
    times_.clear();
    for (const size_t row : rows) {
      for (size_t i = 0; i < all_.columns.size(); ++i) {
        some_.columns[i].push_back(all_.columns[i][row]);
      }
      times_.push_back(absl::FormatTime("%Y-%m-%d %H:%M:%S", TimeOf(row), absl::UTCTimeZone()));
    }
  }
  // `times`: one a row, or one for all, or none.
  enum class Times { kOfRows, kEqual, kNone };
  std::vector<std::unique_ptr<Slice>> Batches(Times times, size_t length) const {
    std::vector<std::unique_ptr<Slice>> batches;
    for (size_t begin = 0; begin < some_.rows(); begin += length) {
      batches.push_back(
          std::make_unique<Slice>(some_, kNames, begin, std::min(begin + length, some_.rows())));
      if (times == Times::kOfRows) batches.back()->SetTimes(times_, begin);
      if (times == Times::kEqual) {
        batches.back()->SetTimes(std::vector<std::string>(length, "2011-01-01 00:00:00"), 0);
      }
    }
    return batches;
  }
  // As the service makes it, chosen rows in batches of 500.
  std::shared_ptr<const profile::Baseline> Trained(Times times) const {
    auto spool = storage::Spool::Create(::testing::TempDir() + "plumbline-bikes", 1 << 30);
    EXPECT_TRUE(spool.ok()) << spool.status();
    QuotaBook quota_book;
    EXPECT_TRUE(quota_book.BeginSession(1));
    BaselineSession session({.model = "bikes", .version = "", .hints = {}, .description = ""},
                            *std::move(spool), {}, &quota_book);
    for (const auto& batch : Batches(times, 500)) EXPECT_TRUE(session.Add(batch->View()).ok());
    auto baseline = session.Build(some_.rows());
    EXPECT_TRUE(baseline.ok()) << baseline.status();
    return std::make_shared<const profile::Baseline>(*std::move(baseline));
  }

 private:
  absl::Time TimeOf(size_t row) const {
    absl::Time day;
    int hour = 0;
    EXPECT_TRUE(absl::ParseTime("%Y-%m-%d", all_.Column("dteday")[row], &day, nullptr));
    EXPECT_TRUE(absl::SimpleAtoi(all_.Column("hr")[row], &hour));
    return day + absl::Hours(hour);
  }

  inline static const std::vector<std::string> kNames = {"temp", "hum", "windspeed", "weathersit",
                                                         "cnt"};
  const Table all_;
  Table some_;
  std::vector<std::string> times_;
};

TEST(Backtest, TimesTellWhatShuffledTrainingVariesByItself) {
  using Times = Bikes::Times;
  Bikes bikes;
  bikes.Choose(/*odd=*/true, /*shuffled=*/false);
  const auto ordered = bikes.Trained(Times::kOfRows), plain = bikes.Trained(Times::kNone);
  bikes.Choose(/*odd=*/true, /*shuffled=*/true);
  const auto recovered = bikes.Trained(Times::kOfRows), lost = bikes.Trained(Times::kNone),
             equal = bikes.Trained(Times::kEqual);
  EXPECT_TRUE(ordered->in_time_order && recovered->in_time_order);
  EXPECT_FALSE(plain->in_time_order || lost->in_time_order || equal->in_time_order);
  EXPECT_TRUE(profile::KnowsNaturalVariation(*plain));
  EXPECT_FALSE(profile::KnowsNaturalVariation(*lost));
  ASSERT_EQ(recovered->chunks.size(), ordered->chunks.size());
  for (size_t i = 0; i < ordered->chunks.size(); ++i) {
    EXPECT_EQ(recovered->chunks[i].rows, ordered->chunks[i].rows);
    EXPECT_EQ(recovered->chunks[i].start, ordered->chunks[i].start);
    EXPECT_EQ(recovered->chunks[i].end, ordered->chunks[i].end);
  }
  for (size_t i = 0; i < ordered->variables.size(); ++i) {
    const profile::VariableBaseline& wanted = ordered->variables[i];
    const profile::VariableBaseline& found = recovered->variables[i];
    const std::string& name = wanted.variable.name;
    EXPECT_EQ(plain->variables[i].natural.groups, wanted.natural.groups) << name;
    EXPECT_EQ(plain->variables[i].natural.psi_limits, wanted.natural.psi_limits) << name;
    EXPECT_EQ(equal->variables[i].natural.psi_limits, lost->variables[i].natural.psi_limits);
    EXPECT_EQ(found.longest_gap_micros, wanted.longest_gap_micros) << name;
    ASSERT_EQ(found.natural.psi_limits.size(), wanted.natural.psi_limits.size()) << name;
    // The bins of what has many values come from a sketch, which saw them in another order.
    const double error = name == "cnt" ? 0.05 : 0;
    EXPECT_NEAR(found.natural.groups, wanted.natural.groups, error * wanted.natural.groups);
    for (size_t k = 0; k < wanted.natural.psi_limits.size(); ++k) {
      EXPECT_NEAR(found.natural.psi_limits[k], wanted.natural.psi_limits[k],
                  error * wanted.natural.psi_limits[k])
          << name;
    }
  }
  // What is within it pages nobody.
  bikes.Choose(/*odd=*/false, /*shuffled=*/false);
  const auto live = bikes.Batches(Times::kOfRows, 100'000);
  const auto pages = [&](std::shared_ptr<const profile::Baseline> baseline) {
    return Fired(Chunks(std::move(baseline), {live[0]->View()},
                        {.rows = 0, .duration = {}, .calendar = CalendarUnit::kMonth}),
                 checks::CheckId::kDrift);
  };
  EXPECT_EQ(pages(recovered), pages(ordered));
  EXPECT_EQ(pages(recovered)["temp"], 0u);
  EXPECT_GT(pages(lost)["temp"], 6u);
}

TEST(Backtest, CutsTheSameChunksWhateverTheBatches) {
  const Table live = ReadCsv("california_housing/analysis.csv.gz");
  const std::vector<std::string> names = {"MedInc"};
  Slice whole(live, names, 0, live.rows());
  whole.SetTimes(live.Column("timestamp"), 0);
  std::vector<std::unique_ptr<Slice>> parts;
  std::vector<profile::BatchView> batches;
  std::mt19937_64 random(1);
  for (size_t begin = 0; begin < live.rows();) {
    const size_t end = std::min<size_t>(live.rows(), begin + 1 + random() % 400);
    parts.push_back(std::make_unique<Slice>(live, names, begin, end));
    parts.back()->SetTimes(live.Column("timestamp"), begin);
    batches.push_back(parts.back()->View());
    begin = end;
  }
  const auto baseline = Trained(whole);
  for (const Chunking& chunking :
       {Chunking{.rows = 1'000, .duration = {}, .calendar = {}},
        Chunking{.rows = 0, .duration = absl::Hours(100), .calendar = {}},
        Chunking{.rows = 0, .duration = {}, .calendar = CalendarUnit::kWeek},
        Chunking{.rows = 0, .duration = {}, .calendar = CalendarUnit::kMonth}, Chunking{}}) {
    const auto a = Chunks(baseline, {whole.View()}, chunking);
    const auto b = Chunks(baseline, batches, chunking);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].index, i);
      EXPECT_EQ(a[i].rows, b[i].rows);
      EXPECT_EQ(a[i].start, b[i].start);
      EXPECT_EQ(a[i].end, b[i].end);
      EXPECT_EQ(a[i].statistics[0].second.psi, b[i].statistics[0].second.psi);
      if (chunking.rows != 0 && i + 1 < a.size()) {
        EXPECT_EQ(a[i].rows, 1'000u);
      }
    }
  }
}

TEST(Backtest, AWeekStartsOnMonday) {
  const Table live = ReadCsv("california_housing/analysis.csv.gz");
  Slice rows(live, {"MedInc"}, 0, 1'000);
  rows.SetTimes(live.Column("timestamp"), 0);
  const auto chunks = Chunks(Trained(rows), {rows.View()},
                             {.rows = 0, .duration = {}, .calendar = CalendarUnit::kWeek});
  ASSERT_GT(chunks.size(), 2u);
  // The first of June 2021 was a Tuesday.
  EXPECT_EQ(chunks[0].start, absl::FromCivil(absl::CivilDay(2021, 5, 31), absl::UTCTimeZone()));
  EXPECT_EQ(chunks[1].start, absl::FromCivil(absl::CivilDay(2021, 6, 7), absl::UTCTimeZone()));
  EXPECT_EQ(chunks[0].rows, 6u * 24);
  EXPECT_EQ(chunks[1].rows, 7u * 24);
}

TEST(Backtest, AHalfThatDriftsIsNoEvidence) {
  std::mt19937_64 random(4);
  const auto baseline = TrainedOnRows();
  const Rows calm = RandomRows(&random, 1'000);
  const Rows strange = RandomRows(&random, 1'000, 3);
  const auto fired = [&](const Rows& first, const Rows& second) {
    return Fired(Chunks(baseline, {first.View(), second.View()}, {}), checks::CheckId::kDrift)["x"];
  };
  EXPECT_EQ(fired(calm, strange), 0u);
  EXPECT_EQ(fired(strange, calm), 0u);
  EXPECT_EQ(fired(strange, strange), 1u);
}

TEST(Backtest, NeedsRowsAndForChunksOfTimeTheirTimesInOrder) {
  const auto baseline = TrainedOnRows();
  const auto ignore = [](BacktestChunk) {};
  Backtester empty(baseline, checks::DefaultPolicy(), {});
  EXPECT_EQ(empty.Finish(ignore).code(), absl::StatusCode::kInvalidArgument);
  std::mt19937_64 random(4);
  Rows rows = RandomRows(&random, 10);
  Backtester timeless(baseline, checks::DefaultPolicy(),
                      {.rows = 0, .duration = absl::Hours(1), .calendar = {}});
  EXPECT_EQ(timeless.Add(rows.View(), ignore).code(), absl::StatusCode::kInvalidArgument);
  Backtester backwards(baseline, checks::DefaultPolicy(),
                       {.rows = 0, .duration = absl::Hours(1), .calendar = {}});
  rows.micros = 2'000'000;
  EXPECT_TRUE(backwards.Add(rows.View(), ignore).ok());
  rows.micros = 1'000'000;
  EXPECT_EQ(backwards.Add(rows.View(), ignore).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumbline::engine
