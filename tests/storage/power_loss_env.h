#ifndef PLUMBLINE_TESTS_STORAGE_POWER_LOSS_ENV_H_
#define PLUMBLINE_TESTS_STORAGE_POWER_LOSS_ENV_H_

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/env.h"
#include "server/base/mutex.h"

namespace plumbline::storage {

/// A file system whose power can be cut: every write then fails, and what was never synced is gone,
/// but for a part of random length, of which single pages may be missing, as a disk leaves it. That
/// goes for bytes, for writes in place, and for what a folder holds: files that were made, renamed
/// or removed since the folder was last synced. Real files below `root`, which is also where
/// removed ones are kept. Thread-safe.
class PowerLossEnv : public rocksdb::EnvWrapper {
 public:
  PowerLossEnv(rocksdb::Env* base, const std::string& root)
      : EnvWrapper(base), trash_(root + "/trash") {
    std::filesystem::create_directories(trash_);
  }

  const char* Name() const override { return "PowerLossEnv"; }

  /// After so many more operations nothing can be written; or sooner, if that was said before.
  void CutAfter(uint64_t operations) {
    base::MutexLock lock(&mutex_);
    left_ = std::min(left_.value_or(operations), operations);
  }

  /// Once everything is closed: takes away what was not synced, and lets writes succeed again.
  /// Returns how many bytes and operations on folders were dropped.
  uint64_t Restore(std::mt19937_64* random) {
    base::MutexLock lock(&mutex_);
    left_.reset();
    uint64_t dropped = DropBytes(random);
    dropped += DropWritesInPlace(random);
    // A file system keeps the order of what is done to a folder.
    for (uint64_t kept = (*random)() % (entries_.size() + 1); entries_.size() > kept; ++dropped) {
      entries_.back().undo();
      entries_.pop_back();
    }
    entries_.clear();
    files_.clear();
    in_place_.clear();
    return dropped;
  }

  /// Pages that Restore has taken away before the end of a file.
  uint64_t torn_pages() const {
    base::MutexLock lock(&mutex_);
    return torn_pages_;
  }

  rocksdb::Status NewWritableFile(const std::string& name,
                                  std::unique_ptr<rocksdb::WritableFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    base::MutexLock lock(&mutex_);
    if (!Take()) return Off();
    const bool there = target()->FileExists(name).ok();
    std::unique_ptr<rocksdb::WritableFile> own;
    const rocksdb::Status made = target()->NewWritableFile(name, &own, options);
    if (!made.ok()) return made;
    files_[name] = {};
    if (!there) entries_.push_back({FolderOf(name), [name] { std::filesystem::remove(name); }});
    *file = std::make_unique<File>(std::move(own), name, this);
    return made;
  }
  rocksdb::Status NewRandomRWFile(const std::string& name,
                                  std::unique_ptr<rocksdb::RandomRWFile>* file,
                                  const rocksdb::EnvOptions& options) override {
    std::unique_ptr<rocksdb::RandomRWFile> own;
    const rocksdb::Status made = target()->NewRandomRWFile(name, &own, options);
    if (made.ok()) *file = std::make_unique<InPlaceFile>(std::move(own), name, this);
    return made;
  }
  rocksdb::Status NewDirectory(const std::string& name,
                               std::unique_ptr<rocksdb::Directory>* directory) override {
    std::unique_ptr<rocksdb::Directory> own;
    const rocksdb::Status made = target()->NewDirectory(name, &own);
    if (made.ok()) *directory = std::make_unique<Folder>(std::move(own), name, this);
    return made;
  }
  rocksdb::Status RenameFile(const std::string& from, const std::string& to) override {
    base::MutexLock lock(&mutex_);
    if (!Take()) return Off();
    const std::string old = Keep(to);
    const rocksdb::Status renamed = target()->RenameFile(from, to);
    if (!renamed.ok()) return renamed;
    entries_.push_back({FolderOf(to), [from, to, old] {
                          std::filesystem::rename(to, from);
                          if (!old.empty()) std::filesystem::rename(old, to);
                        }});
    const auto it = files_.find(from);
    if (it == files_.end()) return renamed;
    files_[to] = it->second;
    files_.erase(from);
    return renamed;
  }
  rocksdb::Status DeleteFile(const std::string& name) override {
    base::MutexLock lock(&mutex_);
    if (!Take()) return Off();
    const std::string old = Keep(name);
    const rocksdb::Status deleted = target()->DeleteFile(name);
    if (!deleted.ok()) return deleted;
    entries_.push_back({FolderOf(name), [name, old] { std::filesystem::rename(old, name); }});
    return deleted;
  }
  rocksdb::Status CreateDirIfMissing(const std::string& name) override {
    base::MutexLock lock(&mutex_);
    if (target()->FileExists(name).ok()) return rocksdb::Status::OK();
    if (!Take()) return Off();
    const rocksdb::Status made = target()->CreateDirIfMissing(name);
    if (made.ok()) {
      entries_.push_back({FolderOf(name), [name] { std::filesystem::remove_all(name); }});
    }
    return made;
  }

 private:
  struct Sizes {
    uint64_t written = 0;
    uint64_t synced = 0;
  };
  // What was done to a folder since it was last synced, and how to undo it.
  struct Entry {
    std::string folder;
    std::function<void()> undo;
  };

  class File : public rocksdb::WritableFileWrapper {
   public:
    File(std::unique_ptr<rocksdb::WritableFile> own, std::string name, PowerLossEnv* env)
        : WritableFileWrapper(own.get()), own_(std::move(own)), name_(std::move(name)), env_(env) {}

    rocksdb::Status Append(const rocksdb::Slice& data) override {
      base::MutexLock lock(&env_->mutex_);
      if (!env_->Take()) return Off();
      const rocksdb::Status appended = own_->Append(data);
      if (appended.ok()) env_->files_[name_].written += data.size();
      return appended;
    }
    rocksdb::Status Append(const rocksdb::Slice& data,
                           const rocksdb::DataVerificationInfo&) override {
      return Append(data);
    }
    rocksdb::Status Sync() override {
      base::MutexLock lock(&env_->mutex_);
      if (!env_->Take()) return Off();
      // What happens to the machine is imagined: nothing need reach its disk.
      const rocksdb::Status flushed = own_->Flush();
      if (flushed.ok()) env_->files_[name_].synced = env_->files_[name_].written;
      return flushed;
    }
    rocksdb::Status Fsync() override { return Sync(); }

   private:
    const std::unique_ptr<rocksdb::WritableFile> own_;
    const std::string name_;
    PowerLossEnv* const env_;
  };

  class InPlaceFile : public rocksdb::RandomRWFileWrapper {
   public:
    InPlaceFile(std::unique_ptr<rocksdb::RandomRWFile> own, std::string name, PowerLossEnv* env)
        : RandomRWFileWrapper(own.get()), own_(std::move(own)), name_(std::move(name)), env_(env) {}

    rocksdb::Status Write(uint64_t offset, const rocksdb::Slice& data) override {
      base::MutexLock lock(&env_->mutex_);
      if (!env_->Take()) return Off();
      std::string scratch(data.size(), '\0');
      rocksdb::Slice before;
      const rocksdb::Status read = own_->Read(offset, data.size(), &before, scratch.data());
      if (!read.ok()) return read;
      env_->in_place_[{name_, offset}].push_back(before.ToString());
      return own_->Write(offset, data);
    }
    rocksdb::Status Sync() override {
      base::MutexLock lock(&env_->mutex_);
      if (!env_->Take()) return Off();
      std::erase_if(env_->in_place_,
                    [this](const auto& write) { return write.first.first == name_; });
      return rocksdb::Status::OK();
    }

   private:
    const std::unique_ptr<rocksdb::RandomRWFile> own_;
    const std::string name_;
    PowerLossEnv* const env_;
  };

  class Folder : public rocksdb::DirectoryWrapper {
   public:
    Folder(std::unique_ptr<rocksdb::Directory> own, std::string name, PowerLossEnv* env)
        : DirectoryWrapper(own.get()), own_(std::move(own)), name_(std::move(name)), env_(env) {}

    rocksdb::Status Fsync() override {
      base::MutexLock lock(&env_->mutex_);
      if (!env_->Take()) return Off();
      std::erase_if(env_->entries_, [this](const Entry& entry) {
        return std::filesystem::path(entry.folder).lexically_normal() ==
               std::filesystem::path(name_).lexically_normal();
      });
      return rocksdb::Status::OK();
    }

   private:
    const std::unique_ptr<rocksdb::Directory> own_;
    const std::string name_;
    PowerLossEnv* const env_;
  };

  static rocksdb::Status Off() { return rocksdb::Status::IOError("the power is off"); }
  static std::string FolderOf(const std::string& name) {
    return std::filesystem::path(name).parent_path();
  }

  // False if the power is off.
  bool Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (left_ == 0u) return false;
    if (left_.has_value()) --*left_;
    ++operations_;
    return true;
  }
  // The name under which the file is kept once its own is gone; empty if there is no such file.
  std::string Keep(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string kept = absl::StrCat(trash_, "/", operations_);
    return target()->LinkFile(name, kept).ok() ? kept : "";
  }
  uint64_t DropBytes(std::mt19937_64* random) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    uint64_t dropped = 0;
    for (const auto& [name, sizes] : files_) {
      std::error_code gone;
      const uint64_t size = std::filesystem::file_size(name, gone);
      const uint64_t kept = sizes.synced + (*random)() % (sizes.written - sizes.synced + 1);
      if (gone) continue;
      DropPages(name, sizes.synced, std::min(kept, size), random);
      if (kept >= size) continue;
      dropped += size - kept;
      std::filesystem::resize_file(name, kept);
    }
    return dropped;
  }
  // Of the pages before the last, some were not written: they are zeros.
  void DropPages(const std::string& name, uint64_t begin, uint64_t end, std::mt19937_64* random)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    constexpr uint64_t kPage = 4096;
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    while (begin / kPage < end / kPage) {
      const uint64_t page_end = (begin / kPage + 1) * kPage;
      if ((*random)() % 2 == 0) {
        file.seekp(static_cast<std::streamoff>(begin));
        file << std::string(page_end - begin, '\0');
        ++torn_pages_;
      }
      begin = page_end;
    }
  }
  // Of the writes to one place some of the last are dropped.
  uint64_t DropWritesInPlace(std::mt19937_64* random) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    uint64_t dropped = 0;
    for (const auto& [place, before] : in_place_) {
      const uint64_t kept = (*random)() % (before.size() + 1);
      if (kept == before.size()) continue;
      std::unique_ptr<rocksdb::RandomRWFile> file;
      target()->NewRandomRWFile(place.first, &file, {}).PermitUncheckedError();
      file->Write(place.second, before[kept]).PermitUncheckedError();
      dropped += before[kept].size();
    }
    return dropped;
  }

  const std::string trash_;
  mutable base::Mutex mutex_;
  uint64_t torn_pages_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<uint64_t> left_ ABSL_GUARDED_BY(mutex_);  // operations until it is off
  uint64_t operations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Sizes> files_ ABSL_GUARDED_BY(mutex_);
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // in the order in which they were done
  // By file and offset: what was there before each write since the last sync.
  std::map<std::pair<std::string, uint64_t>, std::vector<std::string>> in_place_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_TESTS_STORAGE_POWER_LOSS_ENV_H_
