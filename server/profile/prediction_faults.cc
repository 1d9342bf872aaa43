#include "server/profile/prediction_faults.h"

#include <algorithm>

namespace plumbline::profile {
namespace {

void AddEach(const std::vector<uint64_t>& from, std::vector<uint64_t>* to) {
  to->resize(std::max(to->size(), from.size()));
  for (size_t i = 0; i < from.size(); ++i) (*to)[i] += from[i];
}

}  // namespace

void FaultyRows::Merge(const FaultyRows& other) {
  rows += other.rows;
  inspected += other.inspected;
  for (const auto& [input, count] : other.inputs) inputs[input] += count;
}

void PredictionFaults::Merge(const PredictionFaults& other) {
  rows += other.rows;
  AddEach(other.outside, &outside);
  AddEach(other.wrong_sums, &wrong_sums);
  for (const auto& [key, fault] : other.faults) faults[key].Merge(fault);
}

FaultyRows PredictionFaults::Of(FaultKind kind, uint32_t number) const {
  FaultyRows all;
  for (const FaultKey& key :
       {FaultKey{kind, std::min(number, kFaultsApart)}, FaultKey{FaultKind::kAny, 0}}) {
    const auto found = faults.find(key);
    if (found != faults.end()) all.Merge(found->second);
  }
  return all;
}

}  // namespace plumbline::profile
