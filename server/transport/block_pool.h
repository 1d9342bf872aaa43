#ifndef PLUMBLINE_SERVER_TRANSPORT_BLOCK_POOL_H_
#define PLUMBLINE_SERVER_TRANSPORT_BLOCK_POOL_H_

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"

namespace plumbline::transport {

/// Memory for messages: a block goes from the thread that parses to the thread that counts and back
/// here, instead of through malloc, to which memory that is freed on another thread is dear.
/// Thread-safe; must outlive its blocks.
class BlockPool {
 public:
  /// Blocks are powers of two between these; what is larger is not kept.
  static constexpr size_t kMinBytes = size_t{4} << 10;
  static constexpr size_t kMaxBytes = size_t{1} << 20;
  /// Most that is kept of the blocks of one size.
  static constexpr size_t kMaxKeptBytes = size_t{16} << 20;

  /// A block on loan. Movable; gives itself back.
  class Block {
   public:
    Block(BlockPool* pool, std::unique_ptr<char[]> data, size_t size)
        : pool_(pool), data_(std::move(data)), size_(size) {}
    ~Block() {
      if (data_ != nullptr) pool_->Give(std::move(data_), size_);
    }
    Block(Block&&) = default;
    Block& operator=(Block&&) = delete;

    char* data() const { return data_.get(); }
    size_t size() const { return size_; }

   private:
    BlockPool* const pool_;
    std::unique_ptr<char[]> data_;
    const size_t size_;
  };

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// A block of at least `bytes`, or of kMaxBytes if that is less. Its contents are anything.
  Block Take(size_t bytes);

  /// Frees the blocks that nobody needed since the last call: what was kept all the time.
  void FreeUnused();

  /// The size of the block that Take(bytes) gives.
  static size_t SizeOf(size_t bytes);

  /// The pool of this process's messages.
  static BlockPool* Global();

 private:
  static constexpr size_t kSizes = 9;  // 4 KiB to 1 MiB

  void Give(std::unique_ptr<char[]> data, size_t size);

  struct Kept {
    std::vector<std::unique_ptr<char[]>> blocks;
    size_t least = 0;  // how many there always were since FreeUnused
  };

  base::Mutex mutex_;
  std::array<Kept, kSizes> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_BLOCK_POOL_H_
