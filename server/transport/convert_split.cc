#include "server/transport/convert_split.h"

#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/transport/control_services.h"

namespace plumbline::transport {
namespace {

constexpr size_t kMaxSplitBytes = 1 << 20;
constexpr int kMaxParts = 1000;
constexpr size_t kMaxPartBytes = 256;
constexpr size_t kMaxTextBytes = 1024;
constexpr size_t kDigestDigits = 32;

absl::Status Bad(const v1::SplitManifest& split, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("split \"", split.name(), "\": ", what));
}

bool IsDigest(const std::string& text) {
  if (text.size() != kDigestDigits) return false;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

absl::Status CheckParts(const v1::SplitManifest& split) {
  if (split.parts().empty()) return Bad(split, "it has no parts");
  if (split.parts_size() > kMaxParts) {
    return Bad(split, absl::StrCat("it has ", split.parts_size(), " parts; at most ", kMaxParts));
  }
  std::set<std::string> names;
  uint64_t rows = 0;
  for (const v1::SplitPart& part : split.parts()) {
    if (part.name().empty() || part.name().size() > kMaxPartBytes) {
      return Bad(split, absl::StrCat("the name of a part has ", part.name().size(),
                                     " bytes; it has 1 to ", kMaxPartBytes));
    }
    if (!names.insert(part.name()).second) {
      return Bad(split, absl::StrCat("part \"", part.name(), "\" is there twice"));
    }
    if (!IsDigest(part.ordered_digest()) || !IsDigest(part.unordered_digest())) {
      return Bad(split, absl::StrCat("part \"", part.name(), "\" has no digests of ", kDigestDigits,
                                     " hex digits"));
    }
    uint64_t labelled = part.rows_of_further_labels();
    for (const v1::LabelCount& label : part.labels()) labelled += label.rows();
    if (labelled != 0 && labelled != part.rows()) {
      return Bad(split, absl::StrCat("part \"", part.name(), "\" has ", part.rows(),
                                     " rows, and labels for ", labelled));
    }
    rows += part.rows();
  }
  if (rows != split.rows()) {
    return Bad(split, absl::StrCat("it has ", split.rows(), " rows, and its parts ", rows));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<storage::v1::SplitRecord> ToRecord(const v1::SplitManifest& split) {
  if (absl::Status name = CheckName("split", split.name()); !name.ok()) return name;
  if (split.ByteSizeLong() > kMaxSplitBytes) {
    return Bad(split,
               absl::StrCat("it takes ", split.ByteSizeLong(), " bytes; at most ", kMaxSplitBytes));
  }
  for (const std::string& text :
       {split.method(), split.seed(), split.id_column(), split.label_column()}) {
    if (text.size() > kMaxTextBytes) {
      return Bad(split,
                 absl::StrCat("a text of it has ", text.size(), " bytes; at most ", kMaxTextBytes));
    }
  }
  if (!IsDigest(split.unordered_digest())) {
    return Bad(split, absl::StrCat("its digest does not have ", kDigestDigits, " hex digits"));
  }
  if (absl::Status parts = CheckParts(split); !parts.ok()) return parts;
  storage::v1::SplitRecord record;
  record.set_name(split.name());
  record.set_method(split.method());
  record.set_seed(split.seed());
  record.set_id_column(split.id_column());
  record.set_label_column(split.label_column());
  record.set_rows(split.rows());
  record.set_unordered_digest(split.unordered_digest());
  for (const v1::SplitPart& part : split.parts()) {
    auto* added = record.add_parts();
    added->set_name(part.name());
    added->set_rows(part.rows());
    added->set_ordered_digest(part.ordered_digest());
    added->set_unordered_digest(part.unordered_digest());
    added->set_rows_of_further_labels(part.rows_of_further_labels());
    for (const v1::LabelCount& label : part.labels()) {
      auto* count = added->add_labels();
      count->set_label(label.label());
      count->set_rows(label.rows());
    }
  }
  return record;
}

v1::SplitManifest ToWire(const storage::v1::SplitRecord& record) {
  v1::SplitManifest split;
  split.set_name(record.name());
  split.set_method(record.method());
  split.set_seed(record.seed());
  split.set_id_column(record.id_column());
  split.set_label_column(record.label_column());
  split.set_rows(record.rows());
  split.set_unordered_digest(record.unordered_digest());
  for (const auto& part : record.parts()) {
    v1::SplitPart* added = split.add_parts();
    added->set_name(part.name());
    added->set_rows(part.rows());
    added->set_ordered_digest(part.ordered_digest());
    added->set_unordered_digest(part.unordered_digest());
    added->set_rows_of_further_labels(part.rows_of_further_labels());
    for (const auto& label : part.labels()) {
      v1::LabelCount* count = added->add_labels();
      count->set_label(label.label());
      count->set_rows(label.rows());
    }
  }
  return split;
}

}  // namespace plumbline::transport
