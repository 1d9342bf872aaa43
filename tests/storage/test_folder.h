#ifndef PLUMBLINE_TESTS_STORAGE_TEST_FOLDER_H_
#define PLUMBLINE_TESTS_STORAGE_TEST_FOLDER_H_

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "gtest/gtest.h"

namespace plumbline::storage {

/// A fresh folder of real files. In memory, where the machine has a gigabyte for it: the power does
/// not fail in these tests but as they imagine it, and they need not wait for a disk.
inline std::string NewTestFolder(const std::string& name) {
  constexpr uint64_t kBytes = 1u << 30;
  std::error_code none;
  const bool in_memory = std::filesystem::space("/dev/shm", none).available >= kBytes && !none;
  std::string path =
      (in_memory ? "/dev/shm/" : ::testing::TempDir()) + "plumbline-" + name + "-XXXXXX";
  return mkdtemp(path.data());
}

}  // namespace plumbline::storage

#endif  // PLUMBLINE_TESTS_STORAGE_TEST_FOLDER_H_
