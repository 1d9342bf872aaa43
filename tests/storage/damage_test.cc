// Bit flips and truncations of the files of a folder that was closed in order: every time the
// folder is read as it was, or refused; and what a repair leaves is sound.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/storage/repair.h"
#include "server/storage/store.h"
#include "server/storage/verify.h"
#include "tests/storage/sample_folder.h"
#include "tests/storage/test_folder.h"

namespace plumbline::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

class Damage : public ::testing::Test {
 protected:
  Damage() {
    root_ = NewTestFolder("damage");
    dir_ = root_ / "data";
    // Several tables, by stopping in order in between.
    for (const int half : {0, 1}) {
      auto store = Store::Open(dir_).value();
      FillSample(store.get(), half, 2);
      EXPECT_TRUE(store->Close().ok());
    }
  }
  ~Damage() override { fs::remove_all(root_); }

  // Everything in a folder, or nothing if it is refused: then in words that say what and where.
  static std::optional<FolderContents> ReadAll(const fs::path& dir) {
    absl::Status refusal;
    auto all = ReadContents(dir, &refusal);
    if (!all.has_value()) {
      EXPECT_THAT(std::string(refusal.message()),
                  AnyOf(HasSubstr(dir.string()), HasSubstr(" record of model ")));
      EXPECT_THAT(refusal.code(),
                  AnyOf(absl::StatusCode::kDataLoss, absl::StatusCode::kNotFound,
                        absl::StatusCode::kFailedPrecondition, absl::StatusCode::kUnavailable))
          << refusal;
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

// What was kept is as it was, but that a baseline may have lost its chunks and sample, and a window
// panes and blocks.
void ExpectPartOf(const FolderContents& kept, const FolderContents& whole) {
  for (const auto& [key, value] : kept) {
    if (absl::EndsWith(key, " window") || key == "missing commits") continue;
    if (absl::StrContains(key, " baseline ") && value != whole.at(key)) {
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

class RandomDamage : public Damage, public ::testing::WithParamInterface<uint64_t> {};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomDamage, ::testing::Range<uint64_t>(0, 4));

TEST_P(RandomDamage, IsRefusedOrDoesNoHarm) {
  int rounds = 125;  // for each of four seeds
  if (const char* more = std::getenv("PLUMBLINE_DAMAGE_ROUNDS")) {
    ASSERT_TRUE(absl::SimpleAtoi(more, &rounds)) << more;
  }
  const auto whole = ReadAll(Copy("whole"));
  ASSERT_TRUE(whole.has_value());
  ASSERT_THAT(VerifyFolder(dir_)->problems, IsEmpty());
  std::mt19937_64 random(GetParam());
  int refused = 0, repaired = 0;
  std::set<std::string> kinds;
  for (int round = 0; round < rounds; ++round) {
    const fs::path copy = Copy("damaged");
    const std::vector<fs::path> files = FilesOf(copy);
    const fs::path& file = files[random() % files.size()];
    kinds.insert(file.extension() == ".sst" ? "table" : file.stem().string().substr(0, 7));
    const std::string what = DamageFile(file, &random);
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
  EXPECT_THAT(kinds, IsSupersetOf({"table", "MANIFES", "CURRENT", "FORMAT", "COMMITT", "IDENTIT",
                                   "OPTIONS"}));
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
  EXPECT_GT(found->records, kSampleModels * kSamplePanes);
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
  const auto whole = ReadAll(Copy("whole"));
  fs::remove(dir_ / "CURRENT");
  const absl::Status status = Store::Open(dir_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("CURRENT"));
  ASSERT_TRUE(RepairFolder(dir_).ok());
  EXPECT_EQ(ReadAll(dir_)->size(), whole->size());
}

}  // namespace
}  // namespace plumbline::storage
