// Profiles of data sets on disk.
#include "server/storage/profile_record.h"

#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/data_set_profiler.h"
#include "server/storage/repair.h"
#include "server/storage/store.h"
#include "server/storage/verify.h"
#include "tests/storage/test_folder.h"

namespace plumbline::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

profile::DataSetProfile SomeProfile() {
  constexpr uint32_t kRows = 20'000;
  std::vector<double> numbers;
  std::vector<absl::string_view> names;
  std::vector<uint8_t> bits(kRows / 8, 0xdf);
  std::mt19937_64 random(1);
  for (uint32_t row = 0; row < kRows; ++row) {
    numbers.push_back(row % 97 == 0 ? NAN : static_cast<double>(random() % 100'000) / 7 - 1'000);
    names.push_back(row % 3 == 0 ? "one" : "other");
  }
  profile::BatchView batch;
  batch.rows = kRows;
  batch.columns = {{"x", {}, absl::MakeConstSpan(numbers), bits}, {"c", {}, names, {}}};
  profile::DataSetProfiler profiler({}, {"c"});
  EXPECT_EQ(profiler.Add(batch), absl::OkStatus());
  return profiler.Finish().value();
}

TEST(ProfileRecord, GivesBackWhatWasStored) {
  const profile::DataSetProfile profile = SomeProfile();
  const v1::ProfileRecord record = ToRecord(profile);
  auto read = FromRecord(record);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToRecord(*read).SerializeAsString(), record.SerializeAsString());
  EXPECT_EQ(read->variables[0].StandardDeviation(), profile.variables[0].StandardDeviation());
  EXPECT_EQ(*read->variables[0].quantiles.Quantile(0.5),
            *profile.variables[0].quantiles.Quantile(0.5));
  // It goes on like the one that was never stored.
  ASSERT_TRUE(read->Merge(profile).ok());
  EXPECT_EQ(read->row_count(), 40'000u);
}

TEST(ProfileRecord, RefusesWhatIsDamagedAndNamesTheVariable) {
  const v1::ProfileRecord sound = ToRecord(SomeProfile());
  v1::ProfileRecord record = sound;
  record.mutable_variables(0)->set_finite(7);
  EXPECT_THAT(FromRecord(record).status().message(), HasSubstr("profile variable \"x\": "));
  record = sound;
  record.mutable_variables(1)->mutable_digest()->set_cells(7);
  EXPECT_THAT(FromRecord(record).status().message(),
              HasSubstr("\"c\": its rows are not the profile's"));
  const std::string bytes = sound.SerializeAsString();
  std::mt19937_64 random(2);
  for (int round = 0; round < 500; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    if (record.ParseFromString(damaged)) (void)FromRecord(record);  // an error, or none
  }
}

TEST(ProfileStore, KeepsProfilesAndMendsAHeadThatIsLost) {
  const std::string dir = NewTestFolder("profiles");
  const profile::DataSetProfile profile = SomeProfile();
  const ProfileKey raw{"adult", "raw", "research", ""}, joined{"adult", "joined", "research", "eu"};
  {
    const auto store = Store::Open(dir).value();
    Store::Batch batch;
    batch.PutProfile(raw, ToRecord(profile), HeadOf(profile));
    batch.PutProfile(joined, ToRecord(profile), HeadOf(profile));
    ASSERT_TRUE(store->Write(std::move(batch), true).ok());
    EXPECT_THAT(*store->ListProfileHeads(), SizeIs(2));
    EXPECT_EQ(store->GetProfile(joined)->variables_size(), 2);
    EXPECT_THAT(store->GetProfile({"adult", "", "", ""}).status().message(),
                HasSubstr("profile record of data set \"adult\" stage \"\""));
    Store::Batch less;
    less.DeleteProfile(joined);
    ASSERT_TRUE(store->Write(std::move(less), true).ok());
    EXPECT_THAT(*store->ListProfileHeads(), SizeIs(1));
  }
  EXPECT_THAT(VerifyFolder(dir)->problems, IsEmpty());
  {
    const auto store = Store::Open(dir).value();
    Store::Batch batch;
    v1::ProfileRecord bad = ToRecord(profile);
    bad.mutable_variables(0)->set_quantile_k(0);
    batch.PutProfile(raw, bad, HeadOf(profile));
    ASSERT_TRUE(store->Write(std::move(batch), true).ok());
  }
  EXPECT_THAT(VerifyFolder(dir)->problems,
              ElementsAre(HasSubstr("the profile record of data set \"adult\" stage \"raw\""),
                          HasSubstr("the profile that it is of is not there")));
  ASSERT_TRUE(RepairFolder(dir).ok());
  EXPECT_THAT(VerifyFolder(dir)->problems, IsEmpty());
  EXPECT_THAT(*Store::Open(dir).value()->ListProfileHeads(), IsEmpty());
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace plumbline::storage
