#ifndef PLUMBLINE_TESTS_STORAGE_FAILING_ENV_H_
#define PLUMBLINE_TESTS_STORAGE_FAILING_ENV_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/env.h"
#include "server/base/mutex.h"

namespace plumbline::storage {

/// A file system whose writes can be made to fail. Thread-safe.
class FailingEnv : public rocksdb::EnvWrapper {
 public:
  /// What fails.
  enum class Fault {
    kNone,
    kAppend,
    kSync,
    kFlush,
    kClose,
    kNewFile,
    kNewTable,  // only files of tables
    kRename,
    kManifest,       // appends to the list of files, and its syncs
    kDirectorySync,  // of a folder
    kMark,           // writes in place, and their syncs
    kDiskFull,       // appends and new files
  };
  enum class Error { kIo, kNoSpace };

  explicit FailingEnv(rocksdb::Env* base) : EnvWrapper(base) {}

  void set_fault(Fault fault) {
    set_fault(fault, fault == Fault::kDiskFull ? Error::kNoSpace : Error::kIo);
  }
  void set_fault(Fault fault, Error error) {
    base::MutexLock lock(&mutex_);
    fault_ = fault;
    error_ = error;
  }
  uint64_t failures() const {
    base::MutexLock lock(&mutex_);
    return failures_;
  }
  /// Returns once so many calls have failed.
  void AwaitFailures(uint64_t count) const {
    base::MutexLock lock(&mutex_);
    while (failures_ < count) failed_.Wait(&mutex_);
  }

  const char* Name() const override { return "FailingEnv"; }

  rocksdb::Status NewWritableFile(const std::string& name,
                                  std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    const Kind kind = absl::StrContains(name, "/MANIFEST-") ? Kind::kManifest
                      : absl::EndsWith(name, ".sst")        ? Kind::kTable
                                                            : Kind::kOther;
    rocksdb::Status made = Check(kNew, kind);
    std::unique_ptr<rocksdb::WritableFile> own;
    if (made.ok()) made = target()->NewWritableFile(name, &own, options);
    if (made.ok()) *file = std::make_unique<File>(std::move(own), kind, this);
    return made;
  }
  rocksdb::Status NewRandomRWFile(const std::string& name,
                                  std::unique_ptr<rocksdb::RandomRWFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    std::unique_ptr<rocksdb::RandomRWFile> own;
    const rocksdb::Status made = target()->NewRandomRWFile(name, &own, options);
    if (made.ok()) *file = std::make_unique<InPlaceFile>(std::move(own), this);
    return made;
  }
  rocksdb::Status NewDirectory(const std::string& name,
                               std::unique_ptr<rocksdb::Directory>* directory) override {
    std::unique_ptr<rocksdb::Directory> own;
    const rocksdb::Status made = target()->NewDirectory(name, &own);
    if (made.ok()) *directory = std::make_unique<Folder>(std::move(own), this);
    return made;
  }
  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override {
    const rocksdb::Status allowed = Check(kRenamed, Kind::kOther);
    return allowed.ok() ? target()->RenameFile(from, to) : allowed;
  }

 private:
  enum class Kind { kOther, kTable, kManifest, kInPlace, kFolder };
  enum Call { kNew, kAppended, kFlushed, kSynced, kClosed, kRenamed };

  class File : public rocksdb::WritableFileWrapper {
   public:
    File(std::unique_ptr<rocksdb::WritableFile> own, Kind kind, FailingEnv* env)
        : WritableFileWrapper(own.get()), own_(std::move(own)), kind_(kind), env_(env) {}

    rocksdb::Status Append(const rocksdb::Slice& data) override {
      const rocksdb::Status allowed = env_->Check(kAppended, kind_);
      return allowed.ok() ? own_->Append(data) : allowed;
    }
    rocksdb::Status Append(const rocksdb::Slice& data,
                           const rocksdb::DataVerificationInfo&) override {
      return Append(data);
    }
    rocksdb::Status Flush() override {
      const rocksdb::Status allowed = env_->Check(kFlushed, kind_);
      return allowed.ok() ? own_->Flush() : allowed;
    }
    rocksdb::Status Sync() override {
      const rocksdb::Status allowed = env_->Check(kSynced, kind_);
      return allowed.ok() ? own_->Sync() : allowed;
    }
    rocksdb::Status Fsync() override {
      const rocksdb::Status allowed = env_->Check(kSynced, kind_);
      return allowed.ok() ? own_->Fsync() : allowed;
    }
    // As close(2): the file is closed all the same.
    rocksdb::Status Close() override {
      const rocksdb::Status allowed = env_->Check(kClosed, kind_);
      const rocksdb::Status closed = own_->Close();
      return allowed.ok() ? closed : allowed;
    }

   private:
    const std::unique_ptr<rocksdb::WritableFile> own_;
    const Kind kind_;
    FailingEnv* const env_;
  };

  class InPlaceFile : public rocksdb::RandomRWFileWrapper {
   public:
    InPlaceFile(std::unique_ptr<rocksdb::RandomRWFile> own, FailingEnv* env)
        : RandomRWFileWrapper(own.get()), own_(std::move(own)), env_(env) {}

    rocksdb::Status Write(uint64_t offset, const rocksdb::Slice& data) override {
      const rocksdb::Status allowed = env_->Check(kAppended, Kind::kInPlace);
      return allowed.ok() ? own_->Write(offset, data) : allowed;
    }
    rocksdb::Status Sync() override {
      const rocksdb::Status allowed = env_->Check(kSynced, Kind::kInPlace);
      return allowed.ok() ? own_->Sync() : allowed;
    }

   private:
    const std::unique_ptr<rocksdb::RandomRWFile> own_;
    FailingEnv* const env_;
  };

  class Folder : public rocksdb::DirectoryWrapper {
   public:
    Folder(std::unique_ptr<rocksdb::Directory> own, FailingEnv* env)
        : DirectoryWrapper(own.get()), own_(std::move(own)), env_(env) {}

    rocksdb::Status Fsync() override {
      const rocksdb::Status allowed = env_->Check(kSynced, Kind::kFolder);
      return allowed.ok() ? own_->Fsync() : allowed;
    }

   private:
    const std::unique_ptr<rocksdb::Directory> own_;
    FailingEnv* const env_;
  };

  static bool Hits(Fault fault, Call call, Kind kind) {
    switch (fault) {
      case Fault::kNone:
        return false;
      case Fault::kAppend:
        return call == kAppended && kind != Kind::kInPlace;
      case Fault::kSync:
        return call == kSynced && kind != Kind::kInPlace && kind != Kind::kFolder;
      case Fault::kFlush:
        return call == kFlushed;
      case Fault::kClose:
        return call == kClosed;
      case Fault::kNewFile:
        return call == kNew;
      case Fault::kNewTable:
        return call == kNew && kind == Kind::kTable;
      case Fault::kRename:
        return call == kRenamed;
      case Fault::kManifest:
        return (call == kAppended || call == kSynced) && kind == Kind::kManifest;
      case Fault::kDirectorySync:
        return call == kSynced && kind == Kind::kFolder;
      case Fault::kMark:
        return (call == kAppended || call == kSynced) && kind == Kind::kInPlace;
      case Fault::kDiskFull:
        return (call == kAppended && kind != Kind::kInPlace) || call == kNew;
    }
    return false;
  }

  // The error of this call; OK if it is not to fail.
  rocksdb::Status Check(Call call, Kind kind) {
    base::MutexLock lock(&mutex_);
    if (!Hits(fault_, call, kind)) return rocksdb::Status::OK();
    ++failures_;
    failed_.NotifyAll();
    return error_ == Error::kNoSpace ? rocksdb::Status::NoSpace("No space left on device")
                                     : rocksdb::Status::IOError("injected fault");
  }

  mutable base::Mutex mutex_;
  mutable base::CondVar failed_;
  Fault fault_ ABSL_GUARDED_BY(mutex_) = Fault::kNone;
  Error error_ ABSL_GUARDED_BY(mutex_) = Error::kIo;
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_TESTS_STORAGE_FAILING_ENV_H_
