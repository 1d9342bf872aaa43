#ifndef PLUMBLINE_TESTS_STORAGE_GATED_ENV_H_
#define PLUMBLINE_TESTS_STORAGE_GATED_ENV_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "rocksdb/env.h"
#include "server/base/mutex.h"

namespace plumbline::storage {

/// A file system whose syncs wait while its gate is closed: a disk that takes its time.
/// Thread-safe.
class GatedEnv : public rocksdb::EnvWrapper {
 public:
  explicit GatedEnv(rocksdb::Env* base) : EnvWrapper(base) {}

  void Close() {
    base::MutexLock lock(&mutex_);
    closed_ = true;
  }
  void Open() {
    base::MutexLock lock(&mutex_);
    closed_ = false;
    opened_.NotifyAll();
  }

  const char* Name() const override { return "GatedEnv"; }

  rocksdb::Status NewWritableFile(const std::string& name,
                                  std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    std::unique_ptr<rocksdb::WritableFile> own;
    const rocksdb::Status made = target()->NewWritableFile(name, &own, options);
    if (made.ok()) *file = std::make_unique<File>(std::move(own), this);
    return made;
  }

 private:
  class File : public rocksdb::WritableFileWrapper {
   public:
    File(std::unique_ptr<rocksdb::WritableFile> own, GatedEnv* env)
        : WritableFileWrapper(own.get()), own_(std::move(own)), env_(env) {}

    rocksdb::Status Sync() override {
      env_->Pass();
      return own_->Sync();
    }
    rocksdb::Status Fsync() override {
      env_->Pass();
      return own_->Fsync();
    }

   private:
    const std::unique_ptr<rocksdb::WritableFile> own_;
    GatedEnv* const env_;
  };

  void Pass() {
    base::MutexLock lock(&mutex_);
    while (closed_) opened_.Wait(&mutex_);
  }

  base::Mutex mutex_;
  base::CondVar opened_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_TESTS_STORAGE_GATED_ENV_H_
