#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/notify.hpp"
#include "cloud/provider.hpp"

namespace edsm::support {

/// A cloud whose secrets the test writes. Path "p" in region "r" (option "region") is the source
/// "<name>/r/p" of scope "<name>/r"; its only match key is its id. With a role (option "roleARN")
/// the scope is "<name>/r/[<role> for <binding>]", and the match key that without the role. An
/// empty path does not resolve.
class FakeProvider final : public cloud::Provider {
 public:
  explicit FakeProvider(std::string name = "aws") : name_(std::move(name)) {}

  void set(const std::string& path, std::string version, std::string bytes) {
    secrets_[path] = Secret{std::move(version), std::move(bytes), std::nullopt};
  }
  void fail(const std::string& path, base::Failure failure, std::string code = "Scripted") {
    secrets_[path].error =
        base::Error{failure, std::move(code), "scripted failure of " + path, std::nullopt};
  }
  /// Ends the failure.
  void heal(const std::string& path) { secrets_[path].error.reset(); }

  std::string_view name() const override { return name_; }
  base::Result<cloud::Source> resolve(const cloud::SecretQuery& query) const override {
    if (query.path.empty())
      return base::fail(base::Failure::invalid, "MissingPath", "spec.secretPath is empty");
    const auto region = query.options.find("region");
    const auto role = query.options.find("roleARN");
    std::string scope = name_ + "/" + (region == query.options.end() ? "r" : region->second);
    if (role != query.options.end())
      scope += "/[" + role->second + " for " + query.binding.str() + "]";
    return cloud::Source{scope + "/" + query.path, scope};
  }
  std::vector<std::string> match_keys(const cloud::Source& source) const override {
    return {name_ + "/" + region(source) + "/" + std::string(source.path())};
  }
  cloud::Place place(const cloud::Source& source) const override {
    return {region(source), "", {std::string(source.path())}};
  }
  std::string_view identity(const cloud::Source& source) const override {
    const auto scope = source.scope.view();
    const auto at = scope.find("/[");
    if (at == std::string_view::npos) return {};
    return scope.substr(at + 2, scope.find(" for ") - at - 2);
  }
  std::size_t batch_limit() const override { return limit; }

  base::Task<std::vector<base::Result<cloud::Value>>> fetch(
      std::vector<cloud::Source> sources) override {
    auto& batch = batches.emplace_back();
    for (const auto& source : sources) batch.emplace_back(source.path());
    std::vector<base::Result<cloud::Value>> values;
    for (const auto& source : sources) values.push_back(read(std::string(source.path())));
    if (on_fetch) std::exchange(on_fetch, nullptr)();
    if (hold != nullptr) co_await hold->wait();
    co_return values;
  }
  base::Task<std::vector<base::Result<std::string>>> versions(
      std::vector<cloud::Source> sources) override {
    ++version_calls;
    std::vector<base::Result<std::string>> found;
    for (const auto& source : sources) {
      auto value = read(std::string(source.path()));
      if (value) {
        found.emplace_back(value->version);
      } else {
        found.emplace_back(std::unexpected(value.error()));
      }
    }
    co_return found;
  }

  std::vector<std::vector<std::string>> batches;  ///< the paths of each call to `fetch`
  int version_calls = 0;
  std::size_t limit = 20;
  base::Gate* hold = nullptr;      ///< answers (read already) wait for it
  std::function<void()> on_fetch;  ///< once, after the values were read

 private:
  std::string region(const cloud::Source& source) const {
    const auto scope = source.scope.str().substr(name_.size() + 1);
    return scope.substr(0, scope.find('/'));
  }

  struct Secret {
    std::string version;
    std::string bytes;
    std::optional<base::Error> error;
  };

  base::Result<cloud::Value> read(const std::string& path) const {
    const auto found = secrets_.find(path);
    if (found == secrets_.end())
      return base::fail(base::Failure::absent, "ResourceNotFoundException", "no " + path);
    if (found->second.error) return std::unexpected(*found->second.error);
    cloud::Value value;
    value.version = found->second.version;
    value.bytes.append(found->second.bytes);
    return value;
  }

  std::string name_;
  std::map<std::string, Secret> secrets_;
};

/// A queue whose messages the test writes. A receive without one waits until `push`.
class FakeInbox final : public cloud::Inbox {
 public:
  explicit FakeInbox(std::string name = "fake/queue") : name_(std::move(name)) {}
  using Batch = base::Result<std::vector<cloud::Message>>;

  static cloud::Message message(
      std::string ticket, std::variant<cloud::Hint, cloud::Irrelevant, cloud::Malformed> content,
      int receive_count = 1) {
    cloud::Message made;
    made.id = "id-" + ticket;
    made.ticket = std::move(ticket);
    made.receive_count = receive_count;
    made.content = std::move(content);
    return made;
  }

  void push(Batch batch) {
    batches_.push_back(std::move(batch));
    wake_.notify();
  }
  void push(cloud::Message message) {
    std::vector<cloud::Message> one;
    one.push_back(std::move(message));
    push(Batch(std::move(one)));
  }
  /// An event about one source.
  void hint(std::string ticket, std::string source, std::string version = {},
            int receive_count = 1) {
    push(message(std::move(ticket),
                 cloud::Hint{{std::move(source)}, std::move(version), "PutSecretValue"},
                 receive_count));
  }

  std::string_view name() const override { return name_; }
  base::Duration stuck_after() const override { return patience.value_or(Inbox::stuck_after()); }
  base::Task<base::Result<cloud::InboxFacts>> describe() override {
    ++describes;
    if (silence != nullptr) co_await silence->wait();
    if (describe_errors.empty()) co_return facts;
    auto error = std::move(describe_errors.front());
    describe_errors.pop_front();
    co_return std::unexpected(std::move(error));
  }
  base::Task<Batch> receive() override {
    ++receives;
    while (batches_.empty()) co_await wake_.wait();
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    co_return batch;
  }
  base::Task<std::vector<base::Result<>>> acknowledge(std::vector<std::string> tickets) override {
    ++acknowledgements;
    if (silence != nullptr) co_await silence->wait();
    for (const auto& ticket : tickets) acknowledged.push_back(ticket);
    std::vector<base::Result<>> results(tickets.size());
    co_return results;
  }
  base::Task<std::vector<base::Result<>>> hold(std::vector<std::string> tickets,
                                               base::Duration time) override {
    if (silence != nullptr) co_await silence->wait();
    for (const auto& ticket : tickets) held.emplace_back(ticket, time);
    std::vector<base::Result<>> results(tickets.size());
    co_return results;
  }

  cloud::InboxFacts facts;
  std::optional<base::Duration> patience;
  base::Gate* silence = nullptr;  ///< all but `receive` wait for it
  std::deque<base::Error> describe_errors;
  int describes = 0;
  int receives = 0;
  int acknowledgements = 0;  ///< calls
  std::vector<std::string> acknowledged;
  std::vector<std::pair<std::string, base::Duration>> held;

 private:
  std::string name_;
  std::deque<Batch> batches_;
  base::Notify wake_;
};

}  // namespace edsm::support
