#include "server/storage/window_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/storage/store.h"

namespace plumbline::storage {
namespace {

using Part = std::pair<int64_t, uint64_t>;

std::string Time(int64_t micros) {
  return absl::FormatTime(absl::FromUnixMicros(micros), absl::UTCTimeZone());
}

// "2 panes that <what>, the first of <time>"; empty for none.
std::string Some(const std::vector<int64_t>& starts, absl::string_view noun,
                 absl::string_view what) {
  if (starts.empty()) return "";
  const std::string time = Time(starts.front());
  if (starts.size() == 1) return absl::StrCat("the ", noun, " of ", time, " ", what);
  return absl::StrCat(starts.size(), " ", noun, "s, the first of ", time, ", each ", what);
}

// Compares what a window names with what is there; both by start.
void Compare(const v1::PaneIndexRecord& named, const std::vector<Part>& there,
             absl::string_view noun, std::vector<std::string>* words) {
  std::vector<int64_t> missing, unnamed, wrong;
  size_t at = 0;
  for (int i = 0; i < named.starts_size(); ++i) {
    const int64_t start = named.starts(i);
    for (; at < there.size() && there[at].first < start; ++at) unnamed.push_back(there[at].first);
    if (at == there.size() || there[at].first != start) {
      missing.push_back(start);
      continue;
    }
    if (i >= named.rows_size() || there[at].second != named.rows(i)) wrong.push_back(start);
    ++at;
  }
  for (; at < there.size(); ++at) unnamed.push_back(there[at].first);
  for (const std::string& some :
       {Some(missing, noun, "is named by the window and not there"),
        Some(unnamed, noun, "is there and not named by the window"),
        Some(wrong, noun, "does not have the rows that the window says")}) {
    if (!some.empty()) words->push_back(some);
  }
}

}  // namespace

void WindowCheck::AddWindow(v1::WindowRecord record, uint64_t sum_rows) {
  record.clear_sum();
  window_ = std::move(record);
  sum_rows_ = sum_rows;
}

std::vector<std::string> WindowCheck::Differences() const {
  std::vector<std::string> words;
  if (!window_.has_value()) {
    if (panes_.empty() && blocks_.empty()) return words;
    return {absl::StrCat("the window of ", panes_.size(), " closed panes is not there")};
  }
  const int levels = std::max(window_->levels_size(),
                              blocks_.empty() ? 1 : static_cast<int>(blocks_.rbegin()->first) + 1);
  for (int level = 0; level < levels; ++level) {
    const auto blocks = blocks_.find(static_cast<uint32_t>(level));
    const std::vector<Part> none;
    const std::vector<Part>& there = level == 0                ? panes_
                                     : blocks == blocks_.end() ? none
                                                               : blocks->second;
    Compare(level < window_->levels_size() ? window_->levels(level) : v1::PaneIndexRecord(), there,
            level == 0 ? "pane" : "block of panes", &words);
  }
  uint64_t rows = 0;
  for (const auto& [start, pane_rows] : panes_) {
    if (start >= window_->sum_from()) rows += pane_rows;
  }
  if (rows != sum_rows_) {
    words.push_back(
        absl::StrCat("the window's sum has ", sum_rows_, " rows, its panes have ", rows));
  }
  return words;
}

absl::StatusOr<v1::WindowRecord> WindowCheck::Rebuild(
    const profile::Baseline& baseline,
    const std::function<absl::StatusOr<profile::Pane>(int64_t start)>& read) const {
  v1::WindowRecord record;
  v1::PaneIndexRecord* const index = record.add_levels();
  if (window_.has_value()) {
    record.set_sum_from(window_->sum_from());
    record.set_first(window_->first());
    record.set_arrival_clocks(window_->arrival_clocks());
  } else if (!panes_.empty()) {
    record.set_sum_from(panes_.front().first);
  }
  profile::Pane sum(baseline);
  for (const auto& [start, rows] : panes_) {
    index->add_starts(start);
    index->add_rows(rows);
    if (start < record.sum_from()) continue;
    const auto pane = read(start);
    if (!pane.ok()) return pane.status();
    sum.Merge(*pane);
  }
  record.set_sum(profile::EncodePane(sum));
  return record;
}

std::vector<std::pair<uint32_t, int64_t>> WindowCheck::Blocks() const {
  std::vector<std::pair<uint32_t, int64_t>> all;
  for (const auto& [level, blocks] : blocks_) {
    for (const auto& [start, rows] : blocks) all.emplace_back(level, start);
  }
  return all;
}

std::vector<WindowCheck::DeltaProblem> WindowCheck::DeltaProblems(
    std::optional<int64_t> closed_until) const {
  std::vector<DeltaProblem> problems;
  for (auto it = deltas_.begin(); it != deltas_.end();) {
    DeltaProblem problem;
    problem.start = it->first;
    for (; it != deltas_.end() && it->first == problem.start; ++it) {
      problem.numbers.push_back(it->second);
    }
    const std::vector<uint64_t>& numbers = problem.numbers;
    const bool whole = numbers.front() % kDeltasPerFold == 0 &&
                       numbers.back() - numbers.front() == numbers.size() - 1;
    problem.closed = closed_until.has_value() && problem.start < *closed_until;
    if (problem.closed) {
      problem.words = absl::StrCat("the pane of ", Time(problem.start), " is closed, and ",
                                   numbers.size(), " of its changes are there once more");
    } else if (!whole) {
      problem.words =
          absl::StrCat("of the open pane of ", Time(problem.start), " only ", numbers.size(),
                       " changes are there, up to number ", numbers.back());
    } else {
      continue;
    }
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace plumbline::storage
