#include "server/engine/environments.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/live_model.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

using checks::AlertState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

manifest::Environment Python(const std::string& numpy) {
  return {.interpreter = "CPython",
          .interpreter_version = "3.11.2",
          .packages = {{"numpy", numpy}, {"pandas", "2.1.0"}},
          .system_packages = {},
          .seeds = {},
          .settings = {},
          .keys = {}};
}

std::shared_ptr<const profile::Baseline> TrainedIn(manifest::Environment environment) {
  profile::Baseline baseline = *TrainedOnRows();
  baseline.environment = std::move(environment);
  return std::make_shared<const profile::Baseline>(std::move(baseline));
}

class EnvironmentsTest : public ::testing::Test {
 protected:
  EnvironmentsTest() : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    store_ = storage::Store::Open("/data", {env_.get()}).value();
    model_ = std::make_unique<LiveModel>(kKey, TrainedIn(Python("1.26.4")), checks::DefaultPolicy(),
                                         1, now_, store_.get());
  }

  void Declare(const std::string& producer, const std::string& numpy, uint64_t epoch = 1,
               const std::string& source = "") {
    IngestNote note;
    note.key = kKey;
    note.kind = IngestNote::Kind::kEnvironment;
    note.producer = producer;
    note.epoch = epoch;
    note.source = source;
    note.environment = std::make_shared<const manifest::Environment>(Python(numpy));
    EXPECT_TRUE(model_->Note(note, now_).error.ok());
    model_->Tick(now_);
  }
  // Time passes, and the service listens.
  void Pass(absl::Duration time) {
    for (const absl::Time end = now_ + time; now_ < end;) {
      now_ = std::min(end, now_ + ListeningTime::kLongestStep);
      model_->Tick(now_);
    }
  }
  void Restart() {
    storage::Store::Batch batch;
    model_->Commit(&batch);
    ASSERT_TRUE(store_->Write(std::move(batch), true).ok());
    const auto state = store_->GetState(kKey.model, kKey.version).value();
    auto loaded = LiveModel::Load(kKey, model_->baseline(), model_->policy(), *state, *store_);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    model_ = *std::move(loaded);
  }
  std::optional<checks::Alert> Alert(const std::string& source = "") const {
    for (const checks::Alert& alert : model_->alerts()) {
      if (alert.key.check == checks::CheckId::kEnvironment && alert.key.source == source) {
        return alert;
      }
    }
    return std::nullopt;
  }

  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<storage::Store> store_;
  absl::Time now_ = kNow;
  std::unique_ptr<LiveModel> model_;
};

TEST_F(EnvironmentsTest, TheSameEnvironmentAlertsNobody) {
  Declare("web-1", "1.26.4");
  EXPECT_EQ(Alert(), std::nullopt);
  EXPECT_THAT(model_->MakeReport(now_, std::nullopt).value().environments, IsEmpty());
  EXPECT_EQ(model_->Snapshot()->environments, 1u);
  EXPECT_EQ(model_->Snapshot()->environments_differing, 0u);
}

TEST_F(EnvironmentsTest, ADifferenceFiresSurvivesARestartAndEndsWithADeclaration) {
  Declare("web-1", "1.26.4");
  Declare("web-2", "2.0.1");
  for (int look = 0; look < 2; ++look) {
    ASSERT_TRUE(Alert().has_value());
    EXPECT_EQ(Alert()->state, AlertState::kFiring);
    EXPECT_EQ(Alert()->finding.severity, checks::Severity::kCritical);
    EXPECT_EQ(Alert()->finding.cause, "package_major");
    EXPECT_THAT(Alert()->finding.reason,
                HasSubstr("package numpy 1.26.4 -> 2.0.1 (major version) (producer web-2; 1 of 2 "
                          "producers differ)"));
    EXPECT_EQ(Alert()->pending_since, kNow);
    const Report report = model_->MakeReport(now_, std::nullopt).value();
    ASSERT_THAT(report.environments, SizeIs(1));
    EXPECT_EQ(report.environments[0].producer, "web-2");
    Restart();
  }
  Declare("web-2", "1.26.4", /*epoch=*/0);  // an older one says nothing new
  EXPECT_EQ(Alert()->state, AlertState::kFiring);
  Declare("web-2", "1.26.4", /*epoch=*/2);
  EXPECT_EQ(Alert()->state, AlertState::kResolved);
  Restart();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Alert()->state, AlertState::kResolved);
}

TEST_F(EnvironmentsTest, WhatAProducerLostIsOfTheIncidentOfItsEnvironment) {
  Declare("web-1", "1.26.4", 1, "us");
  Declare("web-2", "2.0.1", 1, "eu");
  Pass(absl::Hours(3));
  const auto end = [&](const std::string& producer, uint64_t last) {
    IngestNote note;
    note.key = kKey;
    note.kind = IngestNote::Kind::kEnd;
    note.producer = producer;
    note.epoch = 1;
    note.last = last;
    EXPECT_TRUE(model_->Note(note, now_).error.ok());
    Pass(model_->policy().hole_grace + absl::Seconds(1));
  };
  const auto lost = [&] {
    const std::vector<checks::Alert> alerts = model_->alerts();
    return *std::find_if(alerts.begin(), alerts.end(), [](const checks::Alert& alert) {
      return alert.key.check == checks::CheckId::kRowsLost;
    });
  };
  end("web-2", 5);  // none of which came
  EXPECT_EQ(lost().incident, Alert("eu")->incident);
  EXPECT_THAT(lost().finding.senders.producers, ElementsAre("web-2"));
  EXPECT_THAT(lost().finding.senders.sources, ElementsAre("eu"));
  end("web-1", 7);
  EXPECT_THAT(lost().finding.senders.producers, ElementsAre("web-1", "web-2"));
  EXPECT_THAT(lost().finding.senders.sources, ElementsAre("eu", "us"));
}

TEST_F(EnvironmentsTest, EachSourceHasItsOwnAlertAndThePolicyItsSay) {
  Declare("web-1", "1.26.9", 1, "eu");
  Declare("web-2", "1.27.0", 1, "us");
  EXPECT_EQ(Alert("eu")->finding.severity, checks::Severity::kInfo);
  EXPECT_EQ(Alert("us")->finding.severity, checks::Severity::kWarning);
  Declare("web-3", "2.0.0");
  Restart();
  for (const char* source : {"", "eu", "us"}) {
    ASSERT_TRUE(Alert(source).has_value()) << source;
    EXPECT_EQ(Alert(source)->state, AlertState::kFiring);
  }
  checks::Policy policy = checks::DefaultPolicy();
  policy.checks[checks::CheckId::kEnvironment].threshold = 2;
  policy.checks[checks::CheckId::kEnvironment].leave_threshold = 2;
  policy.checks[checks::CheckId::kEnvironment].severity = checks::Severity::kInfo;
  model_->SetPolicy(policy);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Alert("eu")->state, AlertState::kResolved);
  EXPECT_EQ(Alert("us")->state, AlertState::kFiring);
  EXPECT_EQ(Alert("us")->finding.severity, checks::Severity::kInfo);
}

TEST_F(EnvironmentsTest, AProducerThatIsGoneNoLongerCounts) {
  Declare("web-1", "2.0.1");
  std::mt19937_64 random(1);
  model_->Ingest(BatchOf(kKey, {"web-1", 1, 1}, RandomRows(&random, 10)), now_);
  Pass(absl::Hours(23));
  model_->Ingest(BatchOf(kKey, {"web-1", 1, 2}, RandomRows(&random, 10)), now_);
  Pass(absl::Hours(23));
  EXPECT_EQ(Alert()->state, AlertState::kFiring);
  Pass(absl::Hours(2));
  EXPECT_EQ(Alert()->state, AlertState::kResolved);
  Restart();
  EXPECT_EQ(model_->Snapshot()->environments, 0u);
}

TEST_F(EnvironmentsTest, AnotherBaselineIsAnotherExpectation) {
  Declare("web-1", "2.0.1");
  LiveModel next(kKey, TrainedIn(Python("2.0.1")), model_->policy(), 2, now_, store_.get());
  next.InheritProducers(model_.get());
  next.Tick(now_);
  EXPECT_THAT(next.alerts(), IsEmpty());
  EXPECT_EQ(next.Snapshot()->environments, 1u);
}

TEST_F(EnvironmentsTest, OfManyProducersThoseThatDeclaredLastAreKept) {
  for (size_t i = 0; i < Environments::kMaxProducers + 10; ++i) {
    Declare(absl::StrCat("web-", i), i == 0 ? "2.0.1" : "1.26.4");
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(model_->Snapshot()->environments, Environments::kMaxProducers);
  EXPECT_EQ(Alert()->state, AlertState::kResolved);
  Restart();
  EXPECT_EQ(model_->Snapshot()->environments, Environments::kMaxProducers);
}

}  // namespace
}  // namespace plumbline::engine
