#include "client/commands/split_text.h"

#include "absl/strings/str_cat.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

using Align = TextTable::Align;

// Shares of the most frequent labels.
std::string LabelsText(const v1::SplitPart& part) {
  constexpr int kShown = 5;
  std::string text;
  for (int i = 0; i < part.labels_size() && i < kShown; ++i) {
    const v1::LabelCount& label = part.labels(i);
    absl::StrAppend(
        &text, i == 0 ? "" : ", ", label.label().empty() ? "(none)" : Printable(label.label(), 20),
        " ", FormatShare(static_cast<double>(label.rows()) / static_cast<double>(part.rows())));
  }
  if (part.labels_size() > kShown) absl::StrAppend(&text, ", ...");
  return text;
}

}  // namespace

std::string SplitText(const v1::SplitManifest& split) {
  std::string text = absl::StrCat("split ", Printable(split.name(), 60));
  if (!split.method().empty()) absl::StrAppend(&text, "  ", Printable(split.method(), 60));
  if (!split.seed().empty()) absl::StrAppend(&text, "  seed ", Printable(split.seed(), 60));
  absl::StrAppend(&text, "  ", FormatCount(split.rows(), "row", "rows"), " by ",
                  split.id_column().empty() ? "all of their values" : Printable(split.id_column()),
                  "\n");
  TextTable table({{"part"},
                   {"rows", Align::kRight},
                   {"digest in order"},
                   {"digest in any order"},
                   {"labels"}});
  for (const v1::SplitPart& part : split.parts()) {
    table.AddRow({Printable(part.name(), 40), FormatCount(part.rows()), part.ordered_digest(),
                  part.unordered_digest(), LabelsText(part)});
  }
  return absl::StrCat(text, table.ToString());
}

std::string SplitComparisonText(const v1::SplitComparison& comparison) {
  std::string text = absl::StrCat(
      comparison.verdict() == "other_order" ? "other order" : comparison.verdict(), "\n");
  for (const std::string& reason : comparison.reasons()) {
    absl::StrAppend(&text, "  ", Printable(reason), "\n");
  }
  TextTable table(
      {{"part"}, {"verdict"}, {"first", Align::kRight}, {"second", Align::kRight}, {"reason"}});
  for (const v1::SplitPartComparison& part : comparison.parts()) {
    table.AddRow({Printable(part.part(), 40), part.verdict(), FormatCount(part.first_rows()),
                  FormatCount(part.second_rows()), Printable(part.reason())});
  }
  return absl::StrCat(text, table.ToString());
}

std::string SplitCheckText(const v1::SplitCheck& check) {
  TextTable parts({{"part"}, {"rows", Align::kRight}, {"repeated", Align::kRight}});
  for (const v1::CheckedPart& part : check.parts()) {
    parts.AddRow({Printable(part.name(), 40), FormatCount(part.rows()),
                  part.repeated_rows() == 0 ? "" : FormatCount(part.repeated_rows())});
  }
  std::string text = parts.ToString();
  if (check.overlaps().empty()) return absl::StrCat(text, "no row is in two parts\n");
  for (const v1::SplitOverlap& overlap : check.overlaps()) {
    absl::StrAppend(&text, "\n", FormatCount(overlap.shared(), "row is", "rows are"), " in both ",
                    Printable(overlap.first_part(), 40), " and ",
                    Printable(overlap.second_part(), 40), "\n");
    TextTable examples({{"id"}, {"first"}, {"second"}});
    for (const v1::SharedRow& row : overlap.examples()) {
      examples.AddRow({Printable(row.id(), 60), Printable(row.first()), Printable(row.second())});
    }
    text += examples.ToString();
  }
  return text;
}

}  // namespace plumbline::client
