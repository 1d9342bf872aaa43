#include "server/storage/rocks_options.h"

#include "absl/strings/match.h"
#include "rocksdb/convenience.h"

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

}  // namespace

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
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4u << 20;
  options.max_open_files = 256;
  return options;
}

bool SaysLocked(absl::string_view message) {
  return absl::StrContains(message, "While lock file") ||
         absl::StrContains(message, "lock hold by") ||
         absl::StrContains(message, "lock is already held");
}

}  // namespace plumbline::storage
