#include "server/storage/baseline_record.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/pane.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::storage {
namespace {

using profile::Baseline;
using profile::MakeBatch;
using profile::NumberColumn;
using profile::TextColumn;
using ::testing::HasSubstr;

// 600 rows of numbers with nulls, NaN, an infinity and an atom, and of text with nulls.
Baseline Built() {
  std::vector<double> x;
  std::vector<int64_t> n;
  std::vector<std::string> city;
  std::vector<int64_t> times;
  for (int i = 0; i < 600; ++i) {
    x.push_back(i % 3 == 0 ? 0 : std::sin(i) * 1e3);
    n.push_back(i % 7);
    city.push_back(i % 2 == 0 ? "a" : i % 5 == 0 ? "b" : "c" + std::to_string(i));
    times.push_back(int64_t{1'000'000} * i);
  }
  x[5] = NAN;
  x[6] = std::numeric_limits<double>::infinity();
  const std::vector<uint8_t> valid(75, 0b1101'1111);
  profile::BatchView batch =
      MakeBatch(600, {NumberColumn("x", x), NumberColumn("n", n), TextColumn("city", city)});
  batch.columns[0].validity = valid;
  batch.columns[2].validity = valid;
  batch.row_event_micros = times;
  profile::BaselineOptions options;
  options.max_chunks = 4;
  options.max_sample_rows = 20;
  auto built = profile::BuildBaseline(
      {batch}, {{"n", profile::Role::kLabel, profile::Kind::kCategorical}}, options);
  EXPECT_TRUE(built.ok()) << built.status();
  Baseline baseline = *std::move(built);
  baseline.model = "m";
  baseline.version = "v";
  baseline.number = 12;
  baseline.description = "march";
  baseline.created_at = absl::FromUnixMicros(1'700'000'000'123'456);
  return baseline;
}

TEST(BaselineRecord, RoundTripsABuiltBaseline) {
  const Baseline baseline = Built();
  const v1::BaselineRecord record = ToRecord(baseline);
  const auto back = FromRecord(record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->model, "m");
  EXPECT_EQ(back->version, "v");
  EXPECT_EQ(back->number, 12u);
  EXPECT_EQ(back->description, "march");
  EXPECT_EQ(back->created_at, baseline.created_at);
  EXPECT_EQ(back->rows, 600u);
  EXPECT_EQ(back->data_start, baseline.data_start);
  EXPECT_EQ(back->data_end, baseline.data_end);
  EXPECT_TRUE(back->in_time_order);
  ASSERT_TRUE(back->data_end.has_value());
  ASSERT_EQ(back->variables.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const profile::VariableBaseline& was = baseline.variables[i];
    const profile::VariableBaseline& is = back->variables[i];
    EXPECT_EQ(is.variable.name, was.variable.name);
    EXPECT_EQ(is.variable.role, was.variable.role);
    EXPECT_EQ(is.variable.kind, was.variable.kind);
    EXPECT_EQ(is.variable.type, was.variable.type);
    EXPECT_EQ(is.counts.codes, was.counts.codes);
    EXPECT_EQ(is.counts.nulls, was.counts.nulls);
    EXPECT_EQ(is.bins.edges(), was.bins.edges());
    EXPECT_EQ(is.categories.names(), was.categories.names());
    EXPECT_EQ(is.quantiles, was.quantiles);
    EXPECT_EQ(is.grouping, was.grouping);
    EXPECT_EQ(is.is_constant(), was.is_constant());
  }
  EXPECT_EQ(back->variables[0].counts.moments.Mean(), baseline.variables[0].counts.moments.Mean());
  EXPECT_GT(back->chunks.size(), 1u);
  EXPECT_EQ(back->sample.rows, baseline.sample.rows);
  EXPECT_EQ(back->sample.numeric, baseline.sample.numeric);
  EXPECT_EQ(back->sample.categorical, baseline.sample.categorical);
  // Whatever else there is: nothing is lost in going round again.
  EXPECT_EQ(ToRecord(*back).SerializeAsString(), record.SerializeAsString());
}

TEST(BaselineRecord, LearnsNaturalVariationWhereAnOlderOneHasNone) {
  const v1::BaselineRecord record = ToRecord(Built());
  EXPECT_TRUE(HasNaturalVariation(record));
  v1::BaselineRecord old = record;
  for (auto& variable : *old.mutable_variables()) variable.clear_natural_variation();
  EXPECT_FALSE(HasNaturalVariation(old));
  const auto baseline = FromRecord(old);
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  EXPECT_GT(baseline->variables[0].natural.chunk_rows, 0);
  EXPECT_EQ(ToRecord(*baseline).SerializeAsString(), record.SerializeAsString());
}

TEST(BaselineRecord, AnOlderOneLetsExpectWhatIndependentRowsDo) {
  v1::BaselineRecord record = ToRecord(Built());
  v1::NaturalVariationRecord* const natural =
      record.mutable_variables(1)->mutable_natural_variation();
  natural->set_outside(12.5);
  natural->set_outside_share(0.25);
  const auto baseline = FromRecord(record);
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  EXPECT_EQ(baseline->variables[1].natural.outside, 12.5);
  EXPECT_EQ(baseline->variables[1].natural.outside_share, 0.25);
  EXPECT_EQ(ToRecord(*baseline).SerializeAsString(), record.SerializeAsString());
  natural->clear_outside();
  natural->clear_outside_share();
  const auto older = FromRecord(record);
  ASSERT_TRUE(older.ok()) << older.status();
  EXPECT_EQ(older->variables[1].natural.outside, 1);
  EXPECT_EQ(older->variables[1].natural.outside_share, 0);
}

TEST(BaselineRecord, CodesLiveValuesAsTheBaselineDid) {
  const Baseline baseline = Built();
  const Baseline back = FromRecord(ToRecord(baseline)).value();
  const std::vector<double> x = {0, 17.5, -999, 5e6, NAN};
  const std::vector<std::string> city = {"a", "b", "c1", "never", ""};
  const auto batch = MakeBatch(5, {NumberColumn("x", x), TextColumn("city", city)});
  EXPECT_EQ(profile::EncodePane(profile::CountBatch(baseline, batch)),
            profile::EncodePane(profile::CountBatch(back, batch)));
}

TEST(BaselineRecord, HeadSaysWhatTheBaselineIs) {
  const Baseline baseline = Built();
  const v1::BaselineHeadRecord head = HeadOf(baseline);
  EXPECT_EQ(head.rows(), 600u);
  EXPECT_EQ(head.variables(), 3u);
  EXPECT_EQ(head.created_at_micros(), 1'700'000'000'123'456);
  EXPECT_TRUE(head.has_data_start_micros());
  EXPECT_EQ(head.data_end_micros(), absl::ToUnixMicros(*baseline.data_end));
  EXPECT_EQ(head.description(), "march");
}

TEST(BaselineRecord, RefusesWhatDoesNotFit) {
  const v1::BaselineRecord good = ToRecord(Built());
  using Change = void (*)(v1::BaselineRecord*);
  const std::vector<Change> changes = {
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_role(4); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_kind(0); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_kind(2); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_type(6); },
      [](v1::BaselineRecord* r) { r->mutable_variables(1)->set_name("x"); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_edges(0, NAN); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->add_atoms(true); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->add_quantiles(1e9); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_quantiles(0, 1e9); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_distinct(-1); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->set_longest_gap_micros(-1); },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(0)->mutable_natural_variation()->set_groups(0.5);
      },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(0)->mutable_natural_variation()->add_psi_limits(NAN);
      },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(0)->mutable_natural_variation()->set_outside(0.5);
      },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(0)->mutable_natural_variation()->set_outside_share(1.5);
      },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(0)->mutable_natural_variation()->set_outside_share(NAN);
      },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->mutable_counts()->add_codes(0); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->mutable_counts()->set_codes(1, ~0ull); },
      [](v1::BaselineRecord* r) { r->mutable_variables(0)->mutable_counts()->set_rows(601); },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(0)->mutable_counts()->mutable_moments()->set_count(3);
      },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(0)->mutable_counts()->mutable_moments()->set_min(NAN);
      },
      [](v1::BaselineRecord* r) { r->mutable_variables(1)->add_categories("more"); },
      [](v1::BaselineRecord* r) { r->mutable_variables(1)->add_longest_category_gap_rows(1); },
      [](v1::BaselineRecord* r) {
        r->mutable_variables(1)->set_longest_category_gap_micros(0, -1);
      },
      [](v1::BaselineRecord* r) { r->mutable_variables(2)->mutable_rest_filter()->push_back('x'); },
      [](v1::BaselineRecord* r) { r->mutable_chunks(0)->mutable_pane()->pop_back(); },
      [](v1::BaselineRecord* r) { r->mutable_chunks(0)->set_rows(1); },
      [](v1::BaselineRecord* r) { r->set_rows(599); },
      [](v1::BaselineRecord* r) { r->set_sample_rows(~0ull); },
      [](v1::BaselineRecord* r) { r->mutable_sample(0)->add_nulls(true); },
      [](v1::BaselineRecord* r) { r->mutable_sample()->RemoveLast(); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    v1::BaselineRecord bad = good;
    changes[i](&bad);
    const absl::Status status = FromRecord(bad).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status) || absl::IsDataLoss(status)) << i << ": " << status;
  }
}

TEST(BaselineRecord, KeepsGroupsOfProbabilitiesAndRefusesOnesThatAreNone) {
  v1::BaselineRecord record = ToRecord(Built());
  v1::ProbabilityGroupRecord* group = record.add_probability_groups();
  group->add_variables(0);
  EXPECT_FALSE(FromRecord(record).ok());  // one alone
  group->add_variables(2);
  EXPECT_FALSE(FromRecord(record).ok());  // a categorical one
  group->set_variables(1, 3);
  EXPECT_FALSE(FromRecord(record).ok());  // of three variables
  group->set_variables(1, 0);
  const auto baseline = FromRecord(record);
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  EXPECT_EQ(baseline->probability_groups, (std::vector<std::vector<uint32_t>>{{0, 0}}));
  EXPECT_EQ(ToRecord(*baseline).probability_groups_size(), 1);
}

TEST(BaselineRecord, NamesTheVariableAtFault) {
  v1::BaselineRecord record = ToRecord(Built());
  record.mutable_variables(2)->set_kind(9);
  EXPECT_THAT(std::string(FromRecord(record).status().message()), HasSubstr("\"city\""));
}

// The serialized record with up to four bytes changed, cut or doubled.
std::string Mutate(std::string bytes, std::mt19937_64* random) {
  for (uint64_t left = 1 + (*random)() % 4; left > 0 && !bytes.empty(); --left) {
    const size_t at = (*random)() % bytes.size();
    switch ((*random)() % 4) {
      case 0:
        bytes[at] = static_cast<char>((*random)());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (*random)() % 8));
        break;
      case 2:
        bytes.erase(at, 1 + (*random)() % 8);
        break;
      default:
        bytes.insert(at, bytes.substr(at, 1 + (*random)() % 8));
    }
  }
  return bytes;
}

TEST(BaselineRecord, SurvivesMutations) {
  const Baseline baseline = Built();
  const std::string good = ToRecord(baseline).SerializeAsString();
  const std::vector<double> x = {0, 17.5, -999, 5e6, NAN};
  const auto batch = MakeBatch(5, {NumberColumn("x", x)});
  std::mt19937_64 random(20240);
  int parsed = 0;
  int accepted = 0;
  for (int i = 0; i < 5000; ++i) {
    v1::BaselineRecord record;
    if (!record.ParseFromString(Mutate(good, &random))) continue;
    ++parsed;
    const auto read = FromRecord(record);
    if (!read.ok()) continue;
    ++accepted;
    // What is accepted can be used, and is sound: it goes round again.
    EXPECT_EQ(profile::CountBatch(*read, batch).rows, 5u);
    const auto again = FromRecord(ToRecord(*read));
    EXPECT_TRUE(again.ok()) << again.status();
  }
  EXPECT_GT(parsed, 100);
  EXPECT_GT(accepted, 10);
  EXPECT_LT(accepted, parsed);
}

}  // namespace
}  // namespace plumbline::storage
