// What belongs together: a folder whose records are whole one by one, and of which some are missing
// or contradict each other, is found out and repaired.
#include "server/storage/verify.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/pane.h"
#include "server/storage/repair.h"
#include "server/storage/store.h"
#include "tests/fuzz/fixed_baseline.h"
#include "tests/storage/sample_folder.h"
#include "tests/storage/test_folder.h"

namespace plumbline::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kRowsGeneration = 3;
constexpr int64_t kMinute = kSamplePaneMicros;

class Verify : public ::testing::Test {
 protected:
  Verify() {
    dir_ = NewTestFolder("verify");
    const auto store = Store::Open(dir_).value();
    FillSample(store.get(), 0, 1);
  }
  ~Verify() override { fs::remove_all(dir_); }

  void Change(Store::Batch batch) {
    const auto store = Store::Open(dir_).value();
    ASSERT_TRUE(store->Write(std::move(batch), true).ok());
  }
  std::vector<std::string> Problems() const { return VerifyFolder(dir_).value().problems; }

  // Expects one problem in these words; that the repair mends it; and returns what is there then.
  FolderContents Mend(const ::testing::Matcher<std::string>& words) {
    EXPECT_THAT(Problems(), ElementsAre(words));
    const auto repair = RepairFolder(dir_);
    EXPECT_TRUE(repair.ok()) << repair.status();
    EXPECT_THAT(repair->lost, Contains(words));
    EXPECT_THAT(Problems(), IsEmpty());
    absl::Status refusal;
    auto contents = ReadContents(dir_, &refusal);
    EXPECT_TRUE(contents.has_value()) << refusal;
    return contents.value_or(FolderContents());
  }
  // The window that a repair has left.
  v1::WindowRecord Window() const {
    return **Store::Open(dir_).value()->GetWindow("m5", "1", kRowsGeneration);
  }
  void ExpectWindow(int64_t panes) const {
    const v1::WindowRecord window = Window();
    const uint64_t rows = fuzz::FixedBatch().rows;
    ASSERT_EQ(window.levels_size(), 1);
    EXPECT_EQ(window.levels(0).starts_size(), panes);
    const auto sum = profile::DecodePane(fuzz::FixedBaseline(), window.sum());
    EXPECT_EQ(sum.value().rows, static_cast<uint64_t>(panes) * rows);
  }

  std::string dir_;
};

TEST_F(Verify, FindsNothingInASoundFolder) { EXPECT_THAT(Problems(), IsEmpty()); }

TEST_F(Verify, MissesAPaneThatTheWindowNames) {
  Store::Batch batch;
  batch.DeletePane("m5", "1", kRowsGeneration, 4 * kMinute);
  Change(std::move(batch));
  const auto left = Mend(HasSubstr(
      "model \"m5\" version \"1\": the pane of 1970-01-01T00:04:00+00:00 is named by the window"));
  EXPECT_FALSE(left.contains(absl::StrCat("m5 block 1 ", 0)));
  ExpectWindow(kSamplePanes - 1);
}

TEST_F(Verify, MissesSeveralPanes) {
  Store::Batch batch;
  for (int64_t i = 0; i < 3; ++i) batch.DeletePane("m5", "1", kRowsGeneration, i * kMinute);
  Change(std::move(batch));
  Mend(HasSubstr("3 panes, the first of 1970-01-01T00:00:00+00:00, each is named"));
  ExpectWindow(kSamplePanes - 3);
}

TEST_F(Verify, MissesABlockThatTheWindowNames) {
  Store::Batch batch;
  batch.DeletePaneBlock("m5", "1", kRowsGeneration, 1, 8 * kMinute);
  Change(std::move(batch));
  Mend(HasSubstr("the block of panes of 1970-01-01T00:08:00+00:00 is named by the window"));
  ExpectWindow(kSamplePanes);
}

TEST_F(Verify, MissesTheWindowOfPanes) {
  v1::WindowRecord window = Window();
  Store::Batch batch;
  batch.DeleteGeneration("m5", "1", kRowsGeneration);
  const std::string pane = profile::EncodePane(profile::Pane(fuzz::FixedBaseline()));
  batch.PutPane("m5", "1", kRowsGeneration, 7 * kMinute, pane);
  batch.PutPane("m5", "1", kRowsGeneration, 9 * kMinute, pane);
  Change(std::move(batch));
  Mend(HasSubstr("the window of 2 closed panes is not there"));
  EXPECT_THAT(Window().levels(0).starts(), ElementsAre(7 * kMinute, 9 * kMinute));
}

TEST_F(Verify, SeesAPaneOfWhichTheWindowDoesNotKnow) {
  Store::Batch batch;
  batch.PutPane("m5", "1", kRowsGeneration, -kMinute,
                profile::EncodePane(profile::Pane(fuzz::FixedBaseline())));
  Change(std::move(batch));
  Mend(HasSubstr("the pane of 1969-12-31T23:59:00+00:00 is there and not named by the window"));
  EXPECT_EQ(Window().levels(0).starts_size(), kSamplePanes + 1);
}

TEST_F(Verify, SeesRowsThatDoNotAddUp) {
  v1::WindowRecord window = Window();
  window.mutable_levels(0)->set_rows(2, 1);
  Store::Batch batch;
  batch.PutWindow("m5", "1", kRowsGeneration, window);
  Change(std::move(batch));
  Mend(HasSubstr("the pane of 1970-01-01T00:02:00+00:00 does not have the rows"));
  ExpectWindow(kSamplePanes);
  window = Window();
  window.set_sum(profile::EncodePane(profile::Pane(fuzz::FixedBaseline())));
  Store::Batch wrong_sum;
  wrong_sum.PutWindow("m5", "1", kRowsGeneration, window);
  Change(std::move(wrong_sum));
  Mend(HasSubstr("the window's sum has 0 rows, its panes have 9000"));
  ExpectWindow(kSamplePanes);
}

TEST_F(Verify, SeesChangesOfAPaneThatIsClosedOrOfWhichSomeAreMissing) {
  const std::string pane = profile::EncodePane(profile::Pane(fuzz::FixedBaseline()));
  const int64_t open = kSamplePanes * kMinute;
  Store::Batch closed;
  closed.PutPaneDelta("m5", "1", kRowsGeneration, 3 * kMinute, 0, pane);
  Change(std::move(closed));
  auto left = Mend(HasSubstr("the pane of 1970-01-01T00:03:00+00:00 is closed"));
  EXPECT_FALSE(left.contains(absl::StrCat("m5 delta ", 3 * kMinute, " 0")));

  Store::Batch gap;
  gap.PutPaneDelta("m5", "1", kRowsGeneration, open, 4, pane);
  Change(std::move(gap));
  left = Mend(HasSubstr("only 4 changes are there, up to number 4"));
  for (const int number : {0, 1, 2, 3}) {
    EXPECT_TRUE(left.contains(absl::StrCat("m5 delta ", open, " ", number))) << number;
  }
  EXPECT_FALSE(left.contains(absl::StrCat("m5 delta ", open, " 4")));
}

TEST_F(Verify, MissesTheBaselineOfAState) {
  Store::Batch batch;
  batch.DeleteBaseline("m5", "1", 1);
  Change(std::move(batch));
  EXPECT_THAT(Problems(), Contains(HasSubstr("its active baseline 1 is not there")));
  ASSERT_TRUE(RepairFolder(dir_).ok());
  EXPECT_THAT(Problems(), IsEmpty());
  absl::Status refusal;
  const auto left = ReadContents(dir_, &refusal).value();
  EXPECT_FALSE(left.contains("m5 state"));
  EXPECT_FALSE(left.contains("m5 alert null_rate"));
  EXPECT_TRUE(left.contains("m6 state"));
}

TEST_F(Verify, SeesAnAlertOfAnotherBaseline) {
  v1::AlertRecord alert;
  alert.set_check("null_rate");
  alert.set_variable("city");
  alert.set_baseline_number(9);
  Store::Batch batch;
  batch.PutAlert("m5", "1", alert);
  Change(std::move(batch));
  Mend(HasSubstr("it is of baseline 9, the active one is 1"));
}

TEST_F(Verify, MissesModelsAndTheirBaselines) {
  v1::ModelRecord model;
  model.set_default_version("2");
  model.add_versions("1");
  Store::Batch batch;
  batch.PutModel("m5", model);
  Change(std::move(batch));
  const auto left =
      Mend(HasSubstr("the record of model \"m5\" does not know of baseline 1 of "
                     "version \"1\", has a default version that it does not name"));
  v1::ModelRecord mended;
  ASSERT_TRUE(mended.ParseFromString(left.at("m5")));
  EXPECT_EQ(mended.default_version(), "1");
  EXPECT_EQ(mended.last_baselines().at("1"), 1u);
}

TEST_F(Verify, MissesAModel) {
  Store::Batch batch;
  batch.DeleteModel("m5");
  Change(std::move(batch));
  const auto left = Mend(HasSubstr("the record of model \"m5\" does not name its version \"1\""));
  EXPECT_TRUE(left.contains("m5 state"));
}

TEST_F(Verify, SeesWhatNoModelNames) {
  v1::ProducerRecord producer;
  producer.set_highest(3);
  Store::Batch batch;
  batch.PutProducer("gone", "1", "p", 1, producer);
  batch.PutPolicy("gone", "1", {});
  Change(std::move(batch));
  Mend(HasSubstr("2 records of model \"gone\" version \"1\" are there, and no model names it"));
  EXPECT_THAT(*Store::Open(dir_).value()->ListProducers("gone", "1"), IsEmpty());
}

}  // namespace
}  // namespace plumbline::storage
