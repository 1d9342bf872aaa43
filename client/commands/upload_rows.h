#ifndef PLUMBLINE_CLIENT_COMMANDS_UPLOAD_ROWS_H_
#define PLUMBLINE_CLIENT_COMMANDS_UPLOAD_ROWS_H_

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/progress.h"
#include "client/csv_batches.h"

namespace plumbline::client {

inline constexpr size_t kRowsPerUploadedBatch = 8192;

/// Adds the variables of `plan` to a header that has `variables`.
template <class Header>
void AddVariables(const CsvPlan& plan, Header* header) {
  for (const CsvColumn& column : plan.columns) {
    if (!IsVariable(column)) continue;
    auto* const spec = header->add_variables();
    spec->set_name(column.name);
    spec->set_role(column.role);
    spec->set_kind(column.kind);
  }
}

/// Writes header, rows and commit: what baselines and profiles are made of. OK does not mean
/// stored: a write that failed is told by Finish(). Errors: those of `batches`.
template <class Request, class Header>
absl::Status WriteRows(const Header& header, const CsvPlan& plan, CsvBatches* batches,
                       Progress* progress, grpc::ClientWriter<Request>* writer) {
  Request request;
  *request.mutable_header() = header;
  if (!writer->Write(request)) return absl::OkStatus();
  uint64_t rows = 0;
  while (true) {
    auto batch = batches->Next(kRowsPerUploadedBatch);
    if (!batch.ok()) return batch.status();
    if (!batch->has_value()) break;
    rows += (*batch)->row_count();
    *request.mutable_batch() = std::move(**batch);
    if (!writer->Write(request)) return absl::OkStatus();
    progress->Update(static_cast<double>(rows) / static_cast<double>(plan.rows));
  }
  request.mutable_commit()->set_row_count(rows);
  writer->Write(request);
  writer->WritesDone();
  return absl::OkStatus();
}

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_UPLOAD_ROWS_H_
