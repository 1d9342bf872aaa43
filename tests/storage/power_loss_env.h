#ifndef PLUMBLINE_TESTS_STORAGE_POWER_LOSS_ENV_H_
#define PLUMBLINE_TESTS_STORAGE_POWER_LOSS_ENV_H_

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "rocksdb/env.h"
#include "server/base/mutex.h"

namespace plumbline::storage {

/// A file system whose power can be cut: every write then fails, and what was never synced is gone,
/// but for a part of random length, as a disk leaves it. Thread-safe.
class PowerLossEnv : public rocksdb::EnvWrapper {
 public:
  explicit PowerLossEnv(rocksdb::Env* base) : EnvWrapper(base) {}

  const char* Name() const override { return "PowerLossEnv"; }

  /// After so many more appends and syncs nothing can be written.
  void CutAfter(uint64_t operations) {
    base::MutexLock lock(&mutex_);
    left_ = operations;
  }
  /// Once everything is closed: takes the unsynced bytes away, and lets writes succeed again.
  /// Returns how many bytes were dropped.
  uint64_t Restore(std::mt19937_64* random) {
    base::MutexLock lock(&mutex_);
    left_.reset();
    uint64_t dropped = 0;
    for (const auto& [name, sizes] : files_) {
      if (sizes.written == sizes.synced || FileExists(name).IsNotFound()) continue;
      std::string content;
      rocksdb::ReadFileToString(target(), name, &content).PermitUncheckedError();
      const uint64_t kept = sizes.synced + (*random)() % (sizes.written - sizes.synced + 1);
      if (kept >= content.size()) continue;
      dropped += content.size() - kept;
      content.resize(kept);
      rocksdb::WriteStringToFile(target(), content, name).PermitUncheckedError();
    }
    files_.clear();
    return dropped;
  }

  rocksdb::Status NewWritableFile(const std::string& name,
                                  std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    if (off()) return Off();
    std::unique_ptr<rocksdb::WritableFile> own;
    const rocksdb::Status made = target()->NewWritableFile(name, &own, options);
    if (!made.ok()) return made;
    base::MutexLock lock(&mutex_);
    files_[name] = {};
    *file = std::make_unique<File>(std::move(own), name, this);
    return made;
  }
  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override {
    base::MutexLock lock(&mutex_);
    if (left_ == 0u) return Off();
    const auto it = files_.find(from);
    if (it != files_.end()) {
      files_[to] = it->second;
      files_.erase(from);
    }
    return target()->RenameFile(from, to);
  }
  rocksdb::Status DeleteFile(const std::string& name) override {
    return off() ? Off() : target()->DeleteFile(name);
  }

 private:
  struct Sizes {
    uint64_t written = 0;
    uint64_t synced = 0;
  };

  class File : public rocksdb::WritableFileWrapper {
   public:
    File(std::unique_ptr<rocksdb::WritableFile> own, std::string name, PowerLossEnv* env)
        : WritableFileWrapper(own.get()), own_(std::move(own)), name_(std::move(name)), env_(env) {}

    rocksdb::Status Append(const rocksdb::Slice& data) override {
      if (!env_->Take()) return Off();
      const rocksdb::Status appended = own_->Append(data);
      if (appended.ok()) env_->Written(name_, data.size());
      return appended;
    }
    rocksdb::Status Append(const rocksdb::Slice& data,
                           const rocksdb::DataVerificationInfo&) override {
      return Append(data);
    }
    rocksdb::Status Sync() override { return Synced(own_.get(), &rocksdb::WritableFile::Sync); }
    rocksdb::Status Fsync() override { return Synced(own_.get(), &rocksdb::WritableFile::Fsync); }

   private:
    rocksdb::Status Synced(rocksdb::WritableFile* file,
                           rocksdb::Status (rocksdb::WritableFile::*sync)()) {
      if (!env_->Take()) return Off();
      const rocksdb::Status synced = (file->*sync)();
      if (synced.ok()) env_->Synced(name_);
      return synced;
    }

    const std::unique_ptr<rocksdb::WritableFile> own_;
    const std::string name_;
    PowerLossEnv* const env_;
  };

  static rocksdb::Status Off() { return rocksdb::Status::IOError("the power is off"); }
  bool off() {
    base::MutexLock lock(&mutex_);
    return left_ == 0u;
  }
  // False if the power is off.
  bool Take() {
    base::MutexLock lock(&mutex_);
    if (left_ == 0u) return false;
    if (left_.has_value()) --*left_;
    return true;
  }
  void Written(const std::string& name, uint64_t bytes) {
    base::MutexLock lock(&mutex_);
    files_[name].written += bytes;
  }
  void Synced(const std::string& name) {
    base::MutexLock lock(&mutex_);
    files_[name].synced = files_[name].written;
  }

  base::Mutex mutex_;
  std::optional<uint64_t> left_ ABSL_GUARDED_BY(mutex_);  // appends and syncs until it is off
  std::map<std::string, Sizes> files_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_TESTS_STORAGE_POWER_LOSS_ENV_H_
