// A service on a folder that was damaged after a clean stop: it refuses to start, or shows what it
// showed before, or says itself that panes cannot be read.
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/engine/engine.h"
#include "server/storage/store.h"
#include "tests/engine/rows.h"
#include "tests/storage/test_folder.h"

namespace plumbline::engine {
namespace {

namespace fs = std::filesystem;

constexpr int kModels = 3;
constexpr int kBatches = 150;
constexpr int64_t kStartSeconds = 1'700'000'000;

std::string ModelName(int index) { return absl::StrCat("m", index); }

// What a service shows: rows of every group of every variable of every model.
using Shown = std::map<std::string, uint64_t>;

class DamagedFolder : public ::testing::TestWithParam<uint64_t> {
 protected:
  DamagedFolder()
      : clock_(absl::FromUnixSeconds(kStartSeconds + kBatches)),
        root_(storage::NewTestFolder("damaged")) {
    const std::string dir = root_ / "whole";
    auto store = storage::Store::Open(dir).value();
    auto engine = Start(dir, store.get()).value();
    for (int i = 0; i < kModels; ++i) MakeModel(ModelName(i), engine.get());
    std::mt19937_64 random(3);
    for (int i = 0; i < kBatches; ++i) {
      Rows rows = RandomRows(&random, 40);
      rows.micros = (kStartSeconds + i) * 1'000'000;
      engine->Ingest(BatchOf({ModelName(i % kModels), "default"}, {}, std::move(rows)));
    }
    engine.reset();
    EXPECT_TRUE(store->Close().ok());
  }
  ~DamagedFolder() override { fs::remove_all(root_); }

  absl::StatusOr<std::unique_ptr<Engine>> Start(const std::string& dir, storage::Store* store) {
    EngineOptions options;
    options.data_dir = dir;
    return Engine::Start(options, store, &clock_);
  }

  static void MakeModel(const std::string& name, Engine* engine) {
    static const auto* const trained = new auto(TrainedOnRows());
    profile::Baseline baseline = **trained;
    baseline.model = name;
    baseline.version = "default";
    ASSERT_TRUE(engine->ImportBaseline(std::move(baseline), false).ok());
    storage::v1::PolicyRecord policy;
    policy.set_pane_micros(2'000'000);
    policy.set_window_panes(40);
    policy.set_allowed_lateness_micros(1'000'000);
    ASSERT_TRUE(engine->SetPolicy(name, "", policy).ok());
  }

  // Nothing if the folder was refused, or something of it is said to be unreadable.
  std::optional<Shown> Show(const std::string& dir) {
    auto store = storage::Store::Open(dir);
    if (!store.ok() || (*store)->missing_commits() > 0) return std::nullopt;
    auto engine = Start(dir, store->get());
    if (!engine.ok()) {
      EXPECT_FALSE(engine.status().message().empty());
      return std::nullopt;
    }
    Shown shown;
    for (int i = 0; i < kModels; ++i) {
      const auto report = (*engine)->GetReport(ModelName(i), "", "");
      if (!report.ok()) continue;  // it is missing then, and seen below
      for (const VariableReport& variable : report->variables) {
        for (const profile::DistributionGroup& group : variable.distribution) {
          shown[absl::StrCat(ModelName(i), " ", variable.variable.name, " ", group.label)] =
              group.live_count;
        }
      }
    }
    for (const auto& snapshot : (*engine)->ModelSnapshots()) {
      if (snapshot->unreadable_panes > 0) return std::nullopt;
    }
    return shown;
  }

  base::SimulatedClock clock_;
  const fs::path root_;
};

// A bit, or the end, of any file.
std::string DamageSomeFile(const fs::path& dir, std::mt19937_64* random) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(dir)) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  const fs::path& path = files[(*random)() % files.size()];
  const uint64_t at = (*random)() % fs::file_size(path);
  const std::string where = absl::StrCat(path.filename().string(), " at ", at);
  if ((*random)() % 3 == 0) {
    fs::resize_file(path, at);
    return "cut: " + where;
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ (1 << (*random)() % 8)));
  return "flipped: " + where;
}

TEST_P(DamagedFolder, IsRefusedOrShownAsItWas) {
  constexpr int kRounds = 60;
  std::mt19937_64 random(GetParam());
  fs::copy(root_ / "whole", root_ / "copy", fs::copy_options::recursive);
  const std::optional<Shown> whole = Show(root_ / "copy");
  ASSERT_TRUE(whole.has_value());
  ASSERT_GT(whole->size(), 3u * kModels);
  int refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    fs::remove_all(root_ / "copy");
    fs::copy(root_ / "whole", root_ / "copy", fs::copy_options::recursive);
    SCOPED_TRACE(DamageSomeFile(root_ / "copy", &random));
    const std::optional<Shown> shown = Show(root_ / "copy");
    if (shown.has_value()) {
      EXPECT_EQ(*shown, *whole);
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DamagedFolder, ::testing::Range<uint64_t>(0, 2));

}  // namespace
}  // namespace plumbline::engine
