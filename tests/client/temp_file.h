#ifndef PLUMBLINE_TESTS_CLIENT_TEMP_FILE_H_
#define PLUMBLINE_TESTS_CLIENT_TEMP_FILE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace plumbline::client {

/// A file in the folder for temporary files, removed with the object.
class TempFile {
 public:
  explicit TempFile(const std::string& content, const std::string& suffix = ".csv") {
    static int count = 0;
    path_ = ::testing::TempDir() + "/plumbline-client-" + std::to_string(getpid()) + "-" +
            std::to_string(++count) + suffix;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TempFile() { std::remove(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_TESTS_CLIENT_TEMP_FILE_H_
