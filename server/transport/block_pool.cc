#include "server/transport/block_pool.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <utility>

namespace plumbline::transport {
namespace {

size_t IndexOf(size_t size) {
  return static_cast<size_t>(std::countr_zero(size) - std::countr_zero(BlockPool::kMinBytes));
}

}  // namespace

BlockPool::Block BlockPool::Take(size_t bytes) {
  const size_t size = SizeOf(bytes);
  std::unique_ptr<char[]> data;
  {
    base::MutexLock lock(&mutex_);
    Kept& kept = kept_[IndexOf(size)];
    if (!kept.blocks.empty()) {
      data = std::move(kept.blocks.back());
      kept.blocks.pop_back();
    }
    kept.least = std::min(kept.least, kept.blocks.size());
  }
  if (data == nullptr) data = std::make_unique_for_overwrite<char[]>(size);
  return Block(this, std::move(data), size);
}

void BlockPool::Give(std::unique_ptr<char[]> data, size_t size) {
  base::MutexLock lock(&mutex_);
  auto& blocks = kept_[IndexOf(size)].blocks;
  if (blocks.size() < kMaxKeptBytes / size) blocks.push_back(std::move(data));
}

void BlockPool::FreeUnused() {
  std::vector<std::unique_ptr<char[]>> unused;  // freed without the lock
  base::MutexLock lock(&mutex_);
  for (Kept& kept : kept_) {
    // The last ones are taken first.
    const auto end = kept.blocks.begin() + static_cast<std::ptrdiff_t>(kept.least);
    unused.insert(unused.end(), std::make_move_iterator(kept.blocks.begin()),
                  std::make_move_iterator(end));
    kept.blocks.erase(kept.blocks.begin(), end);
    kept.least = kept.blocks.size();
  }
}

size_t BlockPool::SizeOf(size_t bytes) {
  return std::bit_ceil(std::clamp(bytes, kMinBytes, kMaxBytes));
}

BlockPool* BlockPool::Global() {
  static auto* const pool = new BlockPool();
  return pool;
}

}  // namespace plumbline::transport
