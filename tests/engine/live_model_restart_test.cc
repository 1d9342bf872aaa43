// A model that is killed and loaded again at any point is the same as one that never was.
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "server/engine/live_model.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

struct Event {
  absl::Time now;
  std::optional<Rows> rows;  // absent: a note or a tick
  BatchNumber number;
  std::optional<IngestNote::Kind> note;  // about the number
};

void Apply(const Event& event, LiveModel* model) {
  if (event.rows.has_value()) {
    model->Ingest(BatchOf(kKey, event.number, *event.rows), event.now);
  } else if (event.note.has_value()) {
    IngestNote note;
    note.key = kKey;
    note.kind = *event.note;
    note.producer = event.number.producer;
    note.epoch = event.number.epoch;
    note.first = note.last = event.number.sequence;
    model->Note(note, event.now);
  } else {
    model->Tick(event.now);
  }
}

// Three producers with gaps and repeats, epochs that end or do not, times out of order, phases of
// drift, NaN and silence, and a clock that is set.
std::vector<Event> Story(uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Event> events;
  std::vector<uint64_t> next(3, 1), epoch(3, 1);
  absl::Time now = kNow;
  for (int step = 0; step < 600; ++step) {
    now += absl::Seconds(random() % 20);
    if (random() % 100 == 0) now += absl::Minutes(20);
    if (random() % 200 == 0) now -= absl::Minutes(10);
    Event event{.now = now, .rows = {}, .number = {}, .note = {}};
    const size_t producer = random() % next.size();
    uint64_t& sequence = next[producer];
    event.number = {absl::StrCat("p", producer), epoch[producer], sequence};
    if (random() % 60 == 0) {
      event.note = random() % 2 == 0 ? IngestNote::Kind::kSkip : IngestNote::Kind::kEnd;
      event.number.sequence += random() % 3;
      if (*event.note == IngestNote::Kind::kEnd) {
        ++epoch[producer];
        sequence = 1;
      }
    } else if (random() % 4 != 0) {
      if (random() % 60 == 0) {  // it died
        ++epoch[producer];
        sequence = 1;
      }
      if (random() % 20 == 0) sequence += 2;
      const bool again = random() % 10 == 0 && sequence > 3;
      event.number = {absl::StrCat("p", producer), epoch[producer],
                      again ? sequence - 1 - random() % 3 : sequence};
      if (!again) ++sequence;
      event.rows = RandomRows(&random, 60, step > 200 && step < 400 ? 1.5 : 0);
      event.rows->source = absl::StrCat("s", producer);
      event.rows->micros =
          absl::ToUnixMicros(now - absl::Seconds(random() % (random() % 30 == 0 ? 900 : 90)));
      if (random() % 150 == 0) event.rows->score[0] = std::nan("");
      for (size_t row = 0; step % 7 == 0 && row < event.rows->x.size(); row += 3) {
        event.rows->x[row] = std::nan("");
      }
    }
    events.push_back(std::move(event));
  }
  return events;
}

void ExpectSame(LiveModel& a, LiveModel& b) {
  const auto x = a.Snapshot(), y = b.Snapshot();
  EXPECT_EQ(x->rows, y->rows);
  EXPECT_EQ(x->late_rows, y->late_rows);
  EXPECT_EQ(x->batches.counted, y->batches.counted);
  EXPECT_EQ(x->batches.duplicate, y->batches.duplicate);
  EXPECT_EQ(x->batches.refused, y->batches.refused);
  EXPECT_EQ(x->open_panes, y->open_panes);
  EXPECT_EQ(x->sources, y->sources);
  EXPECT_EQ(x->producers, y->producers);
  EXPECT_EQ(x->last_batch, y->last_batch);
  EXPECT_EQ(x->watermark, y->watermark);
  ASSERT_EQ(x->alerts.size(), y->alerts.size());
  for (size_t i = 0; i < x->alerts.size(); ++i) {
    const checks::Alert &p = x->alerts[i], &q = y->alerts[i];
    SCOPED_TRACE(absl::StrCat(checks::CheckName(p.key.check), " ", p.key.variable));
    EXPECT_EQ(p.key, q.key);
    EXPECT_EQ(p.state, q.state);
    EXPECT_EQ(p.pending_since, q.pending_since);
    EXPECT_EQ(p.firing_since, q.firing_since);
    EXPECT_EQ(p.resolved_at, q.resolved_at);
    EXPECT_EQ(p.streak, q.streak);
    EXPECT_EQ(p.calm_streak, q.calm_streak);
    EXPECT_EQ(p.last_block, q.last_block);
  }
}

void ExpectSameLosses(absl::Time now, LiveModel* a, LiveModel* b) {
  a->Tick(now);
  b->Tick(now);
  const LossCounts x = a->Snapshot()->losses, y = b->Snapshot()->losses;
  EXPECT_EQ(x.lost, y.lost);
  EXPECT_EQ(x.called_lost, y.called_lost);
  EXPECT_EQ(x.cleared, y.cleared);
  EXPECT_EQ(x.unended_epochs, y.unended_epochs);
}

void ExpectSameReport(absl::Time now, LiveModel* a, LiveModel* b) {
  const Report x = a->MakeReport(now, {}).value(), y = b->MakeReport(now, {}).value();
  EXPECT_EQ(x.rows, y.rows);
  EXPECT_EQ(x.start, y.start);
  ASSERT_EQ(x.findings.size(), y.findings.size());
  for (size_t i = 0; i < x.findings.size(); ++i) {
    SCOPED_TRACE(x.findings[i].reason);
    EXPECT_EQ(x.findings[i].check, y.findings[i].check);
    EXPECT_EQ(x.findings[i].variable, y.findings[i].variable);
    EXPECT_EQ(x.findings[i].status, y.findings[i].status);
    EXPECT_EQ(x.findings[i].value, y.findings[i].value);
    EXPECT_EQ(x.findings[i].p_value, y.findings[i].p_value);
    EXPECT_EQ(x.findings[i].reason, y.findings[i].reason);
    EXPECT_EQ(x.findings[i].resolution, y.findings[i].resolution);
  }
  ASSERT_EQ(x.impacts.size(), y.impacts.size());
  for (size_t i = 0; i < x.impacts.size(); ++i) {
    SCOPED_TRACE(x.impacts[i].reason);
    EXPECT_EQ(x.impacts[i].reason, y.impacts[i].reason);
    EXPECT_EQ(x.impacts[i].without, y.impacts[i].without);
    EXPECT_EQ(x.impacts[i].with, y.impacts[i].with);
    EXPECT_EQ(x.impacts[i].tvd, y.impacts[i].tvd);
    EXPECT_DOUBLE_EQ(x.impacts[i].mean_without.value_or(0), y.impacts[i].mean_without.value_or(0));
    EXPECT_DOUBLE_EQ(x.impacts[i].mean_with.value_or(0), y.impacts[i].mean_with.value_or(0));
  }
  ASSERT_EQ(x.losses.size(), y.losses.size());
  for (size_t i = 0; i < x.losses.size(); ++i) {
    EXPECT_EQ(x.losses[i].producer, y.losses[i].producer);
    EXPECT_EQ(x.losses[i].epoch, y.losses[i].epoch);
    EXPECT_EQ(x.losses[i].lost, y.losses[i].lost);
    EXPECT_EQ(x.losses[i].missing, y.losses[i].missing);
    EXPECT_EQ(x.losses[i].silence, y.losses[i].silence);
  }
}

class RestartTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  RestartTest()
      : env_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        store_(storage::Store::Open("/data", {env_.get()}).value()),
        baseline_(TrainedOnRows()),
        policy_(checks::DefaultPolicy()) {
    policy_.allowed_lateness = absl::Seconds(45);
    policy_.window_panes = 12;
    policy_.hole_grace = absl::Seconds(40);
    policy_.no_data_after = absl::Seconds(90);
    policy_.epoch_expiry = absl::Minutes(20);
    policy_.checks[checks::CheckId::kNanRate].for_duration = absl::Minutes(1);
  }

  void Commit(LiveModel* model) {
    storage::Store::Batch batch;
    model->Commit(&batch);
    ASSERT_TRUE(store_->Write(std::move(batch), false).ok());
    EXPECT_FALSE(model->dirty());
  }
  std::unique_ptr<LiveModel> Load() {
    const auto state = store_->GetState(kKey.model, kKey.version);
    EXPECT_TRUE(state.ok() && state->has_value());
    auto model = LiveModel::Load(kKey, baseline_, policy_, **state, *store_);
    EXPECT_TRUE(model.ok()) << model.status();
    return *std::move(model);
  }

  const std::unique_ptr<rocksdb::Env> env_;
  const std::unique_ptr<storage::Store> store_;
  const std::shared_ptr<const profile::Baseline> baseline_;
  checks::Policy policy_;
};

TEST_P(RestartTest, KilledAnywhereAndSentAgainItIsTheSame) {
  const std::vector<Event> events = Story(GetParam());
  std::mt19937_64 random(GetParam() + 1'000);
  LiveModel whole(kKey, baseline_, policy_, 1, kNow, store_.get());
  auto killed = std::make_unique<LiveModel>(kKey, baseline_, policy_, 1, kNow, store_.get());
  Commit(killed.get());
  size_t committed = 0;  // events whose outcome the store holds
  int kills = 0;
  std::set<checks::CheckId> fired;
  for (size_t i = 0; i < events.size(); ++i) {
    Apply(events[i], &whole);
    Apply(events[i], killed.get());
    for (const ModelAlert& change : whole.TakeChanges()) {
      if (change.alert.state == checks::AlertState::kFiring) fired.insert(change.alert.key.check);
    }
    if (random() % 5 == 0) {
      Commit(killed.get());
      committed = i + 1;
    }
    if (random() % 12 == 0) {
      ++kills;
      killed = Load();
      // What was not acknowledged is sent again.
      for (size_t again = committed; again <= i; ++again) Apply(events[again], killed.get());
    }
    ExpectSame(whole, *killed);
    if (i % 20 == 0) {
      ExpectSameReport(events[i].now, &whole, killed.get());
      Commit(killed.get());  // a report may find that time has passed
      committed = i + 1;
    }
    ASSERT_FALSE(HasFailure()) << "event " << i;
  }
  ExpectSameLosses(events.back().now, &whole, killed.get());
  EXPECT_GT(kills, 20);
  EXPECT_THAT(fired, ::testing::IsSupersetOf({checks::CheckId::kDrift, checks::CheckId::kRowsLost,
                                              checks::CheckId::kTailUnknown}));
  EXPECT_GT(whole.Snapshot()->late_rows, 0u);
  EXPECT_GT(whole.Snapshot()->batches.duplicate, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RestartTest, ::testing::Range(1u, 7u));

}  // namespace
}  // namespace plumbline::engine
