#include "server/profile/counts.h"

namespace plumbline::profile {

uint64_t VariableCounts::Coded() const { return codes.Total(); }

void VariableCounts::Merge(const VariableCounts& other) {
  rows += other.rows;
  nulls += other.nulls;
  nans += other.nans;
  positive_infinities += other.positive_infinities;
  negative_infinities += other.negative_infinities;
  wrong_type += other.wrong_type;
  absent += other.absent;
  codes.Merge(other.codes);
  // An empty side takes over the other's shift: nothing is lost to re-centring.
  if (moments.count() == 0 && other.moments.count() > 0) {
    moments = other.moments;
  } else {
    moments.Merge(other.moments);
  }
  below_sum.Merge(other.below_sum);
  above_sum.Merge(other.above_sum);
  unseen_names.Merge(other.unseen_names);
  fineness.Merge(other.fineness);
}

}  // namespace plumbline::profile
