#ifndef PLUMBLINE_SERVER_ENGINE_SOURCES_H_
#define PLUMBLINE_SERVER_ENGINE_SOURCES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/engine/listening_time.h"
#include "server/engine/quotas.h"

namespace plumbline::engine {

/// How far each source of a model has come in event time. The watermark is the minimum over the
/// sources that are alive of the newest accepted event time, less the lateness: one fast clock does
/// not make the others late. A source is alive while it has been heard of; one that sends no event
/// times lives by the server's clock. The watermark never goes back. Bounded: further
/// sources share one entry. Not thread-safe.
class Sources {
 public:
  explicit Sources(size_t max_sources = Quotas().max_sources_per_model)
      : max_sources_(max_sources) {}

  /// Rows of `source` arrived. `newest_event_micros` absent: they live by arrival.
  void See(absl::string_view source, std::optional<int64_t> newest_event_micros, uint64_t rows,
           const Moment& now);

  /// The watermark; nullopt until there is one.
  std::optional<int64_t> Advance(const Moment& now, absl::Duration lateness,
                                 absl::Duration idle_timeout);
  std::optional<int64_t> watermark() const { return watermark_; }
  size_t size() const { return sources_.size(); }
  /// Rows of those that share one entry.
  uint64_t rows_of_further() const;

  void ToRecord(storage::v1::ModelStateRecord* record) const;
  void FromRecord(const storage::v1::ModelStateRecord& record);

 private:
  struct Source {
    int64_t newest_event_micros = 0;
    absl::Time last_arrival;  // listening time
    bool uses_arrival_time = false;
    uint64_t rows = 0;
  };

  const size_t max_sources_;
  std::map<std::string, Source, std::less<>> sources_;
  std::optional<int64_t> watermark_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SOURCES_H_
