#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/telemetry/snapshots.h"

namespace plumbline::telemetry {
namespace {

// What `command` prints; and its exit status in `status`.
std::string OutputOf(const std::string& command, int* status) {
  std::string output;
  FILE* const pipe = popen(command.c_str(), "r");
  char buffer[4096];
  while (const size_t got = fread(buffer, 1, sizeof(buffer), pipe)) output.append(buffer, got);
  *status = pclose(pipe);
  return output;
}

TEST(Promtool, FindsNothingInAFullSnapshot) {
  int status = 0;
  OutputOf("command -v promtool", &status);
  if (status != 0) GTEST_SKIP() << "promtool is not installed";

  engine::ModelSnapshot model = MakeModel("a \"model\"\nof \\ two lines");
  model.variables = {MakeFullVariable("größe"), MakeFullVariable("age")};
  model.alerts = {MakeAlert(checks::CheckId::kDrift, "größe"),
                  MakeAlert(checks::CheckId::kRowsLost, "")};
  model.judged_sources = {std::make_shared<const engine::SourceSnapshot>(
      engine::SourceSnapshot{"eu \"west\"", 7, {MakeFullVariable("age")}})};
  model.judged_slices = {{"city=\"Rome\"", "city:3", 5}};
  model.environments = model.environments_differing = 1;
  model.loads = checks::LoadSummary();
  model.golden = engine::GoldenCounts{1, 2, 3, 4};
  model.performance = MakePerformance();
  engine::ModelSnapshot wide = MakeModel("wide");  // more than is shown
  for (int i = 0; i < 300; ++i) wide.variables.push_back(MakeFullVariable(absl::StrCat("x", i)));
  const std::string text = Exporter({.version = "1.2.3"})
                               .Render(Share({model, MakeModel("b"), wide}), {},
                                       {.resident_bytes = 1e6,
                                        .cpu_seconds = 2.5,
                                        .open_fds = 11,
                                        .max_fds = 1024,
                                        .start = absl::FromUnixSeconds(1'700'000'000)});
  for (const Metric& metric : Metrics()) {
    EXPECT_NE(text.find(std::string("# TYPE ") + metric.name + " "), std::string::npos)
        << metric.name << " is not in the full snapshot";
  }
  std::string path = (std::filesystem::temp_directory_path() / "promtool_test.XXXXXX").string();
  close(mkstemp(path.data()));
  std::ofstream(path) << text;
  const std::string output = OutputOf("promtool check metrics < " + path + " 2>&1", &status);
  std::filesystem::remove(path);
  EXPECT_EQ(output, "");
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace plumbline::telemetry
