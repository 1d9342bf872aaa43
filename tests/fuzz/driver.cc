// Runs a fuzz target without a fuzzer, so that it is an ordinary test under any compiler: over its
// seeds, every file of its corpus folder, and a fixed set of mutations of each.
//   <name>_fuzz CORPUS_FOLDER           runs them
//   <name>_fuzz --write_seeds FOLDER    writes the seeds as files
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace plumbline::fuzz {
namespace {

constexpr int kMutations = 2000;  // of each input

void RunOne(const std::string& input) {
  // A copy of its own size, so that a sanitizer sees a read past the end.
  const std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

// What a fuzzer would do at first: bits, bytes, cuts, repeats, and parts of other inputs.
std::string Mutate(std::string input, const std::vector<std::string>& others,
                   std::mt19937_64* random) {
  const auto below = [random](size_t bound) { return bound == 0 ? 0 : (*random)() % bound; };
  for (size_t changes = 1 + below(4); changes > 0; --changes) {
    const size_t at = below(input.size() + 1);
    const size_t length = below(std::min<size_t>(input.size() - at, 64) + 1);
    switch (below(7)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(below(256));
        break;
      case 2:
        if (at < input.size()) input[at] = static_cast<char>(below(2) == 0 ? 0xff : 0);
        break;
      case 3:
        input.resize(at);
        break;
      case 4:
        input.erase(at, length);
        break;
      case 5:
        input.insert(at, input.substr(at, length));
        break;
      default: {
        const std::string& other = others[below(others.size())];
        const size_t from = below(other.size() + 1);
        input.insert(at, other.substr(from, below(64)));
      }
    }
  }
  return input;
}

std::vector<std::string> ReadFolder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

int WriteSeeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const std::vector<std::string> seeds = Seeds();
  for (size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream file(folder / ("seed-" + std::to_string(i)), std::ios::binary);
    file.write(seeds[i].data(), static_cast<std::streamsize>(seeds[i].size()));
    if (!file.good()) return 1;
  }
  return 0;
}

int RunFolder(const std::filesystem::path& folder) {
  std::vector<std::string> inputs = ReadFolder(folder);
  if (inputs.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", folder.c_str());
    return 1;
  }
  for (std::string& seed : Seeds()) inputs.push_back(std::move(seed));
  RunOne("");
  std::mt19937_64 random(1);  // the same mutations at every run
  for (const std::string& input : inputs) {
    RunOne(input);
    for (int i = 0; i < kMutations; ++i) RunOne(Mutate(input, inputs, &random));
  }
  std::printf("%zu inputs, %d mutations of each\n", inputs.size(), kMutations);
  return 0;
}

}  // namespace
}  // namespace plumbline::fuzz

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--write_seeds") {
    return plumbline::fuzz::WriteSeeds(argv[2]);
  }
  if (argc == 2) return plumbline::fuzz::RunFolder(argv[1]);
  std::fprintf(stderr, "usage: %s CORPUS_FOLDER | --write_seeds FOLDER\n", argv[0]);
  return 2;
}
