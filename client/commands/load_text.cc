#include "client/commands/load_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/commands/format.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

absl::string_view LoadStateName(v1::LoadState state) {
  switch (state) {
    case v1::LOAD_STATE_OPEN:
      return "open";
    case v1::LOAD_STATE_WAITING:
      return "waiting for rows";
    case v1::LOAD_STATE_COMPLETE:
      return "complete";
    case v1::LOAD_STATE_ROWS_MISSING:
      return "rows missing";
    case v1::LOAD_STATE_ROWS_EXTRA:
      return "too many rows";
    case v1::LOAD_STATE_CONTENT_DIFFERS:
      return "other content";
    default:
      return "unknown";
  }
}

}  // namespace

std::string LoadText(const v1::Load& load) {
  std::string text =
      absl::StrCat("load ", Printable(load.name()), ": ", LoadStateName(load.state()), ", ",
                   FormatCount(load.arrived_rows(), "row", "rows"), " came");
  if (load.has_declared_rows()) {
    absl::StrAppend(&text, " of ", FormatCount(load.declared_rows()), " declared");
  }
  absl::StrAppend(&text, ", digest ", load.arrived_digest());
  if (!load.declared_digest().empty()) {
    absl::StrAppend(&text, load.declared_digest() == load.arrived_digest()
                               ? " as declared"
                               : absl::StrCat(", declared ", load.declared_digest()));
  }
  return absl::StrCat(text, "\n");
}

std::string LoadsText(const google::protobuf::RepeatedPtrField<v1::Load>& loads, int limit) {
  using Align = TextTable::Align;
  TextTable table({{"load"},
                   {"state"},
                   {"rows", Align::kRight},
                   {"declared", Align::kRight},
                   {"content"},
                   {"began"},
                   {"ended"}});
  for (int i = 0; i < loads.size() && i < limit; ++i) {
    const v1::Load& load = loads[i];
    const bool same = load.declared_digest() == load.arrived_digest();
    table.AddRow({Printable(load.name(), 40), std::string(LoadStateName(load.state())),
                  FormatCount(load.arrived_rows()),
                  load.has_declared_rows() ? FormatCount(load.declared_rows()) : "-",
                  load.declared_digest().empty() ? "-"
                  : same                         ? "as declared"
                                                 : "differs",
                  FormatTime(load.began(), load.has_began()),
                  FormatTime(load.ended(), load.has_ended())});
  }
  std::string text = table.ToString();
  const int more = loads.size() - std::min(loads.size(), limit);
  if (more > 0) absl::StrAppend(&text, "and ", FormatCount(static_cast<uint64_t>(more)), " more\n");
  return text;
}

}  // namespace plumbline::client
