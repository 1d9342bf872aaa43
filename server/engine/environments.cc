#include "server/engine/environments.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/producers.h"
#include "server/storage/environment_record.h"

namespace plumbline::engine {
namespace {

using Differences = std::vector<manifest::EnvironmentDifference>;

// The heavier first, then what differs in more.
bool Heavier(const Differences& a, const Differences& b) {
  if (a.empty() || b.empty()) return a.size() > b.size();
  if (a[0].weight != b[0].weight) return a[0].weight > b[0].weight;
  return a.size() > b.size();
}

}  // namespace

Environments::Environments(manifest::Environment expected) : expected_(std::move(expected)) {}

std::shared_ptr<const Environments::Content> Environments::ContentOf(
    manifest::Environment environment) const {
  for (const auto& [producer, declared] : declared_) {
    if (declared.content->environment == environment) return declared.content;
  }
  auto content = std::make_shared<Content>();
  if (!expected_.empty()) content->comparison = CompareEnvironments(expected_, environment);
  content->environment = std::move(environment);
  return content;
}

void Environments::Declare(const std::string& producer, uint64_t epoch, const std::string& source,
                           manifest::Environment environment, absl::Time now) {
  const auto known = declared_.find(producer);
  if (known != declared_.end() && known->second.epoch > epoch) return;
  declared_[producer] = {epoch, source, now, ContentOf(std::move(environment))};
  changed_.insert(producer);
  while (declared_.size() > kMaxProducers) {
    const auto oldest =
        std::min_element(declared_.begin(), declared_.end(),
                         [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
    changed_.insert(oldest->first);
    declared_.erase(oldest);
  }
}

bool Environments::Expire(absl::Time now, absl::Duration expiry, const Producers& producers) {
  const size_t expired = std::erase_if(declared_, [&](const auto& entry) {
    if (now - entry.second.at <= expiry || producers.Knows(entry.first)) return false;
    changed_.insert(entry.first);
    return true;
  });
  return expired > 0;
}

void Environments::TakeOver(Environments* from) {
  declared_.clear();
  changed_ = std::move(from->changed_);
  for (auto& [producer, declared] : from->declared_) {
    auto content = ContentOf(declared.content->environment);
    declared_[producer] = {declared.epoch, std::move(declared.source), declared.at,
                           std::move(content)};
  }
  from->declared_.clear();
}

std::vector<checks::EnvironmentSummary> Environments::Summaries() const {
  std::map<absl::string_view, checks::EnvironmentSummary> by_source;
  for (const auto& [producer, declared] : declared_) {
    checks::EnvironmentSummary& summary = by_source[declared.source];
    summary.source = declared.source;
    ++summary.producers;
    const Differences& differences = declared.content->comparison.differences;
    if (differences.empty()) continue;
    if (summary.differing++ < checks::Senders::kMost) summary.differing_names.push_back(producer);
    if (summary.differences != nullptr && !Heavier(differences, *summary.differences)) continue;
    summary.differences = &differences;
    summary.producer = producer;
  }
  std::vector<checks::EnvironmentSummary> summaries;
  for (auto& [source, summary] : by_source) summaries.push_back(std::move(summary));
  return summaries;
}

std::vector<ProducerEnvironment> Environments::Differing() const {
  std::vector<ProducerEnvironment> differing;
  for (const auto& [producer, declared] : declared_) {
    if (declared.content->comparison.differences.empty()) continue;
    differing.push_back({producer, declared.epoch, declared.source, declared.content->comparison});
  }
  std::stable_sort(differing.begin(), differing.end(), [](const auto& a, const auto& b) {
    return Heavier(a.comparison.differences, b.comparison.differences);
  });
  return differing;
}

std::vector<std::string> Environments::SourcesOf(const std::vector<std::string>& producers) const {
  std::set<std::string> sources;
  for (const std::string& producer : producers) {
    const auto declared = declared_.find(producer);
    if (declared != declared_.end()) sources.insert(declared->second.source);
  }
  sources.erase("");
  return {sources.begin(), sources.end()};
}

size_t Environments::differing() const {
  return static_cast<size_t>(std::count_if(
      declared_.begin(), declared_.end(),
      [](const auto& entry) { return !entry.second.content->comparison.differences.empty(); }));
}

void Environments::Commit(const ModelKey& key, storage::Store::Batch* batch) {
  for (const std::string& producer : changed_) {
    const auto found = declared_.find(producer);
    if (found == declared_.end()) {
      batch->DeleteEnvironment(key.model, key.version, producer);
      continue;
    }
    storage::v1::ProducerEnvironmentRecord record;
    record.set_epoch(found->second.epoch);
    record.set_source(found->second.source);
    record.set_declared_micros(absl::ToUnixMicros(found->second.at));
    *record.mutable_environment() = storage::ToRecord(found->second.content->environment);
    batch->PutEnvironment(key.model, key.version, producer, record);
  }
  changed_.clear();
}

absl::Status Environments::Restore(const ModelKey& key, const storage::Store& store) {
  const auto stored = store.ListEnvironments(key.model, key.version);
  if (!stored.ok()) return stored.status();
  for (const storage::StoredEnvironment& one : *stored) {
    auto environment = storage::FromRecord(one.record.environment());
    if (!environment.ok()) {
      return absl::DataLossError(absl::StrCat(key.InWords(), ", producer \"", one.producer,
                                              "\": ", environment.status().message()));
    }
    declared_[one.producer] = {one.record.epoch(), one.record.source(),
                               absl::FromUnixMicros(one.record.declared_micros()),
                               ContentOf(*std::move(environment))};
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
