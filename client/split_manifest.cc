#include "client/split_manifest.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "client/id_digest.h"
#include "server/manifest/row_set.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxLabels = 1000;  // of a part
constexpr size_t kMaxLabelBytes = 256;

struct Part {
  IdDigest digest;
  absl::flat_hash_map<std::string, uint64_t> labels;
  uint64_t rows_of_further_labels = 0;

  void CountLabel(absl::string_view label) {
    const auto found = labels.find(label);
    if (found != labels.end()) {
      ++found->second;
    } else if (labels.size() < kMaxLabels && label.size() <= kMaxLabelBytes) {
      labels.emplace(label, 1);
    } else {
      ++rows_of_further_labels;
    }
  }
};

void Write(const Part& part, const std::string& name, v1::SplitPart* out) {
  out->set_name(name);
  out->set_rows(part.digest.rows());
  out->set_ordered_digest(manifest::DigestText(part.digest.ordered()));
  out->set_unordered_digest(manifest::DigestText(part.digest.unordered()));
  std::vector<std::pair<std::string, uint64_t>> labels(part.labels.begin(), part.labels.end());
  std::sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  for (const auto& [label, rows] : labels) {
    v1::LabelCount* added = out->add_labels();
    added->set_label(label);
    added->set_rows(rows);
  }
  out->set_rows_of_further_labels(part.rows_of_further_labels);
}

const v1::SplitPart* Find(const v1::SplitManifest& split, const std::string& name) {
  for (const v1::SplitPart& part : split.parts()) {
    if (part.name() == name) return &part;
  }
  return nullptr;
}

bool SameLabels(const v1::SplitPart& a, const v1::SplitPart& b) {
  const auto counts = [](const v1::SplitPart& part) {
    std::map<std::string, uint64_t> counts;
    for (const v1::LabelCount& label : part.labels()) counts[label.label()] = label.rows();
    return counts;
  };
  return counts(a) == counts(b) && a.rows_of_further_labels() == b.rows_of_further_labels();
}

std::string Quoted(const std::string& text) {
  return text.empty() ? "none" : absl::StrCat("\"", text, "\"");
}

// Compares part by part, and adds up what that says of the whole.
class Comparer {
 public:
  Comparer(const v1::SplitManifest& first, const v1::SplitManifest& second)
      : first_(first), second_(second) {}

  v1::SplitComparison Compare() {
    for (const v1::SplitPart& part : first_.parts()) ComparePart(part);
    for (const v1::SplitPart& part : second_.parts()) {
      if (Find(first_, part.name()) == nullptr) {
        AddPart(part.name(), "only_second", 0, part.rows(), "only the second split has it");
        ++missing_;
      }
    }
    NameCauses();
    const bool different = missing_ + other_rows_ + other_labels_ > 0;
    out_.set_verdict(different ? "different" : other_order_ > 0 ? "other_order" : "same");
    return std::move(out_);
  }

 private:
  void AddPart(const std::string& name, const char* verdict, uint64_t first, uint64_t second,
               std::string reason) {
    v1::SplitPartComparison* part = out_.add_parts();
    part->set_part(name);
    part->set_verdict(verdict);
    part->set_first_rows(first);
    part->set_second_rows(second);
    part->set_reason(std::move(reason));
  }

  void ComparePart(const v1::SplitPart& a) {
    const v1::SplitPart* b = Find(second_, a.name());
    if (b == nullptr) {
      AddPart(a.name(), "only_first", a.rows(), 0, "only the first split has it");
      ++missing_;
      return;
    }
    const bool same_rows = a.rows() == b->rows() && a.unordered_digest() == b->unordered_digest();
    if (!same_rows) {
      ++other_rows_;
      AddPart(a.name(), "other_rows", a.rows(), b->rows(),
              a.rows() == b->rows() ? "as many rows, but not the same" : "another number of rows");
      return;
    }
    if (!SameLabels(a, *b) && first_.label_column() == second_.label_column()) {
      ++other_labels_;
      AddPart(a.name(), "other_labels", a.rows(), b->rows(),
              "the same rows by their ids, with other labels");
      return;
    }
    const bool same_order = a.ordered_digest() == b->ordered_digest();
    if (!same_order) ++other_order_;
    AddPart(a.name(), same_order ? "same" : "other_order", a.rows(), b->rows(),
            same_order ? "" : "the same rows in another order");
  }

  void Cause(const char* cause, std::string reason) {
    out_.add_causes(cause);
    out_.add_reasons(std::move(reason));
  }

  void NameCauses() {
    const bool same_data =
        first_.rows() == second_.rows() && first_.unordered_digest() == second_.unordered_digest();
    const bool rows_differ = missing_ + other_rows_ > 0;
    // The ids may be the same under another name.
    if (first_.id_column() != second_.id_column() && !same_data) {
      Cause("id_column_changed",
            absl::StrCat("rows are told apart by ", Quoted(first_.id_column()), " and ",
                         Quoted(second_.id_column()), ": their digests do not compare"));
    }
    if (first_.seed() != second_.seed()) {
      Cause("seed_changed",
            absl::StrCat("the seed is ", Quoted(first_.seed()), " and ", Quoted(second_.seed())));
    }
    if (first_.method() != second_.method()) {
      Cause("method_changed", absl::StrCat("the method is ", Quoted(first_.method()), " and ",
                                           Quoted(second_.method())));
    }
    if (missing_ > 0) Cause("parts_changed", "they do not have the same parts");
    if (rows_differ && same_data) {
      Cause("rows_moved",
            absl::StrCat("the same rows in all, split otherwise",
                         SameSeed() ? ", although method and seed are the same" : ""));
    } else if (!same_data) {
      Cause(
          "data_changed",
          first_.rows() == second_.rows()
              ? absl::StrCat("not the same rows in all, though as many: ", first_.rows())
              : absl::StrCat("not the same rows in all: ", first_.rows(), " and ", second_.rows()));
    }
    if (other_order_ > 0) {
      Cause("order_changed",
            absl::StrCat("the same rows in another order",
                         SameSeed() ? ", although method and seed are the same: the rows came in "
                                      "another order, or another library or version shuffled them"
                                    : ""));
    }
    if (other_labels_ > 0) Cause("labels_changed", "the same rows by their ids have other labels");
  }

  bool SameSeed() const {
    return !first_.seed().empty() && first_.seed() == second_.seed() &&
           first_.method() == second_.method();
  }

  const v1::SplitManifest& first_;
  const v1::SplitManifest& second_;
  v1::SplitComparison out_;
  size_t missing_ = 0, other_rows_ = 0, other_order_ = 0, other_labels_ = 0;
};

}  // namespace

absl::StatusOr<v1::SplitManifest> MakeSplitManifest(const SplitSource& source) {
  SplitRows rows(source);
  std::vector<Part> parts;
  IdDigest all;
  absl::Status read = rows.ForEach([&](const SplitRow& row) {
    if (row.part >= parts.size()) parts.resize(row.part + 1);
    parts[row.part].digest.Add(row.hash);
    if (!source.label.empty()) parts[row.part].CountLabel(row.label);
    all.Add(row.hash);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  if (all.rows() == 0) {
    return absl::InvalidArgumentError(absl::StrCat(source.files[0].path, ": there are no rows"));
  }
  v1::SplitManifest manifest;
  manifest.set_id_column(source.id);
  manifest.set_label_column(source.label);
  for (size_t i = 0; i < parts.size(); ++i) Write(parts[i], rows.parts()[i], manifest.add_parts());
  manifest.set_rows(all.rows());
  manifest.set_unordered_digest(manifest::DigestText(all.unordered()));
  return manifest;
}

v1::SplitComparison CompareSplits(const v1::SplitManifest& first, const v1::SplitManifest& second) {
  return Comparer(first, second).Compare();
}

}  // namespace plumbline::client
