#include "server/transport/block_pool.h"

#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline::transport {
namespace {

TEST(BlockPool, ABlockIsAsLargeAsWantedWithinItsBounds) {
  BlockPool pool;
  EXPECT_EQ(pool.Take(0).size(), BlockPool::kMinBytes);
  EXPECT_EQ(pool.Take(BlockPool::kMinBytes + 1).size(), 2 * BlockPool::kMinBytes);
  EXPECT_EQ(pool.Take(100'000).size(), 131'072u);
  EXPECT_EQ(pool.Take(BlockPool::kMaxBytes * 3).size(), BlockPool::kMaxBytes);
}

TEST(BlockPool, GivesABlockOutAgainButNeverTwiceAtOnce) {
  BlockPool pool;
  char* first = nullptr;
  {
    const BlockPool::Block block = pool.Take(5000);
    first = block.data();
    EXPECT_NE(pool.Take(5000).data(), first);
  }
  const BlockPool::Block again = pool.Take(5000);
  const BlockPool::Block other = pool.Take(5000);
  EXPECT_TRUE(again.data() == first || other.data() == first);
  EXPECT_NE(again.data(), other.data());
}

TEST(BlockPool, OnlyWhatNobodyNeededIsFreed) {
  BlockPool pool;
  {
    const BlockPool::Block one = pool.Take(5000);
    const BlockPool::Block other = pool.Take(5000);
  }
  const auto most_recent = [&pool] { return pool.Take(5000).data(); };
  char* const needed = most_recent();
  pool.FreeUnused();  // both were out since the pool was made
  EXPECT_EQ(most_recent(), needed);
  pool.FreeUnused();  // the idle one
  EXPECT_EQ(most_recent(), needed);
  const BlockPool::Block only = pool.Take(5000);
  EXPECT_EQ(only.data(), needed);
}

TEST(BlockPool, BlocksMayBeGivenBackByAnotherThread) {
  BlockPool pool;
  for (int round = 0; round < 100; ++round) {
    std::vector<BlockPool::Block> blocks;
    for (int i = 0; i < 20; ++i) {
      blocks.push_back(pool.Take(static_cast<size_t>(i) * 10'000));
      std::memset(blocks.back().data(), i, blocks.back().size());
    }
    std::thread([given = std::move(blocks)]() mutable { given.clear(); }).join();
  }
}

}  // namespace
}  // namespace plumbline::transport
