#include "server/profile/prediction_faults.h"

#include <algorithm>

namespace plumbline::profile {
namespace {

void AddEach(const std::vector<uint64_t>& from, std::vector<uint64_t>* to) {
  to->resize(std::max(to->size(), from.size()));
  for (size_t i = 0; i < from.size(); ++i) (*to)[i] += from[i];
}

}  // namespace

void PredictionFaults::Merge(const PredictionFaults& other) {
  rows += other.rows;
  inspected += other.inspected;
  inputs.resize(std::max(inputs.size(), other.inputs.size()));
  for (size_t i = 0; i < other.inputs.size(); ++i) {
    for (size_t state = 0; state < kInputStates; ++state) {
      inputs[i][state] += other.inputs[i][state];
    }
  }
  AddEach(other.outside, &outside);
  AddEach(other.wrong_sums, &wrong_sums);
}

}  // namespace plumbline::profile
