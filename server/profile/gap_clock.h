#ifndef PLUMBLINE_SERVER_PROFILE_GAP_CLOCK_H_
#define PLUMBLINE_SERVER_PROFILE_GAP_CLOCK_H_

#include <algorithm>
#include <cstdint>

namespace plumbline::profile {

/// The longest silence of something in a stream of rows, in rows and in event time: between one
/// sighting and the next, and between the sightings and both ends. Not thread-safe.
class GapClock {
 public:
  explicit GapClock(int64_t start_micros = 0) : last_micros_(start_micros) {}

  /// It was seen in row `row`, which is later than the rows told before, at `micros`, which may not
  /// be: then time stands still. Without event times all are 0.
  void See(uint64_t row, int64_t micros) {
    longest_rows_ = std::max(longest_rows_, row - next_row_);
    next_row_ = row + 1;
    longest_micros_ = std::max(longest_micros_, micros - last_micros_);
    last_micros_ = std::max(last_micros_, micros);
  }

  /// The stream ended after `rows` rows.
  void End(uint64_t rows, int64_t end_micros) {
    longest_rows_ = std::max(longest_rows_, rows - next_row_);
    longest_micros_ = std::max(longest_micros_, end_micros - last_micros_);
  }

  uint64_t longest_rows() const { return longest_rows_; }
  int64_t longest_micros() const { return longest_micros_; }

 private:
  uint64_t next_row_ = 0;
  uint64_t longest_rows_ = 0;
  int64_t last_micros_;
  int64_t longest_micros_ = 0;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_GAP_CLOCK_H_
