#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plumbline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<ConfigResult> Parse(std::vector<std::string> flags) {
  std::vector<const char*> argv = {"plumblined"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  return ParseConfig(static_cast<int>(argv.size()), argv.data());
}

// The message of a refusal, which is one line; empty if it was none.
std::string Refusal(std::vector<std::string> flags) {
  const auto parsed = Parse(std::move(flags));
  if (parsed.ok()) return "";
  EXPECT_THAT(std::string(parsed.status().message()), Not(HasSubstr("\n")));
  return std::string(parsed.status().message());
}

// A folder for files, and an environment variable or two, gone after the test.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string name = (std::filesystem::temp_directory_path() / "config_test.XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ConfigTest() override {
    for (const std::string& name : variables_) unsetenv(name.c_str());
    std::filesystem::remove_all(folder_);
  }

  void SetEnvironment(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    variables_.push_back(name);
  }

  std::string File(const std::string& text) {
    const std::string path = folder_ / "plumblined.conf";
    std::ofstream(path) << text;
    return path;
  }

  std::filesystem::path folder_;
  std::vector<std::string> variables_;
};

TEST_F(ConfigTest, HasDefaults) {
  const auto parsed = Parse({});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_FALSE(parsed->exit_now);
  const Config& config = parsed->config;
  EXPECT_EQ(config.data_dir, "./plumbline-data");
  EXPECT_EQ(config.grpc_address, "127.0.0.1:7700");
  EXPECT_EQ(config.http_address, "127.0.0.1:7701");
  EXPECT_EQ(config.durability, "sync");
  EXPECT_FALSE(config.allow_insecure);
  EXPECT_EQ(config.tls_cert, "");
  EXPECT_GE(config.workers, 1u);
  EXPECT_LE(config.workers, 64u);
  EXPECT_EQ(config.evaluation_interval_ms, 1000u);
  EXPECT_EQ(config.max_message_mib, 32u);
  EXPECT_EQ(config.max_series_per_model, 5'000u);
  EXPECT_EQ(config.max_series, 100'000u);
  EXPECT_EQ(config.log_level, "info");
  EXPECT_EQ(config.shutdown_timeout_seconds, 10u);
}

TEST_F(ConfigTest, FlagsWinOverEnvironmentOverFileOverDefaults) {
  const std::string file = File("workers = 3\nqueue_capacity = 30\nmax_models = 300\n");
  SetEnvironment("PLUMBLINE_WORKERS", "4");
  SetEnvironment("PLUMBLINE_QUEUE_CAPACITY", "40");
  const auto parsed = Parse({"--config", file, "--workers", "5"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.workers, 5u);
  EXPECT_EQ(parsed->config.queue_capacity, 40u);
  EXPECT_EQ(parsed->config.max_models, 300u);
  EXPECT_EQ(parsed->config.max_series, 100'000u);
}

TEST_F(ConfigTest, EverySettingComesFromAFile) {
  const std::string file = File(R"(# a comment
data_dir = "/var/lib/plumb line"
grpc_address = 0.0.0.0:1
http_address = [::1]:2
tls_cert = /c.pem
tls_key = /k.pem
tls_client_ca = /a.pem
allow_insecure = true
durability = interval:50
commit_interval_ms = 12
workers = 6
queue_capacity = 7
evaluation_interval_ms = 80
max_message_mib = 9
max_inflight_mib = 15
max_receive_mib = 16
max_baseline_sessions = 17
max_variables = 18
max_categories = 19
max_sources_per_model = 20
max_producers_per_model = 21
max_label_rows_per_model = 23
max_watchers = 22
max_spool_gib = 10
max_models = 11
max_series_per_model = 120
max_series = 130
log_level = warn
shutdown_timeout_seconds = 14
)");
  const auto parsed = Parse({"--config", file});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Config& config = parsed->config;
  EXPECT_EQ(config.data_dir, "/var/lib/plumb line");
  EXPECT_EQ(config.grpc_address, "0.0.0.0:1");
  EXPECT_EQ(config.http_address, "[::1]:2");
  EXPECT_EQ(config.tls_cert, "/c.pem");
  EXPECT_EQ(config.tls_key, "/k.pem");
  EXPECT_EQ(config.tls_client_ca, "/a.pem");
  EXPECT_TRUE(config.allow_insecure);
  EXPECT_EQ(config.durability, "interval:50");
  EXPECT_EQ(config.commit_interval_ms, 12u);
  EXPECT_EQ(config.workers, 6u);
  EXPECT_EQ(config.queue_capacity, 7u);
  EXPECT_EQ(config.evaluation_interval_ms, 80u);
  EXPECT_EQ(config.max_message_mib, 9u);
  EXPECT_EQ(config.max_inflight_mib, 15u);
  EXPECT_EQ(config.max_receive_mib, 16u);
  EXPECT_EQ(config.max_baseline_sessions, 17u);
  EXPECT_EQ(config.max_variables, 18u);
  EXPECT_EQ(config.max_categories, 19u);
  EXPECT_EQ(config.max_sources_per_model, 20u);
  EXPECT_EQ(config.max_producers_per_model, 21u);
  EXPECT_EQ(config.max_label_rows_per_model, 23u);
  EXPECT_EQ(config.max_watchers, 22u);
  EXPECT_EQ(config.max_spool_gib, 10u);
  EXPECT_EQ(config.max_models, 11u);
  EXPECT_EQ(config.max_series_per_model, 120u);
  EXPECT_EQ(config.max_series, 130u);
  EXPECT_EQ(config.log_level, "warn");
  EXPECT_EQ(config.shutdown_timeout_seconds, 14u);
}

TEST_F(ConfigTest, TheEnvironmentNamesTheFile) {
  SetEnvironment("PLUMBLINE_CONFIG", File("workers = 3\n"));
  const auto parsed = Parse({});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.workers, 3u);
}

TEST_F(ConfigTest, AFileThatCannotBeReadIsRefusedWhoeverNamedIt) {
  EXPECT_THAT(Refusal({"--config", "/does/not/exist"}), HasSubstr("/does/not/exist"));
  EXPECT_THAT(Refusal({"--config", folder_.string()}), HasSubstr(folder_.string()));
  SetEnvironment("PLUMBLINE_CONFIG", "/does/not/exist");
  EXPECT_THAT(Refusal({}), HasSubstr("/does/not/exist"));
}

TEST_F(ConfigTest, AnEmptyVariableIsNotSet) {
  SetEnvironment("PLUMBLINE_WORKERS", "");
  SetEnvironment("PLUMBLINE_DATA_DIR", "");
  const auto parsed = Parse({});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.data_dir, "./plumbline-data");
}

TEST_F(ConfigTest, ABadNumberIsNamedWithItsBounds) {
  for (const std::string value : {"-3", "0", "65", "1.5", "many", "99999999999999999999"}) {
    EXPECT_THAT(Refusal({"--workers", value}),
                AllOf(HasSubstr("workers"), HasSubstr(value), HasSubstr("1 to 64")));
  }
  SetEnvironment("PLUMBLINE_WORKERS", "65");
  EXPECT_THAT(Refusal({}), AllOf(HasSubstr("workers"), HasSubstr("65"), HasSubstr("1 to 64")));
}

TEST_F(ConfigTest, ABadWordIsNamedWithWhatIsAllowed) {
  EXPECT_THAT(Refusal({"--durability", "never"}), AllOf(HasSubstr("durability"), HasSubstr("never"),
                                                        HasSubstr("sync, os and interval:MS")));
  EXPECT_THAT(Refusal({"--log_level=loud"}),
              AllOf(HasSubstr("log_level"), HasSubstr("loud"), HasSubstr("info, warn, error")));
  EXPECT_THAT(Refusal({"--allow_insecure=maybe"}),
              AllOf(HasSubstr("allow_insecure"), HasSubstr("maybe")));
}

TEST_F(ConfigTest, AValueInAFileNeedsNoQuotes) {
  const auto parsed =
      Parse({"--config", File("data_dir = /my data, here\nhttp_address = [::1]:2\nworkers = 3\n")});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.data_dir, "/my data, here");
  EXPECT_EQ(parsed->config.http_address, "[::1]:2");
  EXPECT_EQ(parsed->config.workers, 3u);
}

TEST_F(ConfigTest, ABadLineOfAFileIsNamedWithTheFile) {
  for (const auto& [line, what] :
       {std::pair("workers = 0", "1 to 64"), std::pair("worker = 1", "no such setting"),
        std::pair("workers 1", "no such setting"),
        std::pair("config = other.conf", "no such setting"),
        std::pair("[section]\nworkers = 1", "section"), std::pair("data_dir =", "data_dir"),
        std::pair("data_dir = \"\"", "data_dir"),
        std::pair("workers = 1\nmax_models = 2\nworkers = 3", "twice"),
        std::pair("allow_insecure = maybe", "maybe")}) {
    EXPECT_THAT(Refusal({"--config", File(absl::StrCat(line, "\n"))}),
                AllOf(HasSubstr("plumblined.conf"), HasSubstr(what)))
        << line;
  }
}

TEST_F(ConfigTest, UnknownFlagsAndWordsAreRefused) {
  EXPECT_THAT(Refusal({"--worker=3"}), HasSubstr("--worker=3"));
  EXPECT_THAT(Refusal({"start"}), HasSubstr("start"));
  EXPECT_THAT(Refusal({"--workers", "1", "--workers", "2"}), HasSubstr("workers"));
}

TEST_F(ConfigTest, AFlagIsNotTakenForAValue) {
  EXPECT_THAT(Refusal({"--data_dir=", "--workers=3"}), HasSubstr("data_dir"));
  EXPECT_THAT(Refusal({"--data_dir"}), HasSubstr("data_dir"));
}

TEST_F(ConfigTest, HelpNamesSettingsBoundsAndVariables) {
  const auto parsed = Parse({"--help"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->exit_now);
  EXPECT_THAT(parsed->text, AllOf(HasSubstr("--queue_capacity"), HasSubstr("[1 - 1000000]=4096"),
                                  HasSubstr("PLUMBLINE_QUEUE_CAPACITY"), HasSubstr("interval:MS")));
}

TEST_F(ConfigTest, VersionIsOneLine) {
  const auto parsed = Parse({"--version"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->exit_now);
  EXPECT_EQ(parsed->text, absl::StrCat("plumblined ", PLUMBLINE_VERSION, "\n"));
}

}  // namespace
}  // namespace plumbline
