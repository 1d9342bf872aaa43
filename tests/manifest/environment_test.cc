#include "server/manifest/environment.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/manifest/version_change.h"

namespace plumbline::manifest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CompareVersions, SaysWhichNumberDiffers) {
  struct Case {
    const char* a;
    const char* b;
    VersionChange change;
  };
  for (const Case& one : std::vector<Case>{
           {"1.26.4", "1.26.4", VersionChange::kSame},
           {"1.26.4", "1.26.10", VersionChange::kPatch},
           {"1.26", "1.26.0", VersionChange::kSame},
           {"v1.26", "1.26", VersionChange::kSame},
           {"1.26.04", "1.26.4", VersionChange::kSame},
           {"1.9", "1.10", VersionChange::kMinor},
           {"1.26.4", "2.0.1", VersionChange::kMajor},
           {"2", "10", VersionChange::kMajor},
           {"1!1.0", "1.0", VersionChange::kMajor},
           {"2.0rc1", "2.0", VersionChange::kPatch},
           {"2.1.0+cu118", "2.1.0", VersionChange::kPatch},
           {"1.0.dev3", "1.0", VersionChange::kPatch},
           {"1:2.39.5-0+deb12u2", "1:2.39.5-0+deb12u1", VersionChange::kPatch},
           {"2.36-9+deb12u10", "2.36-9+deb12u10", VersionChange::kSame},
           {"2.36-9", "2.41-1", VersionChange::kMinor},
           {"2:1.0-1", "1:1.0-1", VersionChange::kMajor},
           // The year or date of a release promises nothing.
           {"2023.11.17", "2024.2.2", VersionChange::kMinor},
           {"20230311", "20240203", VersionChange::kMinor},
           {"2023.3", "2023.4", VersionChange::kMinor},
           {"2023.3", "3.0", VersionChange::kMajor},
           {"abc", "abc", VersionChange::kSame},
           {"abc", "1.0", VersionChange::kMinor},
           {"", "1.0", VersionChange::kMinor},
           {"99999999999999999999999.1", "99999999999999999999998.1", VersionChange::kMajor},
       }) {
    EXPECT_EQ(CompareVersions(one.a, one.b), one.change) << one.a << " and " << one.b;
    EXPECT_EQ(CompareVersions(one.b, one.a), one.change) << one.b << " and " << one.a;
  }
}

Environment Trained() {
  return {.interpreter = "CPython",
          .interpreter_version = "3.11.2",
          .packages = {{"numpy", "1.26.4"}, {"scikit-learn", "1.4.0"}, {"xgboost", "2.0.3"}},
          .system_packages = {},
          .seeds = {{"numpy", "42"}},
          .settings = {{"numpy.errstate.over", "warn"}, {"OMP_NUM_THREADS", "4"}},
          .keys = {{"machine", "x86_64"}}};
}

std::vector<std::string> Words(const EnvironmentComparison& comparison) {
  std::vector<std::string> words;
  for (const EnvironmentDifference& difference : comparison.differences) {
    words.push_back(std::string(WeightName(difference.weight)) + " " + difference.cause + ": " +
                    InWords(difference));
  }
  return words;
}

TEST(CompareEnvironments, FindsNothingInTheSame) {
  const EnvironmentComparison comparison = CompareEnvironments(Trained(), Trained());
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_THAT(comparison.not_compared, IsEmpty());
}

TEST(CompareEnvironments, NamesAndWeighsEveryDifference) {
  Environment runs = Trained();
  runs.interpreter_version = "3.11.9";
  runs.packages = {{"NumPy", "2.0.1"}, {"Scikit_Learn", "1.5.0"}, {"uvicorn", "0.30"}};
  runs.seeds = {{"numpy", "7"}};
  runs.settings.erase("OMP_NUM_THREADS");
  runs.keys["machine"] = "aarch64";
  EXPECT_THAT(
      Words(CompareEnvironments(Trained(), runs)),
      ElementsAre("critical package_major: package numpy 1.26.4 -> 2.0.1 (major version)",
                  "warning package_minor: package scikit-learn 1.4.0 -> 1.5.0 (minor version)",
                  "warning package_missing: package xgboost 2.0.3 -> missing",
                  "warning seed_changed: seed numpy 42 -> 7",
                  "warning setting_changed: setting OMP_NUM_THREADS 4 -> not set",
                  "info interpreter_patch: interpreter CPython 3.11.2 -> 3.11.9",
                  "info package_extra: package uvicorn 0.30 is extra",
                  "info key_changed: key machine x86_64 -> aarch64"));
  runs = Trained();
  runs.interpreter = "PyPy";
  EXPECT_THAT(Words(CompareEnvironments(Trained(), runs)),
              ElementsAre("critical other_interpreter: interpreter CPython 3.11.2 -> PyPy 3.11.2"));
}

TEST(CompareEnvironments, SaysWhatItCannotCompare) {
  Environment runs = Trained();
  runs.system_packages = {{"libc6", "2.36-9"}};
  runs.packages.clear();
  const EnvironmentComparison comparison = CompareEnvironments(Trained(), runs);
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_THAT(comparison.not_compared, ElementsAre(Area::kPackage, Area::kSystemPackage));
}

TEST(CheckEnvironment, RefusesWhatIsTooLarge) {
  EXPECT_TRUE(CheckEnvironment(Trained()).ok());
  Environment large = Trained();
  large.keys["notes"] = std::string(kMaxEnvironmentValueBytes + 1, 'x');
  EXPECT_THAT(std::string(CheckEnvironment(large).message()), HasSubstr("key \"notes\" has 4097"));
  large = Trained();
  for (int i = 0; i < 100; ++i) large.keys["k" + std::to_string(i)] = std::string(4000, 'x');
  EXPECT_THAT(std::string(CheckEnvironment(large).message()), HasSubstr("at most 262144"));
  large = Trained();
  large.seeds["a\nb"] = "1";
  EXPECT_FALSE(CheckEnvironment(large).ok());
  large.seeds = {{"", "1"}};
  EXPECT_FALSE(CheckEnvironment(large).ok());
}

}  // namespace
}  // namespace plumbline::manifest
