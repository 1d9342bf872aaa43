// Damage in the log that a crash leaves: it cannot be told from a torn write. What is older stays
// as it was, what is left of the log is a run of commits from its beginning, and the mark beside it
// says how many are missing.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/storage/store.h"
#include "server/storage/verify.h"
#include "tests/storage/sample_folder.h"
#include "tests/storage/test_folder.h"

namespace plumbline::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kCommits = 400;  // in the log
constexpr uint64_t kSynced = 350;   // of them

class TornLog : public ::testing::Test {
 protected:
  TornLog() {
    root_ = NewTestFolder("torn");
    {
      auto store = Store::Open(root_ / "data").value();
      FillSample(store.get(), 0, 1);
      EXPECT_TRUE(store->Close().ok());
    }
    absl::Status refusal;
    older_ = ReadContents(root_ / "data", &refusal).value();
    auto store = Store::Open(root_ / "data").value();
    for (uint64_t i = 0; i < kCommits; ++i) {
      if (i == kSynced) synced_bytes_ = fs::file_size(LogOf(root_ / "data"));
      Store::Batch batch;
      v1::ModelRecord model;
      model.set_default_version(std::string(1 + i * 13 % 400, 'v'));
      model.add_versions(model.default_version());
      batch.PutModel(Name(i), model);
      batch.PutModel("last", model);
      EXPECT_TRUE(store->Write(std::move(batch), /*sync=*/i < kSynced).ok());
    }
    // The folder as a crash would leave it.
    fs::copy(root_ / "data", root_ / "crashed", fs::copy_options::recursive);
  }
  ~TornLog() override { fs::remove_all(root_); }

  static std::string Name(uint64_t commit) { return absl::StrCat("new", 1000 + commit); }

  fs::path CopyCrashed() const {
    const fs::path copy = root_ / "copy";
    fs::remove_all(copy);
    fs::copy(root_ / "crashed", copy, fs::copy_options::recursive);
    return copy;
  }
  // The one with the commits: others are left from before, and empty.
  static fs::path LogOf(const fs::path& dir) {
    fs::path log;
    for (const auto& entry : fs::directory_iterator(dir)) {
      if (entry.path().extension() != ".log") continue;
      if (log.empty() || entry.file_size() > fs::file_size(log)) log = entry.path();
    }
    return log;
  }

  // The commits that are left, which are the first ones; nothing if the folder was refused.
  std::optional<uint64_t> Left(const fs::path& dir) {
    absl::Status refusal;
    auto contents = ReadContents(dir, &refusal);
    if (!contents.has_value()) {
      EXPECT_EQ(refusal.code(), absl::StatusCode::kDataLoss) << refusal;
      EXPECT_THAT(std::string(refusal.message()), HasSubstr(dir.string()));
      return std::nullopt;
    }
    uint64_t left = 0;
    while (contents->erase(Name(left)) > 0) ++left;
    EXPECT_EQ(contents->erase("last"), left > 0 ? 1u : 0u);
    EXPECT_EQ(contents->at("missing commits"), absl::StrCat(kCommits - left));
    contents->erase("missing commits");
    FolderContents older = older_;
    older.erase("missing commits");
    EXPECT_EQ(*contents, older);
    return left;
  }

  fs::path root_;
  uint64_t synced_bytes_ = 0;  // of the log
  FolderContents older_;
};

TEST_F(TornLog, CutAnywhereIsReadUpToThere) {
  const uint64_t size = fs::file_size(LogOf(root_ / "crashed"));
  uint64_t before = kCommits;
  for (uint64_t cut = 1; cut < size; cut += cut < 100 ? 3 : 4999) {
    SCOPED_TRACE(cut);
    const fs::path copy = CopyCrashed();
    fs::resize_file(LogOf(copy), size - cut);
    const std::optional<uint64_t> left = Left(copy);
    ASSERT_TRUE(left.has_value());
    EXPECT_LE(*left, before);
    before = *left;
  }
  EXPECT_LT(before, 50u);
}

TEST_F(TornLog, WithAFlippedBitIsReadUpToThereUnlessThatWasSynced) {
  int rounds = 100;
  if (const char* more = std::getenv("PLUMBLINE_DAMAGE_ROUNDS")) {
    ASSERT_TRUE(absl::SimpleAtoi(more, &rounds)) << more;
  }
  std::mt19937_64 random(11);
  int refused = 0, read = 0;
  for (int round = 0; round < rounds; ++round) {
    const fs::path copy = CopyCrashed();
    const fs::path log = LogOf(copy);
    // As often in the end as in what was synced.
    const uint64_t end = fs::file_size(log) - synced_bytes_;
    const uint64_t at = round % 2 == 0 ? random() % synced_bytes_ : synced_bytes_ + random() % end;
    SCOPED_TRACE(at);
    {
      std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const int byte = file.get();
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(byte ^ (1 << random() % 8)));
    }
    const auto found = VerifyFolder(copy);
    ASSERT_TRUE(found.ok()) << found.status();
    const std::optional<uint64_t> left = Left(copy);
    EXPECT_EQ(left.has_value(), at >= synced_bytes_);
    EXPECT_EQ(left.has_value(), found->problems.empty());
    if (left.has_value()) {
      EXPECT_GE(*left, kSynced);
      EXPECT_LT(*left, kCommits);
      ++read;
    } else {
      ++refused;
    }
  }
  std::printf("%d rounds: %d refused, %d read up to the damage\n", rounds, refused, read);
}

TEST_F(TornLog, IsNotReportedAgainOnceItWasOpened) {
  const fs::path copy = CopyCrashed();
  const fs::path log = LogOf(copy);
  fs::resize_file(log, fs::file_size(log) - 150);
  {
    const auto found = VerifyFolder(copy);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_THAT(found->problems, IsEmpty());
    EXPECT_THAT(found->notes, ::testing::ElementsAre(HasSubstr("commits are missing")));
  }
  auto store = Store::Open(copy).value();
  EXPECT_GT(store->missing_commits(), 0u);
  // Counting goes on behind what was lost.
  Store::Batch batch;
  batch.PutModel("later", {});
  ASSERT_TRUE(store->Write(std::move(batch), true).ok());
  ASSERT_TRUE(store->Close().ok());
  EXPECT_EQ(Store::Open(copy).value()->missing_commits(), 0u);
}

}  // namespace
}  // namespace plumbline::storage
