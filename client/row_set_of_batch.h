#ifndef PLUMBLINE_CLIENT_ROW_SET_OF_BATCH_H_
#define PLUMBLINE_CLIENT_ROW_SET_OF_BATCH_H_

#include "plumbline/v1/batch.pb.h"
#include "server/manifest/row_set.h"

namespace plumbline::client {

/// The rows of a batch that keeps the contract, as the server sees them: by the columns that it
/// has, numbers and booleans by their value, texts byte by byte. The sum over a load's batches is
/// what to declare of it (EndLoadRequest). Cost: see RowSetBuilder.
manifest::RowSet RowSetOf(const v1::Batch& batch);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_ROW_SET_OF_BATCH_H_
