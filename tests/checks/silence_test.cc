#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/checks.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::checks {
namespace {

using profile::ArrivalClocks;
using ::testing::HasSubstr;

constexpr int64_t kMinute = 60'000'000;
constexpr size_t kPaneRows = 50;

// A city, of which `rome` comes in 0.6% of the rows, and a reading that comes in 5% of them, or
// not.
struct PaneRows {
  PaneRows(std::mt19937_64* random, size_t count, bool with_rome = true, bool with_reading = true) {
    std::uniform_real_distribution<double> uniform(0, 1);
    validity.assign((count + 7) / 8, 0);
    for (size_t i = 0; i < count; ++i) {
      const double at = uniform(*random);
      city.emplace_back(at < 0.006 && with_rome ? "rome" : at < 0.4 ? "lima" : "oslo");
      reading.push_back(uniform(*random));
      if (with_reading && uniform(*random) < 0.05) {
        validity[i / 8] |= static_cast<uint8_t>(1u << (i % 8));
      }
    }
  }
  profile::BatchView Batch() const {
    auto view = profile::MakeBatch(
        static_cast<uint32_t>(city.size()),
        {profile::TextColumn("city", city), profile::NumberColumn("reading", reading)});
    view.columns[1].validity = validity;
    return view;
  }
  std::vector<std::string> city;
  std::vector<double> reading;
  std::vector<uint8_t> validity;
};

class SilenceTest : public ::testing::Test {
 protected:
  explicit SilenceTest(bool with_times = false) {
    PaneRows rows(&random_, 20'000);
    profile::BatchView batch = rows.Batch();
    std::vector<int64_t> times;
    for (size_t i = 0; i < rows.city.size(); ++i) {
      times.push_back(static_cast<int64_t>(i) * kMinute / 50);
    }
    if (with_times) batch.row_event_micros = times;
    baseline_ = profile::BuildBaseline({batch}).value();
    clocks_.emplace(baseline_);
  }

  void Close(const PaneRows& rows, int minutes = 1) {
    clocks_->Close(profile::CountBatch(baseline_, rows.Batch()), now_, now_ + minutes * kMinute);
    now_ += minutes * kMinute;
  }
  Finding Check(size_t index) const {
    const profile::VariableStatistics statistics;
    const profile::VariableCounts window;
    const VariableInput input{.baseline = baseline_.variables[index],
                              .window = window,
                              .statistics = statistics,
                              .policy = policy_};
    Finding finding = CheckSilence(input, *clocks_, index);
    if (finding.status == Status::kFiring) {
      EXPECT_TRUE(MayBeSilent(input, *clocks_, index)) << finding.reason;
    }
    return finding;
  }
  bool Fires(size_t index) const { return Check(index).status == Status::kFiring; }
  // Rows until variable `index` fires; at most `limit`.
  size_t RowsUntil(size_t index, bool with_rome, bool with_reading, size_t limit, int minutes = 1) {
    for (size_t rows = 0; rows < limit;) {
      Close(PaneRows(&random_, kPaneRows, with_rome, with_reading), minutes);
      rows += kPaneRows;
      if (Fires(index)) return rows;
    }
    return limit;
  }

  std::mt19937_64 random_{5};
  profile::Baseline baseline_;
  Policy policy_ = DefaultPolicy();
  std::optional<ArrivalClocks> clocks_;
  int64_t now_ = 1'700'000'000'000'000;
};

class SilenceWithTimesTest : public SilenceTest {
 protected:
  SilenceWithTimesTest() : SilenceTest(/*with_times=*/true) {}
};

TEST_F(SilenceTest, NoSilenceOfChanceFires) {
  const profile::VariableStatistics statistics;
  const profile::VariableCounts window;
  int not_asked = 0;
  for (int pane = 0; pane < 20'000; ++pane) {
    Close(PaneRows(&random_, kPaneRows));
    for (const size_t index : {0, 1}) {
      ASSERT_FALSE(Fires(index)) << pane;
      const VariableInput input{.baseline = baseline_.variables[index],
                                .window = window,
                                .statistics = statistics,
                                .policy = policy_};
      not_asked += MayBeSilent(input, *clocks_, index) ? 0 : 1;
    }
  }
  EXPECT_GT(not_asked, 20'000);  // of 40,000: it is to spare the question
}

TEST_F(SilenceTest, ARareCategoryThatStopsIsNamed) {
  const size_t rows = RowsUntil(0, false, true, 100'000);
  // The chance of that at 0.6% is about 1e-8.
  EXPECT_GT(rows, 2'000u);
  EXPECT_LT(rows, 10'000u);
  const Finding finding = Check(0);
  EXPECT_EQ(finding.cause, "category_silent");
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_THAT(finding.reason, HasSubstr("city: no `rome` in "));
  EXPECT_GE(*finding.value, *finding.threshold);
  // The next one ends it.
  Close(PaneRows(&random_, 2'000));
  EXPECT_FALSE(Fires(0));
}

// Once as a warning, though a check on the window says so as well.
TEST_F(SilenceTest, AFrequentCategoryThatStopsIsAWarning) {
  for (int pane = 0; pane < 100 && !Fires(0); ++pane) {
    PaneRows rows(&random_, kPaneRows);
    std::replace(rows.city.begin(), rows.city.end(), std::string("lima"), std::string("oslo"));
    Close(rows);
  }
  const Finding finding = Check(0);
  EXPECT_THAT(finding.reason, HasSubstr("city: no `lima` in "));
  EXPECT_EQ(finding.severity, Severity::kWarning);
  EXPECT_EQ(policy_.Settings(CheckId::kVanishedCategory, "city").severity, Severity::kInfo);
}

TEST_F(SilenceTest, AVariableThatStopsIsToldAsItself) {
  EXPECT_LT(RowsUntil(1, true, false, 10'000), 2'000u);
  const Finding finding = Check(1);
  EXPECT_EQ(finding.cause, "variable_silent");
  // Its null rate is looked after as well.
  EXPECT_EQ(finding.severity, Severity::kInfo);
  EXPECT_THAT(finding.reason, HasSubstr("reading: no value in "));
}

TEST_F(SilenceTest, OutlivesARestartWithoutBeginningAnew) {
  const std::mt19937_64 random = random_;
  const size_t whole = RowsUntil(0, false, true, 100'000);
  random_ = random;
  now_ = 1'700'000'000'000'000;
  clocks_.emplace(baseline_);
  size_t rows = 0;
  for (; rows < 100'000 && !Fires(0); rows += kPaneRows) {
    Close(PaneRows(&random_, kPaneRows, false, true));
    ArrivalClocks loaded(baseline_);
    ASSERT_TRUE(loaded.Decode(clocks_->Encode()).ok());
    clocks_ = loaded;
  }
  EXPECT_EQ(rows, whole);
}

TEST_F(SilenceTest, DamagedBytesAreRefused) {
  Close(PaneRows(&random_, 100, false, false));
  const std::string bytes = clocks_->Encode();
  EXPECT_EQ(clocks_->Decode(bytes.substr(1)).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(clocks_->Decode(bytes + "x").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(clocks_->Decode("").code(), absl::StatusCode::kDataLoss);
  // A time at the end of the scale: behind two varints of one byte and of one.
  std::string early = bytes;
  early.replace(2, 8, std::string("\x01\0\0\0\0\0\0\x80", 8));
  const int64_t silent = clocks_->OfVariable(1).micros;
  ASSERT_TRUE(clocks_->Decode(early).ok());
  EXPECT_EQ(clocks_->OfVariable(1).micros, silent);
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    std::string damaged = bytes;
    for (int j = 0; j < 3; ++j) damaged[random() % damaged.size()] = static_cast<char>(random());
    (void)clocks_->Decode(damaged);  // whatever it says, nothing overflows
    (void)Check(0);
    (void)Check(1);
  }
}

TEST_F(SilenceWithTimesTest, MoreTrafficMakesNoSilence) {
  // In training 50 rows a minute; now 50 a second, and rome comes as often an hour as before.
  EXPECT_EQ(RowsUntil(0, false, true, 40'000, 0), 40'000u);
  // In its time it is silent.
  now_ += 1'000 * kMinute;
  Close(PaneRows(&random_, kPaneRows, false, true));
  EXPECT_TRUE(Fires(0));
  EXPECT_THAT(Check(0).reason, HasSubstr(" rows or "));
}

}  // namespace
}  // namespace plumbline::checks
