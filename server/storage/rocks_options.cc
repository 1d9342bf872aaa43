#include "server/storage/rocks_options.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "server/storage/keys.h"

namespace plumbline::storage {
namespace {

rocksdb::CompressionType BestCompression() {
  rocksdb::CompressionType best = rocksdb::kNoCompression;
  for (const rocksdb::CompressionType type : rocksdb::GetSupportedCompressions()) {
    if (type == rocksdb::kLZ4Compression) return type;
    if (type == rocksdb::kZSTD) best = type;
  }
  return best;
}

// So that a look for a version's alerts, say, skips files that hold none: the next key there may
// be one of a baseline of many megabytes.
class VersionPrefix final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "plumbline.VersionPrefix"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return rocksdb::Slice(key.data(), Length(key));
  }
  bool InDomain(const rocksdb::Slice& key) const override { return Length(key) > 0; }

 private:
  static size_t Length(const rocksdb::Slice& key) {
    return VersionPrefixLength(absl::string_view(key.data(), key.size()));
  }
};

// RocksDB's own log goes nowhere: where it lies on a full disk, Debian's build ends the process by
// an assertion at the second line that cannot be written.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

rocksdb::Status BackgroundErrors::first() const {
  base::MutexLock lock(&mutex_);
  return first_;
}

void BackgroundErrors::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) {
  base::MutexLock lock(&mutex_);
  if (first_.ok()) first_ = *error;
}

void BackgroundErrors::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                                            bool* auto_recovery) {
  *auto_recovery = false;
}

rocksdb::Options MakeRocksOptions(rocksdb::Env* env) {
  rocksdb::Options options;
  if (env != nullptr) options.env = env;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.wal_compression = rocksdb::kNoCompression;
  options.recycle_log_file_num = 0;
  options.manual_wal_flush = false;
  options.paranoid_checks = true;
  options.compression = BestCompression();
  options.write_buffer_size = 16u << 20;
  options.max_write_buffer_number = 2;
  options.max_total_wal_size = 64u << 20;
  // What an open pane gets is dead within the pane's length. Merging its files early writes it anew
  // again and again: twice as many bytes in all, of a thousand models that send once a second.
  options.level0_file_num_compaction_trigger = 24;
  options.level0_slowdown_writes_trigger = 48;
  options.level0_stop_writes_trigger = 64;
  options.info_log = std::make_shared<NoLog>();
  options.max_open_files = 256;
  options.prefix_extractor = std::make_shared<VersionPrefix>();
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(16u << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.max_bgerror_resume_count = 0;
  return options;
}

bool SaysLocked(absl::string_view message) {
  return absl::StrContains(message, "While lock file") ||
         absl::StrContains(message, "lock hold by") ||
         absl::StrContains(message, "lock is already held");
}

}  // namespace plumbline::storage
