#ifndef PLUMBLINE_SERVER_STORAGE_FOLDER_CHECK_H_
#define PLUMBLINE_SERVER_STORAGE_FOLDER_CHECK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/storage/v1/records.pb.h"
#include "rocksdb/db.h"
#include "server/profile/baseline.h"
#include "server/storage/keys.h"

namespace plumbline::storage {

/// What keeps a daemon from loading a store whose records are whole one by one.
struct RecordProblem {
  std::string words;
  /// The records that must go, so that the rest can be loaded.
  std::vector<std::string> keys = {};
  /// Records that must come: keys, with empty messages.
  std::vector<std::string> blanks = {};
  /// True if a model's own record is missing or does not name this version, whose baselines are
  /// there.
  bool unlisted = false;
  std::string model = "", version = "";
};

/// Decodes records, and checks that those which belong together are there: the versions of a model,
/// the active baseline of a state, the panes of a baseline. Not thread-safe.
class RecordCheck {
 public:
  /// `db` holds the records; not owned.
  explicit RecordCheck(rocksdb::DB* db) : db_(db) {}

  /// The next record in the order of the keys; its frame is sound.
  void Add(absl::string_view key, absl::string_view value);
  std::vector<RecordProblem> Finish();

  /// The highest number of a baseline of every version that has one, by model and version.
  std::map<std::pair<std::string, std::string>, uint64_t> LastBaselines() const;

 private:
  using Name = std::pair<std::string, std::string>;  // model, version
  struct Version {
    bool listed = false;
    std::set<uint64_t> baselines, heads, details;
    std::optional<uint64_t> active, generation;
    std::vector<std::string> orphans;  // panes without a state
  };

  template <class Record>
  bool Parse(absl::string_view key, absl::string_view payload, Record* record);
  void AddModel(absl::string_view key, absl::string_view payload);
  void AddBaseline(absl::string_view key, absl::string_view payload, uint64_t number,
                   Version* version);
  void AddDetail(absl::string_view key, absl::string_view payload, const Name& name,
                 uint64_t number, Version* version);
  void CheckParts(const Name& name, const Version& version);
  absl::StatusOr<v1::BaselineRecord> GetBaseline(const Name& name, uint64_t number) const;
  void AddState(absl::string_view key, absl::string_view payload, const Name& name,
                Version* version);
  void AddPane(absl::string_view key, absl::string_view payload, uint64_t generation,
               const Name& name, Version* version);
  void AddWindow(absl::string_view key, absl::string_view payload, uint64_t generation,
                 const Name& name, Version* version);
  const profile::Baseline* ActiveBaseline(const Name& name, uint64_t number);
  void Bad(absl::string_view key, absl::string_view what);

  rocksdb::DB* const db_;
  std::map<Name, Version> versions_;
  std::optional<Name> loaded_;  // whose baseline baseline_ is
  std::unique_ptr<profile::Baseline> baseline_;
  std::vector<RecordProblem> problems_;
};

/// The number of commits that the store holds. Errors: DataLoss; else as FromRocksDb.
absl::StatusOr<uint64_t> StoredCommits(rocksdb::DB* db);

/// The sentence for commits that are missing from a folder that was closed in order.
std::string MissingCommitsWords(uint64_t missing, uint64_t commits);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_FOLDER_CHECK_H_
