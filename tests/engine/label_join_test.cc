// Labels that come late, early, twice, changed, contradicting or never, and performance from them.
#include "server/engine/label_join.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/live_model.h"
#include "tests/data_reader.h"
#include "tests/engine/rows.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::engine {
namespace {

using ::plumbline::testing::ReadCsv;
using ::plumbline::testing::Table;
using profile::PerformanceMetric;

const absl::Time kServed = absl::FromUnixSeconds(1'700'000'000);

// Rows of a feature, a class, a score and a label, or of some of these.
struct LabelRows : BatchOwner {
  std::vector<std::string> ids;
  std::vector<double> x, predicted, score, truth;
  std::vector<int64_t> micros;

  profile::BatchView View() const {
    const size_t rows = std::max({x.size(), score.size(), truth.size()});
    std::vector<profile::ColumnView> columns;
    if (!x.empty()) columns.push_back(profile::NumberColumn("x", x));
    if (!predicted.empty()) columns.push_back(profile::NumberColumn("class", predicted));
    if (!score.empty()) columns.push_back(profile::NumberColumn("score", score));
    if (!truth.empty()) columns.push_back(profile::NumberColumn("truth", truth));
    profile::BatchView view = profile::MakeBatch(static_cast<uint32_t>(rows), columns);
    view.string_row_ids.assign(ids.begin(), ids.end());
    view.row_event_micros = micros;
    return view;
  }
};

IngestBatch BatchOf(LabelRows rows, BatchNumber number = {}) {
  auto owner = std::make_unique<LabelRows>(std::move(rows));
  IngestBatch batch;
  batch.key = kKey;
  batch.number = std::move(number);
  batch.view = owner->View();
  batch.owner = std::move(owner);
  return batch;
}

std::shared_ptr<const profile::Baseline> Trained(const LabelRows& rows) {
  const profile::BatchView view = rows.View();
  std::vector<profile::VariableHint> hints = {{"truth", profile::Role::kLabel, {}},
                                              {"class", profile::Role::kPrediction, {}}};
  if (!rows.score.empty()) hints.push_back({"score", profile::Role::kPrediction, {}});
  profile::Baseline baseline = profile::BuildBaseline({view}, hints).value();
  baseline.number = 1;
  baseline.task = profile::FindTask(baseline);
  profile::PerformanceCounts counts;
  profile::CountPerformance(baseline, *baseline.task, {}, view, 0, view.rows, &counts);
  baseline.performance = profile::EncodePerformance(counts);
  return std::make_shared<const profile::Baseline>(std::move(baseline));
}

// Rows whose score is the chance of 1 to the power of `skew`, one a minute; ids from `first` on.
LabelRows SomeRows(size_t count, size_t first, double skew, std::mt19937_64* random) {
  std::uniform_real_distribution<double> uniform(0, 1);
  LabelRows rows;
  for (size_t i = 0; i < count; ++i) {
    const double score = std::round(uniform(*random) * 100) / 100;
    rows.ids.push_back(absl::StrCat("row ", first + i));
    rows.x.push_back(uniform(*random));
    rows.score.push_back(score);
    rows.predicted.push_back(score >= 0.5 ? 1 : 0);
    rows.truth.push_back(uniform(*random) < std::pow(score, skew) ? 1 : 0);
    rows.micros.push_back(absl::ToUnixMicros(kServed + absl::Minutes(first + i)));
  }
  return rows;
}

LabelRows Predictions(LabelRows rows) {
  rows.truth.clear();
  return rows;
}

// The labels of `rows`, without times.
LabelRows Labels(const LabelRows& rows) {
  LabelRows labels;
  labels.ids = rows.ids;
  labels.truth = rows.truth;
  return labels;
}

LabelRows Label(const std::string& id, double truth, std::optional<absl::Time> time = {}) {
  LabelRows label;
  label.ids = {id};
  label.truth = {truth};
  if (time.has_value()) label.micros = {absl::ToUnixMicros(*time)};
  return label;
}

// Long panes: what labels do goes by hours, and closing panes takes time.
checks::Policy PolicyOfDays() {
  checks::Policy policy = checks::DefaultPolicy();
  policy.pane = absl::Hours(24);
  return policy;
}

// A model on a store of its own.
class Model {
 public:
  explicit Model(std::shared_ptr<const profile::Baseline> baseline, Quotas quotas = {})
      : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        store_(storage::Store::Open("/data", {env_.get()}).value()),
        baseline_(std::move(baseline)),
        quotas_(quotas),
        policy_(PolicyOfDays()),
        live_(std::make_unique<LiveModel>(kKey, baseline_, policy_, 1, kServed, store_.get(),
                                          quotas_)) {
    Commit();
  }

  void Send(LabelRows rows, BatchNumber number = {}) {
    const IngestOutcome outcome = live_->Ingest(BatchOf(std::move(rows), std::move(number)), now_);
    EXPECT_TRUE(outcome.error.ok()) << outcome.error;
  }
  void Commit() {
    storage::Store::Batch batch;
    live_->Commit(&batch);
    ASSERT_TRUE(store_->Write(std::move(batch), false).ok());
  }
  // As the store has it: what was not committed is lost.
  void Restart() {
    const auto state = store_->GetState(kKey.model, kKey.version);
    auto loaded = LiveModel::Load(kKey, baseline_, policy_, **state, *store_, quotas_);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    live_ = *std::move(loaded);
  }
  PerformanceReport Performance(std::optional<CalendarUnit> unit = std::nullopt) {
    return live_->MakePerformanceReport(unit).value();
  }
  void SetPolicy(checks::Policy policy) {
    policy_ = policy;
    live_->SetPolicy(std::move(policy));
  }
  const checks::Policy& policy() const { return policy_; }
  LiveModel& live() { return *live_; }
  absl::Time now() const { return now_; }
  void Wait(absl::Duration time) { now_ += time; }

 private:
  const std::unique_ptr<rocksdb::Env> env_;
  const std::unique_ptr<storage::Store> store_;
  const std::shared_ptr<const profile::Baseline> baseline_;
  const Quotas quotas_;
  checks::Policy policy_;
  absl::Time now_ = kServed + absl::Hours(24 * 30);
  std::unique_ptr<LiveModel> live_;
};

double Realised(const PerformanceChunk& chunk, PerformanceMetric metric) {
  for (const MetricReport& report : chunk.metrics) {
    if (report.metric == metric && report.realised.has_value()) return report.realised->value;
  }
  return std::nan("");
}

std::map<std::string, checks::Finding> FindingsOf(Model* model) {
  std::map<std::string, checks::Finding> findings;
  const Report report = model->live().MakeReport(model->now(), {}).value();
  for (const checks::Finding& finding : report.findings) {
    findings[absl::StrCat(checks::CheckName(finding.check), " ", finding.variable)] = finding;
  }
  return findings;
}

class LabelJoinTest : public ::testing::Test {
 protected:
  LabelJoinTest() : random_(11), baseline_(Trained(SomeRows(5'000, 0, 1, &random_))) {}

  std::mt19937_64 random_;
  const std::shared_ptr<const profile::Baseline> baseline_;
};

TEST_F(LabelJoinTest, LabelsFindTheirPredictionsWheneverTheyCome) {
  Model model(baseline_);
  const LabelRows rows = SomeRows(300, 0, 1, &random_);
  LabelRows labels = Labels(rows);
  // Two come before their predictions.
  model.Send(Label("row 3", rows.truth[3]));
  model.Send(Label("row 7", rows.truth[7]));
  model.Commit();
  EXPECT_EQ(model.Performance().counts.waiting, 2u);
  model.Send(Predictions(rows));
  model.Commit();
  PerformanceReport report = model.Performance();
  EXPECT_EQ(report.counts.waiting, 0u);
  EXPECT_EQ(report.predictions, 300u);
  EXPECT_EQ(report.labelled, 2u);
  std::reverse(labels.ids.begin(), labels.ids.end());
  std::reverse(labels.truth.begin(), labels.truth.end());
  model.Send(labels);
  model.Send(labels);
  report = model.Performance();
  EXPECT_EQ(report.labelled, 300u);
  EXPECT_EQ(report.counts.joined, 300u);
  EXPECT_EQ(report.counts.duplicates, 302u);
  EXPECT_EQ(report.counts.contradictions, 0u);
  // Rows with labels alone are no rows.
  EXPECT_EQ(model.live().Snapshot()->rows, 300u);
  EXPECT_EQ(FindingsOf(&model).at("absent_variable x").status, checks::Status::kOk);

  double right = 0;
  for (size_t i = 0; i < rows.ids.size(); ++i) right += rows.truth[i] == rows.predicted[i] ? 1 : 0;
  EXPECT_NEAR(Realised(report.window, PerformanceMetric::kAccuracy), right / 300, 1e-12);
  EXPECT_EQ(report.window.roc_auc_resolution, 0);
}

TEST_F(LabelJoinTest, ALabelThatChangesAmendsWhatHasLongBeenCommitted) {
  Model model(baseline_);
  const LabelRows rows = SomeRows(6'000, 0, 1, &random_);  // of a hundred hours
  model.Send(Predictions(rows));
  model.Send(Labels(rows));
  for (int i = 0; i < 3; ++i) {
    model.Send(Label("none", i));
    model.Commit();
  }
  model.Restart();
  const auto accuracy = [&] {
    const auto chunks = model.Performance(CalendarUnit::kMonth).chunks;
    EXPECT_EQ(chunks.size(), 1u);
    return Realised(chunks.at(0), PerformanceMetric::kAccuracy);
  };
  const double before = accuracy();
  const double right = rows.truth[5] == rows.predicted[5] ? -1 : 1;
  model.Send(Label("row 5", 1 - rows.truth[5]));
  EXPECT_NEAR(accuracy(), before + right / 6'000, 1e-12);
  EXPECT_EQ(model.Performance().counts.contradictions, 3u);  // `none` contradicts itself too
  model.Send(Label("row 5", rows.truth[5]));
  model.Commit();
  model.Restart();
  EXPECT_NEAR(accuracy(), before, 1e-12);
  EXPECT_EQ(model.Performance().counts.contradictions, 4u);
}

TEST_F(LabelJoinTest, TheLaterLabelCountsWhicheverComesFirst) {
  for (const bool later_first : {false, true}) {
    Model model(baseline_);
    LabelRows row = SomeRows(1, 0, 1, &random_);
    row.predicted = {1};
    model.Send(Predictions(row));
    const LabelRows early = Label("row 0", 0, kServed + absl::Hours(1));
    const LabelRows late = Label("row 0", 1, kServed + absl::Hours(2));
    model.Send(later_first ? late : early);
    model.Send(later_first ? early : late);
    const PerformanceReport report = model.Performance();
    EXPECT_EQ(Realised(report.window, PerformanceMetric::kAccuracy), 1);
    EXPECT_EQ(report.counts.changed, 1u);
    EXPECT_EQ(report.counts.contradictions, 0u);
    EXPECT_EQ(report.labelled, 1u);
    EXPECT_NEAR(report.window.median_delay_seconds, 7'200, 0.42 * 7'200);
  }
}

TEST_F(LabelJoinTest, PredictionsThatComeAgainWithTheirLabelsAreNoNewRows) {
  Model model(baseline_);
  const LabelRows rows = SomeRows(200, 0, 1, &random_);
  model.Send(Predictions(rows));
  model.Commit();
  model.Send(rows);
  EXPECT_EQ(model.live().Snapshot()->rows, 200u);
  EXPECT_EQ(model.Performance().labelled, 200u);
  EXPECT_EQ(model.Performance().predictions, 200u);
  // Predictions and labels without features, of rows that are known and of others.
  LabelRows more = SomeRows(250, 0, 1, &random_);
  more.x.clear();
  std::copy(rows.score.begin(), rows.score.end(), more.score.begin());
  std::copy(rows.predicted.begin(), rows.predicted.end(), more.predicted.begin());
  std::copy(rows.truth.begin(), rows.truth.end(), more.truth.begin());
  model.Send(more);
  EXPECT_EQ(model.live().Snapshot()->rows, 200u);
  EXPECT_EQ(model.Performance().labelled, 250u);
  EXPECT_EQ(model.Performance().predictions, 250u);
  // Rows with labels and without ids stand for themselves.
  LabelRows nameless = SomeRows(50, 1'000, 1, &random_);
  nameless.ids.clear();
  model.Send(nameless);
  EXPECT_EQ(model.live().Snapshot()->rows, 250u);
  EXPECT_EQ(model.Performance().labelled, 300u);
}

TEST_F(LabelJoinTest, WhatIsKeptIsBoundedInNumberAndInTime) {
  Model model(baseline_, {.max_label_rows_per_model = 500});
  for (int i = 0; i < 20; ++i) {
    model.Send(Predictions(SomeRows(100, 100 * i, 1, &random_)));
    model.Commit();
  }
  model.Send(Label("early", 1));
  model.Commit();
  model.Commit();
  LabelCounts counts = model.Performance().counts;
  EXPECT_LE(counts.kept, 600u);  // what the last commit has added goes with the next
  EXPECT_EQ(counts.kept + counts.crowded_out, 2'001u);
  EXPECT_EQ(counts.expired_predictions, counts.crowded_out);
  // The newest are there, the oldest are not.
  model.Send(Label("row 1999", 1));
  model.Send(Label("row 0", 1));
  counts = model.Performance().counts;
  EXPECT_EQ(counts.joined, 1u);
  EXPECT_EQ(counts.waiting, 2u);
  EXPECT_EQ(model.Performance().predictions, 2'000u) << "their hours stay";

  checks::Policy policy = model.policy();
  policy.label_wait = absl::Hours(2);
  model.SetPolicy(policy);
  model.live().Tick(model.now());
  model.Send(Predictions(SomeRows(1, 5'000, 1, &random_)));
  model.Commit();
  model.Send(Label("another", 1));
  model.Commit();
  EXPECT_EQ(model.Performance().counts.expired_predictions, 1'999u);
}

TEST_F(LabelJoinTest, KilledAnywhereAndSentAgainItIsTheSame) {
  Model whole(baseline_), killed(baseline_);
  size_t committed = 0, kills = 0;
  std::vector<std::pair<LabelRows, BatchNumber>> story;
  std::vector<LabelRows> sent;
  for (uint64_t step = 1; step <= 250; ++step) {
    LabelRows rows;
    const uint64_t dice = random_() % 10;
    if (dice < 4 || sent.empty()) {
      sent.push_back(SomeRows(40, 40 * sent.size(), 1, &random_));
      rows = Predictions(sent.back());
    } else {
      rows = Labels(sent[random_() % sent.size()]);
      for (double& truth : rows.truth) truth = random_() % 8 == 0 ? 1 - truth : truth;
      if (dice == 9) {  // of rows that are still to come
        for (std::string& id : rows.ids) id = absl::StrCat("row ", random_() % 4'000);
      }
    }
    story.emplace_back(rows, BatchNumber{"p", 1, step});
    whole.Send(rows, story.back().second);
    killed.Send(rows, story.back().second);
    if (random_() % 3 == 0) whole.Commit();
    if (random_() % 4 == 0) {
      killed.Commit();
      committed = story.size();
    }
    if (random_() % 9 == 0) {
      ++kills;
      killed.Restart();
      for (size_t i = committed; i < story.size(); ++i) {
        killed.Send(story[i].first, story[i].second);
      }
    }
    const PerformanceReport a = whole.Performance(CalendarUnit::kDay),
                            b = killed.Performance(CalendarUnit::kDay);
    ASSERT_EQ(a.predictions, b.predictions) << step;
    ASSERT_EQ(a.labelled, b.labelled) << step;
    EXPECT_EQ(a.counts.joined, b.counts.joined);
    EXPECT_EQ(a.counts.duplicates, b.counts.duplicates);
    EXPECT_EQ(a.counts.contradictions, b.counts.contradictions);
    EXPECT_EQ(a.counts.waiting, b.counts.waiting);
    EXPECT_EQ(a.counts.kept, b.counts.kept);
    EXPECT_EQ(a.recent_loss, b.recent_loss);
    ASSERT_EQ(a.chunks.size(), b.chunks.size());
    for (size_t i = 0; i < a.chunks.size(); ++i) {
      for (const PerformanceMetric metric : {PerformanceMetric::kRocAuc, PerformanceMetric::kF1}) {
        const double x = Realised(a.chunks[i], metric), y = Realised(b.chunks[i], metric);
        EXPECT_TRUE(x == y || (std::isnan(x) && std::isnan(y))) << x << " " << y;
      }
    }
    ASSERT_FALSE(HasFailure()) << step;
  }
  EXPECT_GT(kills, 15u);
}

TEST_F(LabelJoinTest, AFallOfPerformanceIsFoundAndNoneIsNot) {
  for (const bool falls : {false, true}) {
    Model model(baseline_);
    checks::Policy policy = model.policy();
    policy.performance_limits[PerformanceMetric::kRocAuc] = 0.75;
    model.SetPolicy(policy);
    for (size_t i = 0; i < 8; ++i) {
      // From the sixth on the labels have nothing to do with the scores.
      LabelRows rows = SomeRows(400, 400 * i, 1, &random_);
      if (falls && i >= 5) std::shuffle(rows.truth.begin(), rows.truth.end(), random_);
      model.Send(Predictions(rows));
      model.Send(Labels(rows));
      model.live().Tick(model.now());
    }
    const auto findings = FindingsOf(&model);
    const checks::Status expected = falls ? checks::Status::kFiring : checks::Status::kOk;
    for (const std::string name :
         {"performance truth", "performance_limit roc_auc", "concept_drift truth"}) {
      EXPECT_EQ(findings.at(name).status, expected) << name << ": " << findings.at(name).reason;
    }
    EXPECT_EQ(findings.at("label_drift truth").status, checks::Status::kOk);
    if (!falls) continue;
    EXPECT_THAT(findings.at("performance truth").reason,
                ::testing::ContainsRegex("truth: roc_auc 0\\.[45].*in training.*labelled rows"));
    EXPECT_THAT(findings.at("concept_drift truth").reason,
                ::testing::ContainsRegex("the mean loss rose from 0\\.[123].* to 0\\.[456]"));
    std::vector<std::string> firing;
    for (const checks::Alert& alert : model.live().Snapshot()->alerts) {
      if (alert.state == checks::AlertState::kFiring) {
        firing.emplace_back(checks::CheckName(alert.key.check));
      }
    }
    EXPECT_THAT(firing,
                ::testing::IsSupersetOf({"performance", "performance_limit", "concept_drift"}));
  }
}

TEST_F(LabelJoinTest, APredictionWithoutATimeLetsNoOtherExpire) {
  Model model(baseline_);
  checks::Policy policy = model.policy();
  policy.label_wait = absl::Hours(24);
  model.SetPolicy(policy);
  const LabelRows rows = SomeRows(300, 0, 1, &random_);  // a month before they come
  model.Send(Predictions(rows));
  model.Commit();
  LabelRows timeless = Predictions(SomeRows(1, 1'000, 1, &random_));
  timeless.micros.clear();
  model.Send(timeless);
  model.Commit();
  model.Restart();
  LabelRows half = Labels(rows);
  half.ids.resize(150);
  half.truth.resize(150);
  model.Send(half);
  model.Commit();
  model.Send(Label("never predicted", 1));
  model.Commit();
  EXPECT_EQ(model.Performance().labelled, 150u);
  EXPECT_EQ(model.Performance().counts.kept, 302u);

  // What has no time waits since it came.
  model.Wait(absl::Hours(25));
  model.Send(Labels(rows));
  model.Commit();
  LabelCounts counts = model.Performance().counts;
  EXPECT_EQ(counts.joined, 300u);
  EXPECT_EQ(counts.kept, 300u);
  EXPECT_EQ(counts.expired_predictions, 1u);
  EXPECT_EQ(counts.expired_labels, 1u);

  // What has one waits by the newest that has.
  LabelRows later = Predictions(SomeRows(1, 300 + 25 * 60, 1, &random_));
  model.Send(later);
  model.Commit();
  EXPECT_EQ(model.Performance().counts.kept, 1u);
  EXPECT_EQ(model.Performance().counts.expired_predictions, 1u) << "the others had their labels";
}

TEST_F(LabelJoinTest, AnEmptyIdIsNone) {
  Model model(baseline_);
  LabelRows rows = SomeRows(4, 0, 1, &random_);
  rows.ids = {"", "", "a", ""};
  model.Send(Predictions(rows));
  LabelRows labels = Labels(rows);
  model.Send(labels);
  PerformanceReport report = model.Performance();
  EXPECT_EQ(report.counts.without_id, 6u);
  EXPECT_EQ(report.counts.kept, 1u);
  EXPECT_EQ(report.counts.joined, 1u);
  EXPECT_EQ(report.counts.waiting, 0u);
  EXPECT_EQ(report.labelled, 1u);
  // Beside its prediction a label needs no id.
  model.Send(rows);
  EXPECT_EQ(model.Performance().labelled, 4u);
  model.Commit();
  model.Restart();
  EXPECT_EQ(model.Performance().counts.without_id, 9u);
}

TEST_F(LabelJoinTest, ALabelThatComesAgainCountsFromItsLaterTime) {
  const auto day = [](int days) { return absl::ToUnixMicros(kServed + absl::Hours(24 * days)); };
  for (const bool labels_first : {false, true}) {
    Model model(baseline_);
    LabelRows row = SomeRows(1, 0, 1, &random_);
    row.predicted = {1};
    LabelRows labels;
    labels.ids = {"row 0", "row 0", "row 0"};
    labels.truth = {0, 0, 1};
    labels.micros = {day(1), day(20), day(10)};
    model.Send(labels_first ? labels : Predictions(row));
    model.Commit();
    model.Send(labels_first ? Predictions(row) : labels);
    const PerformanceReport report = model.Performance();
    EXPECT_EQ(Realised(report.window, PerformanceMetric::kAccuracy), 0);
    EXPECT_EQ(report.counts.duplicates, 1u);
    EXPECT_EQ(report.counts.changed, 1u);
    EXPECT_NEAR(report.window.median_delay_seconds, 20 * 86'400, 0.42 * 20 * 86'400);
  }
}

TEST_F(LabelJoinTest, HoursStayAsLongAsLabelsWait) {
  LabelRows rows = SomeRows(10'000, 0, 1, &random_);
  for (size_t i = 0; i < rows.micros.size(); ++i) {
    rows.micros[i] = absl::ToUnixMicros(kServed - absl::Hours(10'000 - i));
  }
  for (const bool long_wait : {true, false}) {
    Model model(baseline_);
    checks::Policy policy = model.policy();
    policy.label_wait = long_wait ? absl::Hours(24 * 3'650) : absl::Hours(1);
    model.SetPolicy(policy);
    model.Send(Predictions(rows));
    model.Commit();
    model.Restart();
    model.Send(Label("row 0", 1));
    model.Commit();
    const PerformanceReport report = model.Performance();
    EXPECT_EQ(report.predictions, long_wait ? 10'000 : PerformanceSlices::kLeastSlices);
    EXPECT_EQ(report.predictions + report.counts.forgotten_predictions, 10'000u);
    EXPECT_EQ(report.labelled + report.counts.forgotten_labels, report.counts.joined);
    EXPECT_EQ(report.labelled, long_wait ? 1u : 0u);
  }
}

TEST_F(LabelJoinTest, IdsAndScoresOfAnotherTypeAreTheSame) {
  Model model(baseline_);
  LabelRows rows = SomeRows(200, 0, 1, &random_);
  for (size_t i = 0; i < rows.ids.size(); ++i) rows.ids[i] = absl::StrCat(i);
  model.Send(Predictions(rows));
  model.Commit();
  LabelRows again = rows;
  for (std::string& id : again.ids) absl::StrAppend(&id, ".0");
  LabelRows labels = Labels(again);
  labels.ids.resize(50);
  labels.truth.resize(50);
  model.Send(labels);
  EXPECT_EQ(model.Performance().labelled, 50u);
  EXPECT_EQ(model.Performance().counts.waiting, 0u);
  for (double& score : again.score) score = static_cast<float>(score);
  model.Send(again);
  EXPECT_EQ(model.live().Snapshot()->rows, 200u);
  EXPECT_EQ(model.Performance().predictions, 200u);
  EXPECT_EQ(model.Performance().labelled, 200u);
  EXPECT_EQ(model.Performance().counts.repeated_predictions, 200u);
  again.score[7] += 0.01;  // another score is another prediction
  model.Send(again);
  EXPECT_EQ(model.Performance().predictions, 201u);
}

// A number and what came of it, without ids: the noise's standard deviation is `deviation`.
LabelRows Measured(size_t count, size_t first, double deviation, std::mt19937_64* random) {
  std::normal_distribution<double> normal(0, 1);
  LabelRows rows;
  for (size_t i = 0; i < count; ++i) {
    rows.x.push_back(normal(*random));
    rows.predicted.push_back(2 * rows.x.back());
    rows.truth.push_back(rows.predicted.back() + deviation * normal(*random));
    rows.micros.push_back(absl::ToUnixMicros(kServed + absl::Minutes(first + i)));
  }
  return rows;
}

TEST_F(LabelJoinTest, NoiseIsNoConceptDriftAndNeitherIsALittleMoreOfIt) {
  const auto baseline = Trained(Measured(10'000, 0, 1, &random_));
  ASSERT_EQ(baseline->task->kind, profile::TaskKind::kRegression);
  const double mean = std::sqrt(2 / M_PI), deviation = std::sqrt(1 - 2 / M_PI);
  EXPECT_NEAR(LossScale::Of(*baseline).unit, deviation, 0.02);
  EXPECT_NEAR(LossScale::Of(*baseline).most, mean + 10 * deviation, 0.2);
  for (const double after : {1.0, 1.13, 1.5}) {
    std::mt19937_64 random(3);
    Model model(baseline);
    for (size_t i = 0; i < 26; ++i) {
      model.Send(Measured(1'000, 1'000 * i, i < 24 ? 1 : after, &random));
      if (i < 24 && i % 4 != 3) continue;
      const checks::Finding finding = FindingsOf(&model).at("concept_drift truth");
      const bool fires = i == 25 && after == 1.5;
      if (i == 24 && after == 1.5) continue;  // may be seen already
      EXPECT_EQ(finding.status, fires ? checks::Status::kFiring : checks::Status::kOk)
          << finding.reason;
    }
    EXPECT_EQ(model.Performance().alarms.empty(), after == 1) << "sees more than is told";
  }
}

TEST(RiseOfLoss, NoiseAlarmsLessThanOnceInAMillion) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::exponential_distribution<double> exponential;
  std::student_t_distribution<double> student(3);
  std::bernoulli_distribution often(0.3), seldom(0.02);
  const auto alarms = [](auto loss) {
    double sum = 0, squares = 0;
    constexpr int kTrained = 200'000, kLive = 1'000'000;
    for (int i = 0; i < kTrained; ++i) {
      const double value = loss();
      sum += value / kTrained;
      squares += value * value / kTrained;
    }
    const double unit = std::sqrt(squares - sum * sum);
    stats::PageHinkley detector(kRiseOfLoss);
    int count = 0;
    for (int i = 0; i < kLive; ++i) {
      count += detector.Add(std::min(loss() / unit, sum / unit + 10)) ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(alarms([&] { return std::abs(normal(random)); }), 0);
  EXPECT_EQ(alarms([&] { return exponential(random); }), 0);
  EXPECT_EQ(alarms([&] { return std::abs(student(random)); }), 0);
  EXPECT_EQ(alarms([&] { return often(random) ? 1.0 : 0.0; }), 0);
  EXPECT_EQ(alarms([&] { return seldom(random) ? 1.0 : 0.0; }), 0);
}

TEST_F(LabelJoinTest, LabelsThatAreNotWhatTheyWereDrift) {
  Model model(baseline_);
  LabelRows rows = SomeRows(1'000, 0, 8, &random_);  // hardly any 1
  model.Send(Predictions(rows));
  EXPECT_EQ(FindingsOf(&model).count("label_drift truth"), 0u);
  model.Send(Labels(rows));
  const auto findings = FindingsOf(&model);
  EXPECT_EQ(findings.at("label_drift truth").status, checks::Status::kFiring);
  EXPECT_THAT(findings.at("label_drift truth").reason, ::testing::HasSubstr("in training"));
}

// Months of real predictions. Their labels come in any order after all predictions, some of them
// before; every tenth never comes, every seventh twice; the model is killed on the way.
TEST(Row5bLateLabels, MonthsOfCaliforniaHousingAreAsIfComputedDirectly) {
  const Table reference = ReadCsv("california_housing/reference.csv.gz");
  const Table analysis = ReadCsv("california_housing/analysis.csv.gz");
  const Table labels = ReadCsv("california_housing/analysis_gt.csv");
  const auto rows_of = [](const Table& table, const std::vector<std::string>& truth) {
    LabelRows rows;
    rows.ids = table.Column("id");
    rows.x = testing::Numbers(table.Column("MedInc"));
    rows.predicted = testing::Numbers(table.Column("y_pred"));
    rows.score = testing::Numbers(table.Column("y_pred_proba"));
    rows.truth = testing::Numbers(truth);
    for (const std::string& text : table.Column("timestamp")) {
      absl::Time time;
      std::string error;
      EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", text, &time, &error)) << error;
      rows.micros.push_back(absl::ToUnixMicros(time));
    }
    return rows;
  };
  const LabelRows live = rows_of(analysis, labels.Column("clf_target"));
  Model model(Trained(rows_of(reference, reference.Column("clf_target"))));

  std::vector<size_t> order;
  for (size_t i = 0; i < live.ids.size(); ++i) {
    if (i % 10 != 3) order.push_back(i);
    if (i % 10 != 3 && i % 7 == 0) order.push_back(i);
  }
  std::mt19937_64 random(5);
  std::shuffle(order.begin(), order.end(), random);
  const auto send_labels = [&](size_t begin, size_t end, uint64_t first_number) {
    for (; begin < end; begin += 500) {
      LabelRows part;
      for (size_t i = begin; i < std::min(end, begin + 500); ++i) {
        part.ids.push_back(live.ids[order[i]]);
        part.truth.push_back(live.truth[order[i]]);
      }
      model.Send(part, {"labels", 1, first_number++});
    }
  };
  send_labels(0, 1'000, 1);
  model.Commit();
  model.Send(Predictions(live), {"predictions", 1, 1});
  model.Commit();
  send_labels(1'000, 4'000, 3);
  model.Commit();
  send_labels(4'000, 6'000, 9);
  model.Restart();               // the last four batches were not acknowledged
  send_labels(3'000, 6'000, 7);  // nor did its client see the two before
  send_labels(6'000, order.size(), 13);
  model.Commit();

  const PerformanceReport report = model.Performance(CalendarUnit::kMonth);
  EXPECT_EQ(report.predictions, live.ids.size());
  EXPECT_EQ(report.labelled, live.ids.size() - live.ids.size() / 10);
  EXPECT_EQ(report.counts.duplicates, order.size() - report.labelled);
  EXPECT_EQ(report.counts.contradictions, 0u);
  EXPECT_EQ(report.counts.waiting, 0u);
  ASSERT_EQ(report.chunks.size(), 12u);
  for (const PerformanceChunk& chunk : report.chunks) {
    SCOPED_TRACE(absl::FormatTime(*chunk.start, absl::UTCTimeZone()));
    double wins = 0, pairs = 0;
    for (size_t i = 0; i < live.ids.size(); ++i) {
      const absl::Time time = absl::FromUnixMicros(live.micros[i]);
      if (i % 10 == 3 || live.truth[i] != 1 || time < *chunk.start || time >= *chunk.end) continue;
      for (size_t j = 0; j < live.ids.size(); ++j) {
        const absl::Time other = absl::FromUnixMicros(live.micros[j]);
        if (j % 10 == 3 || live.truth[j] != 0 || other < *chunk.start || other >= *chunk.end) {
          continue;
        }
        ++pairs;
        wins += live.score[i] > live.score[j] ? 1 : live.score[i] == live.score[j] ? 0.5 : 0;
      }
    }
    EXPECT_NEAR(Realised(chunk, PerformanceMetric::kRocAuc), wins / pairs, 1e-12);
    EXPECT_EQ(chunk.roc_auc_resolution, 0);
    const auto auc = std::find_if(chunk.metrics.begin(), chunk.metrics.end(), [](const auto& m) {
      return m.metric == PerformanceMetric::kRocAuc;
    });
    ASSERT_TRUE(auc != chunk.metrics.end() && auc->estimated.has_value());
    EXPECT_GT(*auc->estimated->upper, auc->estimated->value);
    EXPECT_LT(*auc->estimated->lower, auc->estimated->value);
  }
}

}  // namespace
}  // namespace plumbline::engine
