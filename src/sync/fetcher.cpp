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
    expect(*newest);
    auto& counter = counters_[&provider];
    counter.pending.add(newest->source.scope.str(), provider.batch_limit(), newest, clock_.now());
    counter.wake_one();
  }
  const ReadPtr read = newest;
  read->expected.erase(consumer);
  read->asked.insert(std::move(consumer));
  co_await read->done.wait();
  co_return read->result;
}

void Fetcher::finished(const base::Text& source_id, const std::string& consumer) {
  const auto at = reads_.find(source_id);
  if (at == reads_.end()) return;
  auto& read = *at->second;
  read.asked.erase(consumer);
  read.expected.erase(consumer);
  if (read.done.is_open() && !read.wanted()) reads_.erase(at);
}

void Fetcher::expect(Read& read) const {
  for (auto& consumer : expect_(read.source.id)) {
    if (!read.asked.contains(consumer)) read.expected.insert(std::move(consumer));
  }
}

std::size_t Fetcher::soon_for_others(const cloud::Provider& provider) const {
  std::size_t same = 0;
  for (const auto& [id, read] : reads_) {
    if (read->provider == &provider) same += read->expected.size();
  }
  const auto soon = soon_(provider);
  return soon > same ? soon - same : 0;
}

base::Task<void> Fetcher::run(const cloud::Provider& provider) {
  auto& counter = counters_[&provider];
  base::Notify wake;
  for (;;) {
    // Everybody who is ready to ask does so first, so that one batch takes them all.
    co_await boost::asio::post(boost::asio::use_awaitable);
    const auto soon = soon_for_others(provider);
    auto batch = counter.pending.take(clock_.now(), soon);
    const auto due = counter.pending.due(soon);
    if (!batch.empty()) {
      if (due && *due <= clock_.now()) counter.wake_one();
      co_await send(counter, std::move(batch));
      continue;
    }
    const Idle idle(counter.idle, wake);
    if (due) {
      // A crowd may be gone sooner than it seemed.
      const auto look = clock_.now() + ReadQueue<ReadPtr>::kPatience;
      co_await wake.wait_until(clock_, std::min(*due, look));
    } else {
      co_await wake.wait();
    }
  }
}

/// A read may wait for its turn: what is wanted by nobody any more is not sent, and forgotten, so
/// that whoever comes later does not find it.
bool Fetcher::withdrawn(const ReadPtr& read) {
  if (read->asked.empty() || std::ranges::any_of(read->asked, permit_)) return false;
  const auto at = reads_.find(read->source.id);
  if (at != reads_.end() && at->second == read) reads_.erase(at);
  read->result = base::fail(base::Failure::refused, std::string(kWithdrawn),
                            "reading " + read->source.id.str() + " is not permitted any more");
  read->done.open();
  return true;
}

base::Task<void> Fetcher::send(Counter& counter, std::vector<ReadPtr> batch) {
  const std::string scope = batch.front()->source.scope.str();
  auto& provider = *batch.front()->provider;
  std::erase_if(batch, [this](const ReadPtr& read) { return withdrawn(read); });
  if (batch.empty()) {
    counter.pending.returned(scope);
    co_return;
  }
  std::vector<cloud::Source> sources;
  for (const auto& read : batch) {
    read->sent = tick();
    expect(*read);
    sources.push_back(read->source);
  }
  const auto start = clock_.now();
  auto values = co_await provider.fetch(std::move(sources));
  counter.pending.returned(scope);
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
    if (at != reads_.end() && at->second == batch[i] && !read.wanted()) reads_.erase(at);
  }
}

}  // namespace edsm::sync
