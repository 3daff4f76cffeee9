#include "sync/fetcher.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace edsm::sync {
namespace {

/// In the list of those who wait, also when the wait is cancelled.
class Idle {
 public:
  Idle(std::deque<base::Notify*>& all, base::Notify& wake) : all_(all), wake_(&wake) {
    all_.push_back(wake_);
  }
  ~Idle() { std::erase(all_, wake_); }
  Idle(const Idle&) = delete;
  Idle& operator=(const Idle&) = delete;

 private:
  std::deque<base::Notify*>& all_;
  base::Notify* wake_;
};

}  // namespace

base::Task<base::Result<Fetcher::Shared>> Fetcher::fetch(cloud::Provider& provider,
                                                         cloud::Source source, std::uint64_t since,
                                                         std::string consumer) {
  auto& newest = reads_[source.id];
  const bool too_old = newest && newest->sent != 0 && newest->sent < since;
  if (!newest || too_old) {
    newest = std::make_shared<Read>();
    newest->provider = &provider;
    newest->source = std::move(source);
    pending_.push_back(newest);
    if (!idle_.empty()) idle_.front()->notify();
  }
  const ReadPtr read = newest;
  read->expected.insert(std::move(consumer));
  co_await read->done.wait();
  co_return read->result;
}

void Fetcher::finished(const std::string& source_id, const std::string& consumer) {
  const auto at = reads_.find(source_id);
  if (at == reads_.end()) return;
  at->second->expected.erase(consumer);
  if (at->second->done.is_open() && at->second->expected.empty()) reads_.erase(at);
}

std::vector<Fetcher::ReadPtr> Fetcher::take_batch() {
  std::vector<ReadPtr> batch;
  if (pending_.empty()) return batch;
  const auto& first = pending_.front();
  const std::string scope = first->source.scope;
  const std::size_t limit = first->provider->batch_limit();
  for (auto at = pending_.begin(); at != pending_.end() && batch.size() < limit;) {
    if ((*at)->source.scope != scope) {
      ++at;
      continue;
    }
    batch.push_back(std::move(*at));
    at = pending_.erase(at);
  }
  return batch;
}

base::Task<void> Fetcher::run() {
  base::Notify wake;
  for (;;) {
    if (pending_.empty()) {
      const Idle idle(idle_, wake);
      co_await wake.wait();
    }
    // Everybody who is ready to ask does so first, so that one batch takes them all.
    co_await boost::asio::post(boost::asio::use_awaitable);
    auto batch = take_batch();
    if (batch.empty()) continue;
    if (!pending_.empty() && !idle_.empty()) idle_.front()->notify();
    co_await send(std::move(batch));
  }
}

base::Task<void> Fetcher::send(std::vector<ReadPtr> batch) {
  std::vector<cloud::Source> sources;
  for (const auto& read : batch) {
    read->sent = tick();
    for (auto& consumer : expect_(read->source.id)) read->expected.insert(std::move(consumer));
    sources.push_back(read->source);
  }
  const auto start = clock_.now();
  auto& provider = *batch.front()->provider;
  auto values = co_await provider.fetch(std::move(sources));
  metrics_.step(telemetry::Step::fetch, clock_.now() - start);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto& read = *batch[i];
    if (values[i]) {
      read.result = std::make_shared<const cloud::Value>(std::move(*values[i]));
    } else {
      read.result = std::unexpected(std::move(values[i].error()));
    }
    read.done.open();
    // A read whose consumers all went away meanwhile is not kept.
    const auto at = reads_.find(read.source.id);
    if (at != reads_.end() && at->second == batch[i] && read.expected.empty()) reads_.erase(at);
  }
}

}  // namespace edsm::sync
