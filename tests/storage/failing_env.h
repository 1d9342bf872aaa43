#ifndef PLUMBLINE_TESTS_STORAGE_FAILING_ENV_H_
#define PLUMBLINE_TESTS_STORAGE_FAILING_ENV_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "rocksdb/env.h"

namespace plumbline::storage {

/// A file system whose writes can be made to fail. Thread-safe.
class FailingEnv : public rocksdb::EnvWrapper {
 public:
  enum class Fault { kNone, kAppend, kSync, kDiskFull };

  explicit FailingEnv(rocksdb::Env* base) : EnvWrapper(base) {}

  void set_fault(Fault fault) { fault_.store(fault); }
  uint64_t failures() const { return failures_.load(); }

  const char* Name() const override { return "FailingEnv"; }

  rocksdb::Status NewWritableFile(const std::string& name,
                                  std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    if (fault_.load() == Fault::kDiskFull) return Fail(Fault::kDiskFull);
    std::unique_ptr<rocksdb::WritableFile> own;
    const rocksdb::Status made = target()->NewWritableFile(name, &own, options);
    if (made.ok()) *file = std::make_unique<File>(std::move(own), this);
    return made;
  }

 private:
  class File : public rocksdb::WritableFileWrapper {
   public:
    File(std::unique_ptr<rocksdb::WritableFile> own, FailingEnv* env)
        : WritableFileWrapper(own.get()), own_(std::move(own)), env_(env) {}

    rocksdb::Status Append(const rocksdb::Slice& data) override {
      const Fault fault = env_->fault_.load();
      if (fault == Fault::kAppend || fault == Fault::kDiskFull) return env_->Fail(fault);
      return own_->Append(data);
    }
    rocksdb::Status Append(const rocksdb::Slice& data,
                           const rocksdb::DataVerificationInfo&) override {
      return Append(data);
    }
    rocksdb::Status Sync() override {
      return env_->SyncFault() ? env_->Fail(Fault::kSync) : own_->Sync();
    }
    rocksdb::Status Fsync() override {
      return env_->SyncFault() ? env_->Fail(Fault::kSync) : own_->Fsync();
    }

   private:
    const std::unique_ptr<rocksdb::WritableFile> own_;
    FailingEnv* const env_;
  };

  bool SyncFault() const { return fault_.load() == Fault::kSync; }
  rocksdb::Status Fail(Fault fault) {
    failures_.fetch_add(1);
    return fault == Fault::kDiskFull ? rocksdb::Status::NoSpace("No space left on device")
                                     : rocksdb::Status::IOError("injected fault");
  }

  std::atomic<Fault> fault_{Fault::kNone};
  std::atomic<uint64_t> failures_{0};
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_TESTS_STORAGE_FAILING_ENV_H_
