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
#include "plumbline/storage/v1/profile_record.pb.h"
#include "plumbline/storage/v1/records.pb.h"
#include "rocksdb/db.h"
#include "server/profile/baseline.h"
#include "server/storage/keys.h"
#include "server/storage/window_check.h"

namespace plumbline::storage {

/// What keeps a daemon from loading a store whose records are whole one by one.
struct RecordProblem {
  std::string words;
  /// The records that must go, so that the rest can be loaded.
  std::vector<std::string> keys = {};
  /// Records that must come, or take another's place: key and message.
  std::vector<std::pair<std::string, std::string>> puts = {};
};

/// Decodes records, and checks that those which belong together are there: the versions of a model
/// and the numbers given to its baselines, the parts of a baseline, the active baseline of a state
/// and of alerts, the panes and blocks that a window names. Not thread-safe.
class RecordCheck {
 public:
  /// `db` holds the records; not owned.
  explicit RecordCheck(rocksdb::DB* db) : db_(db) {}

  /// The next record in the order of the keys; its frame is sound.
  void Add(absl::string_view key, absl::string_view value);
  std::vector<RecordProblem> Finish();

 private:
  using Name = std::pair<std::string, std::string>;  // model, version
  struct Version {
    bool listed = false;
    std::set<uint64_t> baselines, heads, details;
    std::optional<uint64_t> active, generation;
    std::optional<int64_t> closed_until;
    std::map<uint64_t, WindowCheck> windows;  // of the live generation, by SliceKey
    std::vector<std::string> orphans;         // keys of panes and alerts without a state
    std::vector<std::string> unowned;         // keys of what no model names
  };

  template <class Record>
  bool Parse(absl::string_view key, absl::string_view payload, Record* record);
  void AddModel(absl::string_view key, absl::string_view payload);
  void AddBaseline(absl::string_view key, absl::string_view payload, uint64_t number,
                   Version* version);
  void AddDetail(absl::string_view key, absl::string_view payload, const Name& name,
                 uint64_t number, Version* version);
  void AddState(absl::string_view key, absl::string_view payload, Version* version);
  // A pane, a delta, a block or a window; `parts` stands behind the version.
  void AddOfWindow(absl::string_view key, absl::string_view payload, KeyReader parts,
                   const Name& name, Version* version);
  void AddSlice(absl::string_view key, absl::string_view payload, uint64_t baseline,
                const Name& name, Version* version);
  void AddAlert(absl::string_view key, absl::string_view payload, Version* version);
  void AddOther(absl::string_view key, Version* version);
  // See profile_check.cc.
  void AddProfile(absl::string_view key, absl::string_view payload);
  void CheckProfiles();
  void CheckModels();
  void CheckParts(const Name& name, const Version& version);
  void CheckWindow(const Name& name, const Version& version, uint64_t slice_key,
                   const WindowCheck& check);
  void CheckDeltas(const Name& name, const Version& version, uint64_t slice_key,
                   const WindowCheck& check);
  absl::StatusOr<std::string> Read(const std::string& key) const;
  absl::StatusOr<v1::BaselineRecord> GetBaseline(const Name& name, uint64_t number) const;
  const profile::Baseline* ActiveBaseline(const Name& name, uint64_t number);
  void Bad(absl::string_view key, absl::string_view what);

  rocksdb::DB* const db_;
  std::map<std::string, v1::ModelRecord> models_;
  std::map<Name, Version> versions_;
  std::optional<Name> loaded_;  // whose baseline baseline_ is
  std::unique_ptr<profile::Baseline> baseline_;
  std::map<std::string, v1::ProfileHeadRecord> profiles_;  // their heads as they should be, by key
  std::set<std::string> profile_heads_;                    // the keys, without their kind
  std::vector<RecordProblem> problems_;
};

/// The number of commits that the store holds. Errors: DataLoss; else as FromRocksDb.
absl::StatusOr<uint64_t> StoredCommits(rocksdb::DB* db);

/// The sentence for commits that are missing from a folder that was closed in order.
std::string MissingCommitsWords(uint64_t missing, uint64_t commits);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_FOLDER_CHECK_H_
