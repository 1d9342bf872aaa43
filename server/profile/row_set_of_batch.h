#ifndef PLUMBLINE_SERVER_PROFILE_ROW_SET_OF_BATCH_H_
#define PLUMBLINE_SERVER_PROFILE_ROW_SET_OF_BATCH_H_

#include "server/manifest/row_set.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

/// The rows of a batch that has passed ValidateBatch, by the columns that it has: numbers and
/// booleans by their value, texts byte by byte. Cost: see RowSetBuilder.
manifest::RowSet RowSetOf(const BatchView& batch);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_ROW_SET_OF_BATCH_H_
