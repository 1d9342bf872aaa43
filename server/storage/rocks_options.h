#ifndef PLUMBLINE_SERVER_STORAGE_ROCKS_OPTIONS_H_
#define PLUMBLINE_SERVER_STORAGE_ROCKS_OPTIONS_H_

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "rocksdb/env.h"
#include "rocksdb/listener.h"
#include "rocksdb/options.h"
#include "server/base/mutex.h"

namespace plumbline::storage {

/// What RocksDB could not write in the background: a table of a flush or a compaction, or the list
/// of files. RocksDB would go on by itself once space is back, with a log whose end is unknown; it
/// does not: the folder must be opened again. Thread-safe.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  /// The first error; OK if there was none.
  rocksdb::Status first() const;

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;

 private:
  mutable base::Mutex mutex_;
  rocksdb::Status first_ ABSL_GUARDED_BY(mutex_);
};

/// How every part of this room opens the folder; `env` nullptr: the machine's own file system. A
/// log may end in the middle of a commit, damage anywhere else is refused; nothing is created.
rocksdb::Options MakeRocksOptions(rocksdb::Env* env);

/// True for RocksDB's message that another process holds the folder: there is no code for it.
bool SaysLocked(absl::string_view message);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_ROCKS_OPTIONS_H_
