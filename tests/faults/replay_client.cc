// A producer that sends every batch at least once, in no particular order, over several streams at
// a time, and nearly a third of them again; it never sends the numbers of its planted holes until
// it is told to, declares some numbers given up, and breaks the contract with others. It keeps its
// own books, and goes on over every kill of the server.
//   replay_client SERVER MODEL PRODUCER BATCHES SEED [--unended]
// --unended: before its epoch, it begins another and does not end it.
// On stdin: `late` to send the planted numbers but for the last hole, then `rest` for that one.
// On stdout: `progress N` now and then, and after each of the three parts `books {...}`.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/channel.h"
#include "plumbline/v1/ingest_service.grpc.pb.h"

namespace plumbline::faults {
namespace {

constexpr int kStreams = 3;
constexpr size_t kInFlight = 48;      // of a stream
constexpr uint64_t kBlock = 64;       // numbers that are sent in any order
constexpr uint64_t kAhead = 512;      // beyond the oldest without an answer
constexpr uint64_t kLongAgo = 5'000;  // sendings until one is repeated, at most
constexpr double kReplayed = 0.3;
constexpr uint64_t kEpoch = 2;
constexpr uint64_t kUnended = 10;  // batches of the epoch before
constexpr int64_t kStartSeconds = 1'700'000'000;
constexpr auto kPause = std::chrono::milliseconds(20);  // before a new stream
constexpr std::array<const char*, 3> kCities = {"oslo", "lima", "rome"};

// What a number is for.
enum class Part : uint8_t { kBatch, kPlanted, kSkipped, kBroken };

struct Range {
  uint64_t first, last;
};

uint32_t RowsOf(uint64_t sequence) { return 1 + static_cast<uint32_t>(sequence % 3); }
uint32_t CityOf(uint64_t sequence, uint32_t row) {
  return static_cast<uint32_t>((sequence * 2'654'435'761u + row * 40'503u) >> 7) % kCities.size();
}

// The numbers of one epoch, and what each is for.
class Plan {
 public:
  Plan(uint64_t batches, uint64_t seed) : parts_(batches + 1, Part::kBatch) {
    std::mt19937_64 random(seed);
    Scatter(Part::kPlanted, 5 + random() % 5, 40, &random, &planted);
    Scatter(Part::kSkipped, 4, 10, &random, &skipped);
    for (uint64_t i = 0; i < batches / 1'000; ++i) {
      Part& part = parts_[1 + random() % batches];
      if (part == Part::kBatch) part = Part::kBroken;
    }
    // And the tail.
    const uint64_t tail = 1 + random() % 30;
    planted.push_back({batches - tail + 1, batches});
    Paint(planted.back(), Part::kPlanted);
  }

  uint64_t batches() const { return parts_.size() - 1; }
  Part part(uint64_t sequence) const { return parts_[sequence]; }
  uint64_t lost() const {
    return static_cast<uint64_t>(std::count(parts_.begin() + 1, parts_.end(), Part::kPlanted));
  }

  std::vector<Range> planted, skipped;

 private:
  void Scatter(Part part, uint64_t count, uint64_t longest, std::mt19937_64* random,
               std::vector<Range>* into) {
    while (count-- > 0) {
      const uint64_t first = 2 + (*random)() % (batches() - 200);
      const Range range{first, first + (*random)() % longest};
      bool free = true;
      // With a batch between them, so that holes stay apart.
      for (uint64_t i = range.first - 1; i <= range.last + 1; ++i) {
        free = free && parts_[i] == Part::kBatch;
      }
      if (!free) continue;
      Paint(range, part);
      into->push_back(range);
    }
  }
  void Paint(const Range& range, Part part) {
    for (uint64_t i = range.first; i <= range.last; ++i) parts_[i] = part;
  }

  std::vector<Part> parts_;
};

// One thing to send; a batch if `range` is empty.
struct Item {
  uint64_t sequence = 0;
  Range range = {0, 0};  // given up
};

// What is to be sent next, over all streams, and what was answered. Thread-safe.
class Schedule {
 public:
  Schedule(const Plan* plan, uint64_t seed)
      : plan_(*plan), random_(seed), sent_(plan->batches() + 1), state_(plan->batches() + 1) {
    for (const Range& range : plan_.planted) Close(range);
  }

  enum class Next { kItem, kWait, kDone };
  Next Take(Item* item) {
    const std::lock_guard lock(mutex_);
    if (failed_) return Next::kDone;
    if (!again_.empty()) {
      *item = again_.front();
      again_.pop_front();
    } else if (!replays_.empty() && (replays_.begin()->first <= sendings_ || AllSent())) {
      *item = {replays_.begin()->second};
      replays_.erase(replays_.begin());
    } else if (!TakeNew(item)) {
      return open_ == 0 && AllSent() ? Next::kDone : Next::kWait;
    }
    ++sendings_;
    ++open_;
    if (item->range.first == 0) ++sent_[item->sequence];
    return Next::kItem;
  }

  // The numbers of a hole are to be sent after all.
  void Open(const Range& range) {
    const std::lock_guard lock(mutex_);
    for (uint64_t i = range.first; i <= range.last; ++i) {
      state_[i] = State::kOpen;
      again_.push_back({i});
    }
    std::shuffle(again_.begin(), again_.end(), random_);
  }

  // It was not answered: the stream broke, or it was told to retry.
  void GiveBack(const Item& item) {
    const std::lock_guard lock(mutex_);
    --open_;
    again_.push_back(item);
  }

  void Answer(const Item& item, const v1::IngestResponse& response) {
    const std::lock_guard lock(mutex_);
    --open_;
    const v1::IngestResult result = response.result();
    if (item.range.first != 0) {
      if (result != v1::INGEST_RESULT_COUNTED) Fail("a skip range", response);
      Close(item.range);
      return;
    }
    State& state = state_[item.sequence];
    if (plan_.part(item.sequence) == Part::kBroken) {
      if (result != v1::INGEST_RESULT_REFUSED) Fail("a broken batch", response);
      state = State::kClosed;
      return;
    }
    if (result == v1::INGEST_RESULT_COUNTED) {
      if (state == State::kCounted) Fail("counted twice", response);
      if (response.rows_counted() != RowsOf(item.sequence)) Fail("wrong rows", response);
    } else if (result == v1::INGEST_RESULT_DUPLICATE) {
      if (sent_[item.sequence] < 2) Fail("a duplicate of nothing", response);
      ++duplicates_;
    } else {
      Fail("a batch in order", response);
    }
    if (response.rows_late() > 0) Fail("late", response);
    if (state == State::kOpen) Acknowledge(item.sequence);
    // Whatever the answer was, the batch is in the books; only one answer may say that it counted.
    if (state != State::kCounted) {
      state = result == v1::INGEST_RESULT_COUNTED ? State::kCounted : State::kAcknowledged;
    }
  }

  bool failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
  }
  std::string Books(uint64_t more_batches, uint64_t more_rows) const {
    const std::lock_guard lock(mutex_);
    return absl::StrCat(
        "{\"batches\": ", batches_ + more_batches, ", \"rows\": ", rows_ + more_rows,
        ", \"duplicates\": ", duplicates_, ", \"sendings\": ", sendings_,
        ", \"lost\": ", plan_.lost(),
        ", \"last_hole\": ", plan_.planted.back().last - plan_.planted.back().first + 1,
        ", \"cities\": [", cities_[0], ", ", cities_[1], ", ", cities_[2], "]}");
  }
  void AddCity(uint32_t city) { ++cities_[city]; }

 private:
  // kAcknowledged: as a duplicate, for the first answer was lost with its stream. kClosed: nothing
  // is to come.
  enum class State : uint8_t { kOpen, kAcknowledged, kCounted, kClosed };

  bool AllSent() const { return next_ > plan_.batches() && block_.empty(); }

  bool TakeNew(Item* item) {
    while (block_.empty()) {
      while (oldest_ <= plan_.batches() && state_[oldest_] != State::kOpen) ++oldest_;
      if (next_ > plan_.batches() || next_ > oldest_ + kAhead) return false;
      FillBlock();
    }
    *item = block_.back();
    block_.pop_back();
    const bool batch = item->range.first == 0;
    if (batch && std::uniform_real_distribution<double>(0, 1)(random_) < kReplayed) {
      replays_.emplace(sendings_ + 1 + random_() % kLongAgo, item->sequence);
    }
    return true;
  }

  void FillBlock() {
    const uint64_t end = std::min(next_ + kBlock, plan_.batches() + 1);
    for (; next_ < end; ++next_) {
      const Part part = plan_.part(next_);
      if (part == Part::kBatch || part == Part::kBroken) block_.push_back({next_});
    }
    for (const Range& range : plan_.skipped) {
      if (range.first >= end - kBlock && range.first < end) block_.push_back({0, range});
    }
    std::shuffle(block_.begin(), block_.end(), random_);
  }

  void Acknowledge(uint64_t sequence) {
    ++batches_;
    rows_ += RowsOf(sequence);
    for (uint32_t row = 0; row < RowsOf(sequence); ++row) ++cities_[CityOf(sequence, row)];
    if (batches_ % (plan_.batches() / 200) == 0) {
      std::printf("progress %llu\n", static_cast<unsigned long long>(batches_));
      std::fflush(stdout);
    }
  }

  void Close(const Range& range) {
    for (uint64_t i = range.first; i <= range.last; ++i) state_[i] = State::kClosed;
  }

  void Fail(const char* what, const v1::IngestResponse& response) {
    failed_ = true;
    std::fprintf(stderr, "%s: %s\n", what, response.ShortDebugString().c_str());
  }

  const Plan& plan_;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::vector<uint32_t> sent_;  // how often, by number
  std::vector<State> state_;
  std::deque<Item> again_;
  std::multimap<uint64_t, uint64_t> replays_;  // by the sending after which they are due
  std::vector<Item> block_;
  uint64_t next_ = 1, oldest_ = 1;
  uint64_t sendings_ = 0, open_ = 0;
  uint64_t batches_ = 0, rows_ = 0, duplicates_ = 0;
  std::array<uint64_t, kCities.size()> cities_{};
  bool failed_ = false;
};

class Producer {
 public:
  Producer(std::string server, std::string model, std::string name, uint64_t batches, uint64_t seed)
      : model_(std::move(model)),
        name_(std::move(name)),
        plan_(batches, seed),
        schedule_(&plan_, seed + 1),
        stub_(v1::IngestService::NewStub(client::NewChannel(server, nullptr))) {}

  // Sends all that is due, over every kill. False if the server did what it must not do.
  bool SendAll() {
    std::vector<std::thread> threads;
    for (int i = 0; i < kStreams; ++i) {
      threads.emplace_back([this] {
        while (!RunStream()) std::this_thread::sleep_for(kPause);
      });
    }
    for (std::thread& thread : threads) thread.join();
    return !schedule_.failed();
  }

  bool End() {
    v1::IngestRequest request;
    v1::EndEpoch* end = request.mutable_end_epoch();
    end->set_model(model_);
    end->set_producer(name_);
    end->set_epoch(kEpoch);
    end->set_last_sequence(plan_.batches());
    return Insist(request);
  }

  // An epoch before, that does not end.
  bool SendUnended() {
    for (uint64_t sequence = 1; sequence <= kUnended; ++sequence) {
      v1::IngestRequest request = RequestOf({sequence});
      request.mutable_batch()->mutable_number()->set_epoch(kEpoch - 1);
      if (!Insist(request)) return false;
      ++unended_batches_;
      unended_rows_ += RowsOf(sequence);
      for (uint32_t row = 0; row < RowsOf(sequence); ++row)
        schedule_.AddCity(CityOf(sequence, row));
    }
    return true;
  }

  void OpenHoles(bool last) {
    for (size_t i = 0; i < plan_.planted.size(); ++i) {
      const bool is_last = i + 1 == plan_.planted.size();
      if (is_last == last) schedule_.Open(plan_.planted[i]);
    }
  }

  void PrintBooks() const {
    std::printf("books %s\n", schedule_.Books(unended_batches_, unended_rows_).c_str());
    std::fflush(stdout);
  }

 private:
  using Stream = grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestResponse>;

  v1::IngestRequest RequestOf(const Item& item) const {
    v1::IngestRequest request;
    if (item.range.first != 0) {
      v1::SkipRange* skip = request.mutable_skip_range();
      skip->set_model(model_);
      skip->set_producer(name_);
      skip->set_epoch(kEpoch);
      skip->set_first_sequence(item.range.first);
      skip->set_last_sequence(item.range.last);
      return request;
    }
    v1::NumberedBatch* numbered = request.mutable_batch();
    numbered->set_model(model_);
    numbered->mutable_number()->set_producer(name_);
    numbered->mutable_number()->set_epoch(kEpoch);
    numbered->mutable_number()->set_sequence(item.sequence);
    v1::Batch* batch = numbered->mutable_batch();
    FillBatch(item.sequence, batch);
    return request;
  }

  void FillBatch(uint64_t sequence, v1::Batch* batch) const {
    const uint32_t rows = RowsOf(sequence);
    batch->set_row_count(plan_.part(sequence) == Part::kBroken ? rows + 1 : rows);
    // A source of its own: one that is behind makes nobody late.
    batch->set_source(name_);
    v1::Column* age = batch->add_columns();
    age->set_name("age");
    v1::Column* city = batch->add_columns();
    city->set_name("city");
    for (const char* name : kCities) city->mutable_dictionary_values()->add_dictionary(name);
    for (uint32_t row = 0; row < rows; ++row) {
      age->mutable_double_values()->add_values(
          static_cast<double>((sequence * 7919 + row * 31) % 97));
      city->mutable_dictionary_values()->add_indices(CityOf(sequence, row));
    }
    // Half a second a batch: panes close all the time. What comes late is of the end.
    const bool planted = plan_.part(sequence) == Part::kPlanted;
    const uint64_t place = planted ? plan_.batches() : sequence;
    batch->mutable_event_time()->set_seconds(kStartSeconds + static_cast<int64_t>(place / 2));
  }

  // True if there is nothing more to send; false if the stream broke.
  bool RunStream() {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);  // nothing is sent to nobody
    const auto stream = stub_->Ingest(&context);
    std::map<uint64_t, Item> open;  // by position in the stream
    uint64_t position = 0;
    bool alive = true, done = false;
    v1::IngestResponse response;
    while (alive && !done) {
      Item item;
      Schedule::Next next = Schedule::Next::kWait;
      while (alive && open.size() < kInFlight &&
             (next = schedule_.Take(&item)) == Schedule::Next::kItem) {
        open[++position] = item;
        alive = stream->Write(RequestOf(item));
      }
      done = next == Schedule::Next::kDone && open.empty();
      if (done || !alive) break;
      if (open.empty()) {
        std::this_thread::sleep_for(kPause);  // others have what is left
        continue;
      }
      alive = stream->Read(&response) && Take(response, &open);
    }
    for (const auto& [at, item] : open) schedule_.GiveBack(item);
    context.TryCancel();
    stream->Finish();
    return done;
  }

  // False if it is to be tried again on a new stream.
  bool Take(const v1::IngestResponse& response, std::map<uint64_t, Item>* open) {
    const auto found = open->find(response.request_index());
    if (found == open->end()) return true;
    const Item item = found->second;
    open->erase(found);
    if (response.result() == v1::INGEST_RESULT_RETRY) {
      schedule_.GiveBack(item);
      return false;
    }
    schedule_.Answer(item, response);
    return true;
  }

  // One request until it is answered. False if it is refused.
  bool Insist(const v1::IngestRequest& request) {
    while (true) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      const auto stream = stub_->Ingest(&context);
      v1::IngestResponse response;
      const bool answered = stream->Write(request) && stream->Read(&response);
      context.TryCancel();
      stream->Finish();
      if (answered && response.result() == v1::INGEST_RESULT_REFUSED) {
        std::fprintf(stderr, "%s\n", response.ShortDebugString().c_str());
        return false;
      }
      if (answered && response.result() != v1::INGEST_RESULT_RETRY) return true;
      std::this_thread::sleep_for(kPause);
    }
  }

  const std::string model_, name_;
  const Plan plan_;
  Schedule schedule_;
  const std::unique_ptr<v1::IngestService::Stub> stub_;
  uint64_t unended_batches_ = 0, unended_rows_ = 0;
};

int Main(int argc, char** argv) {
  if (argc < 6 || std::stoull(argv[4]) < 1'000) {
    std::fprintf(stderr,
                 "usage: replay_client SERVER MODEL PRODUCER BATCHES SEED [--unended]; at least "
                 "1,000 batches\n");
    return 2;
  }
  Producer producer(argv[1], argv[2], argv[3], std::stoull(argv[4]), std::stoull(argv[5]));
  if (argc > 6 && !producer.SendUnended()) return 1;
  if (!producer.SendAll() || !producer.End()) return 1;
  producer.PrintBooks();
  for (std::string command; std::getline(std::cin, command);) {
    producer.OpenHoles(command == "rest");
    if (!producer.SendAll()) return 1;
    producer.PrintBooks();
  }
  return 0;
}

}  // namespace
}  // namespace plumbline::faults

int main(int argc, char** argv) { return plumbline::faults::Main(argc, argv); }
