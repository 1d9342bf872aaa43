#ifndef PLUMBLINE_SERVER_PROFILE_PREDICTION_FAULTS_H_
#define PLUMBLINE_SERVER_PROFILE_PREDICTION_FAULTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace plumbline::profile {

/// What may be wrong with an input of a row. Values are stored on disk.
enum class InputState : uint8_t {
  kAbsent = 0,     // the batch lacks the column
  kWrongType = 1,  // it has another type
  kNull = 2,
  kNan = 3,
  kInfinite = 4,
  kOutOfRange = 5,  // beyond everything in training
  kUnseen = 6       // a category that training never had
};
inline constexpr size_t kInputStates = 7;

/// Rows by what was wrong with one input in them.
using InputStates = std::array<uint64_t, kInputStates>;

/// Rows whose predictions cannot be right (NaN, infinite, outside their domain, a class that
/// training never had, probabilities that do not sum to 1), and what was wrong with the inputs of
/// the same rows. Takes no memory while there are none. A value; adding is exact.
struct PredictionFaults {
  uint64_t rows = 0;                 // with any such prediction
  uint64_t inspected = 0;            // of these, rows whose inputs were looked at
  std::vector<InputStates> inputs;   // by variable, of the rows inspected
  std::vector<uint64_t> outside;     // by variable: predictions outside their domain
  std::vector<uint64_t> wrong_sums;  // by probability group: rows that do not sum to 1

  bool empty() const { return rows == 0; }
  void Merge(const PredictionFaults& other);

  friend bool operator==(const PredictionFaults&, const PredictionFaults&) = default;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PREDICTION_FAULTS_H_
