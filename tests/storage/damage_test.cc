// Bit flips and truncations of the files of a folder that was closed in order: every time the
// folder is read as it was, or refused; and what a repair leaves is sound.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "server/profile/pane.h"
#include "server/storage/baseline_record.h"
#include "server/storage/repair.h"
#include "server/storage/rocks_options.h"
#include "server/storage/salvage.h"
#include "server/storage/store.h"
#include "server/storage/verify.h"
#include "tests/fuzz/fixed_baseline.h"

namespace plumbline::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kVersions = 40;
constexpr int kPanes = 30;

std::string ModelName(int index) { return absl::StrCat("m", index); }

class Damage : public ::testing::Test {
 protected:
  Damage() {
    std::string path = ::testing::TempDir() + "plumbline-damage-XXXXXX";
    root_ = mkdtemp(path.data());
    dir_ = root_ / "data";
    Fill();
  }
  ~Damage() override { fs::remove_all(root_); }

  // Several tables, by stopping in order in between.
  void Fill() {
    const std::string pane = profile::EncodePane([] {
      profile::Pane counted(fuzz::FixedBaseline());
      profile::PreparedBatch(fuzz::FixedBaseline(), fuzz::FixedBatch())
          .Count(0, fuzz::FixedBatch().rows, &counted);
      return counted;
    }());
    for (const int half : {0, 1}) {
      auto store = Store::Open(dir_).value();
      for (int i = half; i < kVersions; i += 2) {
        Store::Batch batch;
        v1::ModelRecord model;
        model.set_default_version("1");
        model.add_versions("1");
        (*model.mutable_last_baselines())["1"] = 1;
        batch.PutModel(ModelName(i), model);
        profile::Baseline baseline = fuzz::FixedBaseline();
        batch.PutBaseline(ModelName(i), "1", 1, ToRecord(baseline), HeadOf(baseline));
        v1::ModelStateRecord state;
        state.set_active_baseline(1);
        state.set_generation(1);
        state.set_rows(kPanes * fuzz::FixedBatch().rows);
        batch.PutState(ModelName(i), "1", state);
        for (int64_t start = 0; start < kPanes; ++start) {
          batch.PutPane(ModelName(i), "1", 1, start * 60'000'000, pane);
        }
        v1::ProducerRecord producer;
        producer.set_highest(100);
        batch.PutProducer(ModelName(i), "1", "p", 7, producer);
        EXPECT_TRUE(store->Write(std::move(batch), true).ok());
      }
      EXPECT_TRUE(store->Close().ok());
    }
  }

  // Everything in a folder, or nothing if it is refused anywhere.
  static std::optional<std::map<std::string, std::string>> ReadAll(const fs::path& dir) {
    auto store = Store::Open(dir);
    if (!store.ok()) {
      EXPECT_THAT(std::string(store.status().message()), HasSubstr(dir.string()));
      return std::nullopt;
    }
    if ((*store)->missing_commits() > 0) return std::nullopt;
    // As a daemon loads it.
    std::map<std::string, std::string> all;
    const auto models = (*store)->ListModels();
    if (!models.ok()) return std::nullopt;
    for (const auto& [name, model] : *models) {
      all[name] = model.SerializeAsString();
      const auto baseline = (*store)->GetWholeBaseline(name, "1", 1);
      const auto state = (*store)->GetState(name, "1");
      const auto panes = (*store)->ListPanes(name, "1", 1);
      const auto producers = (*store)->ListProducers(name, "1");
      const bool no_baseline = absl::IsNotFound(baseline.status());  // that is an answer
      if ((!baseline.ok() && !no_baseline) || !state.ok() || !panes.ok() || !producers.ok())
        return std::nullopt;
      if (!no_baseline) all[name + " baseline"] = baseline->SerializeAsString();
      if (state->has_value()) all[name + " state"] = (*state)->SerializeAsString();
      for (const StoredPane& pane : *panes) {
        all[absl::StrCat(name, " pane ", pane.start_micros)] = pane.bytes;
      }
      for (const StoredProducer& producer : *producers) {
        all[absl::StrCat(name, " producer ", producer.producer, producer.epoch)] =
            producer.record.SerializeAsString();
      }
    }
    return all;
  }

  fs::path Copy(const std::string& name) const {
    const fs::path copy = root_ / name;
    fs::remove_all(copy);
    fs::copy(dir_, copy, fs::copy_options::recursive);
    return copy;
  }

  fs::path root_, dir_;
};

std::vector<fs::path> FilesOf(const fs::path& dir) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(dir)) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Flips a bit or cuts the end off; says what it did.
std::string DamageFile(const fs::path& path, std::mt19937_64* random) {
  const uint64_t size = fs::file_size(path);
  const uint64_t at = (*random)() % size;
  if ((*random)() % 3 == 0) {
    fs::resize_file(path, at);
    return absl::StrCat(path.filename().string(), " cut at ", at, " of ", size);
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  const int bit = static_cast<int>((*random)() % 8);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ (1 << bit)));
  return absl::StrCat(path.filename().string(), " bit ", bit, " of byte ", at, " of ", size);
}

// What was kept is as it was, but that a baseline may have lost its chunks and sample.
void ExpectPartOf(const std::map<std::string, std::string>& kept,
                  const std::map<std::string, std::string>& whole) {
  for (const auto& [key, value] : kept) {
    if (absl::EndsWith(key, " baseline") && value != whole.at(key)) {
      v1::BaselineRecord blank;
      ASSERT_TRUE(blank.ParseFromString(whole.at(key)));
      blank.clear_chunks();
      blank.clear_sample();
      blank.clear_sample_rows();
      EXPECT_EQ(value, blank.SerializeAsString()) << key;
    } else {
      EXPECT_EQ(value, whole.at(key)) << key;
    }
  }
}

TEST_F(Damage, IsRefusedOrDoesNoHarm) {
  int rounds = 60;
  if (const char* more = std::getenv("PLUMBLINE_DAMAGE_ROUNDS")) {
    ASSERT_TRUE(absl::SimpleAtoi(more, &rounds)) << more;
  }
  const auto whole = ReadAll(Copy("whole"));
  ASSERT_TRUE(whole.has_value());
  ASSERT_EQ(whole->size(), kVersions * (4u + kPanes));
  std::mt19937_64 random(7);
  int refused = 0, repaired = 0;
  for (int round = 0; round < rounds; ++round) {
    const fs::path copy = Copy("damaged");
    const std::vector<fs::path> files = FilesOf(copy);
    const std::string what = DamageFile(files[random() % files.size()], &random);
    SCOPED_TRACE(what);
    const fs::path again = Copy("to-repair");
    fs::remove_all(again);
    fs::copy(copy, again, fs::copy_options::recursive);
    const auto read = ReadAll(copy);
    if (read.has_value()) {
      EXPECT_EQ(*read, *whole);
      continue;
    }
    ++refused;
    const auto found = VerifyFolder(again);
    // A flip may make a format that only a newer program knows.
    if (absl::IsFailedPrecondition(found.status())) continue;
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_THAT(found->problems, Not(IsEmpty()));
    const auto repair = RepairFolder(again);
    ASSERT_TRUE(repair.ok()) << repair.status();
    const auto sound = VerifyFolder(again);
    ASSERT_TRUE(sound.ok()) << sound.status();
    EXPECT_THAT(sound->problems, IsEmpty());
    const auto kept = ReadAll(again);
    ASSERT_TRUE(kept.has_value());
    ExpectPartOf(*kept, *whole);
    ++repaired;
  }
  std::printf("%d rounds: %d refused, %d repaired\n", rounds, refused, repaired);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 4);
}

TEST_F(Damage, ToABlockCostsTheRecordsInItOnly) {
  const auto whole = ReadAll(Copy("whole"));
  fs::path largest;
  for (const fs::path& file : FilesOf(dir_)) {
    if (file.extension() == ".sst" &&
        (largest.empty() || fs::file_size(file) > fs::file_size(largest))) {
      largest = file;
    }
  }
  {
    std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(largest) * 2 / 3));
    file.put('\x55').put('\xaa').put('\x55');
  }
  const auto found = VerifyFolder(dir_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->problems, Contains(HasSubstr(largest.filename().string())));
  const auto repair = RepairFolder(dir_);
  ASSERT_TRUE(repair.ok()) << repair.status();
  EXPECT_THAT(repair->lost, Contains(HasSubstr("cannot be read")));
  EXPECT_TRUE(fs::exists(fs::path(repair->damaged_dir) / largest.filename()));
  const auto kept = ReadAll(dir_);
  ASSERT_TRUE(kept.has_value());
  EXPECT_GT(kept->size(), whole->size() * 9 / 10);
  EXPECT_LT(kept->size(), whole->size());
  ExpectPartOf(*kept, *whole);
}

TEST_F(Damage, ASoundFolderIsLeftAsItIs) {
  const auto found = VerifyFolder(dir_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->problems, IsEmpty());
  EXPECT_GT(found->records, kVersions * (4u + kPanes));
  EXPECT_EQ(RepairFolder(dir_)->damaged_dir, "");
  EXPECT_EQ(VerifyFolder(root_ / "nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(Damage, AFolderInUseIsNotTouched) {
  const auto store = Store::Open(dir_).value();
  EXPECT_EQ(VerifyFolder(dir_).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(RepairFolder(dir_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Damage, ANewerFormatIsRefusedBeforeAnythingIsWritten) {
  std::ofstream(dir_ / "FORMAT") << "plumbline data folder, format 2\n";
  std::map<std::string, fs::file_time_type> before, after;
  for (const fs::path& file : FilesOf(dir_)) before[file] = fs::last_write_time(file);
  const absl::Status status = Store::Open(dir_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("newer program"));
  for (const fs::path& file : FilesOf(dir_)) after[file] = fs::last_write_time(file);
  EXPECT_EQ(before, after);
}

TEST_F(Damage, AStoreWithoutItsCurrentIsNotBegunAnew) {
  fs::remove(dir_ / "CURRENT");
  const absl::Status status = Store::Open(dir_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("CURRENT"));
  ASSERT_TRUE(RepairFolder(dir_).ok());
  EXPECT_EQ(ReadAll(dir_)->size(), kVersions * (4u + kPanes));
}

TEST_F(Damage, ATornLogCostsItsEndAndSaysHowMuch) {
  {
    auto store = Store::Open(dir_).value();
    for (int64_t start = 1000; start < 1010; ++start) {
      Store::Batch batch;
      batch.PutPane("m0", "1", 1, start, "pane");
      ASSERT_TRUE(store->Write(std::move(batch), true).ok());
    }
    // The folder as a crash would leave it.
    Copy("crashed");
  }
  const fs::path crashed = root_ / "crashed";
  fs::path log;
  for (const fs::path& file : FilesOf(crashed)) {
    if (file.extension() == ".log") log = file;
  }
  ASSERT_FALSE(log.empty());
  fs::resize_file(log, fs::file_size(log) - 150);
  auto store = Store::Open(crashed).value();
  const uint64_t missing = store->missing_commits();
  EXPECT_GT(missing, 0u);
  EXPECT_LT(missing, 10u);
  EXPECT_EQ(store->ListPanes("m0", "1", 1)->size(), kPanes + 10 - missing);
  // Counting goes on behind what was lost, and does not report it again.
  Store::Batch batch;
  batch.PutPane("m0", "1", 1, 2000, "pane");
  ASSERT_TRUE(store->Write(std::move(batch), true).ok());
  ASSERT_TRUE(store->Close().ok());
  EXPECT_EQ(Store::Open(crashed).value()->missing_commits(), 0u);
}

}  // namespace
}  // namespace plumbline::storage
