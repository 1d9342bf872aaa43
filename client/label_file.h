#ifndef PLUMBLINE_CLIENT_LABEL_FILE_H_
#define PLUMBLINE_CLIENT_LABEL_FILE_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "plumbline/v1/baseline.pb.h"
#include "plumbline/v1/batch.pb.h"

namespace plumbline::client {

/// Labels that lie in a file of their own, by row id. Holds all of them in memory.
class LabelFile {
 public:
  /// Reads the columns that are labels of the model; of an id that comes twice the last counts.
  /// Errors: those of CsvReader; InvalidArgument if there is no column `id`, or no label.
  static absl::StatusOr<LabelFile> Read(const std::string& path, char delimiter,
                                        const std::string& id,
                                        absl::Span<const v1::VariableSpec> model_variables);

  /// Adds a column a label, null where the file has none for the row. Errors: InvalidArgument if
  /// the batch has such a column, or a label of numbers is none.
  absl::Status AddTo(v1::Batch* batch) const;

 private:
  struct Label {
    v1::VariableSpec variable;
    size_t column = 0;  // of the file
  };

  std::string path_;
  std::vector<Label> labels_;
  absl::flat_hash_map<std::string, std::vector<std::string>> cells_;  // by id, one a label
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_LABEL_FILE_H_
