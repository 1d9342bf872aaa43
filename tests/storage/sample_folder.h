#ifndef PLUMBLINE_TESTS_STORAGE_SAMPLE_FOLDER_H_
#define PLUMBLINE_TESTS_STORAGE_SAMPLE_FOLDER_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "server/storage/store.h"

namespace plumbline::storage {

/// A data folder with records of every kind, which fit together.
inline constexpr int kSampleModels = 12;
inline constexpr int64_t kSamplePanes = 30;  // closed ones of each model
inline constexpr int64_t kSamplePaneMicros = 60'000'000;

std::string SampleModel(int index);

/// Writes what a model has. `first_model` and `step` say which models.
void FillSample(Store* store, int first_model, int step);

/// Everything in a folder, read as a daemon reads it, by words for what it is.
using FolderContents = std::map<std::string, std::string>;
/// What is read, or nothing if the folder is refused anywhere; `*refusal` then says why.
std::optional<FolderContents> ReadContents(const std::filesystem::path& dir, absl::Status* refusal);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_TESTS_STORAGE_SAMPLE_FOLDER_H_
