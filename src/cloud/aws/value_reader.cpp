#include "cloud/aws/value_reader.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/parallel.hpp"
#include "cloud/aws/match.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

constexpr std::size_t parallel_reads = 8;
/// How long a refusal of batches is believed: permissions are given without a restart.
constexpr base::Duration refusal_time = std::chrono::hours(1);

Value copy_of(const Value& value) {
  return {value.version, value.form, value.bytes.clone()};
}

base::Result<Value> copy_of(const base::Result<Value>& value) {
  if (!value) return std::unexpected(value.error());
  return copy_of(*value);
}

/// The whole call is hopeless, whichever secrets it asks for.
bool concerns_all(const base::Error& error) {
  return error.failure == Failure::transient || error.failure == Failure::throttled ||
         error.failure == Failure::credentials;
}

bool unsupported(const base::Error& error) {
  return error.code.starts_with("UnknownOperation") ||
         error.code.starts_with("UnsupportedOperation") || error.code.starts_with("InvalidAction");
}

}  // namespace

struct ValueReader::Reading {
  std::vector<std::string> ids;
  std::vector<std::optional<base::Result<Value>>> results;

  std::vector<std::size_t> open() const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!results[i]) indices.push_back(i);
    }
    return indices;
  }
  /// True if the answer settled at least one.
  bool take(const BatchAnswer& answer) {
    bool progress = false;
    for (const std::size_t i : open()) {
      if (const auto error = answer.errors.find(ids[i]); error != answer.errors.end()) {
        results[i] = std::unexpected(error->second);
      }
      // Two ids may mean the same secret, by its name and by its ARN.
      for (const auto& value : answer.values) {
        if (means(ids[i], value.arn, value.name)) results[i] = copy_of(value.value);
      }
      progress = progress || results[i].has_value();
    }
    return progress;
  }
};

base::Task<std::vector<base::Result<Value>>> ValueReader::read(std::vector<std::string> ids) {
  Reading reading;
  reading.results.resize(ids.size());
  reading.ids = std::move(ids);
  if (reading.ids.size() > 1 && clock_.now() >= batches_from_) co_await by_batch(reading);
  co_await one_by_one(reading);
  std::vector<base::Result<Value>> values;
  values.reserve(reading.ids.size());
  for (auto& result : reading.results) values.push_back(std::move(*result));
  co_return values;
}

base::Task<void> ValueReader::by_batch(Reading& reading) {
  for (;;) {
    std::set<std::string> asked;
    for (const std::size_t i : reading.open()) {
      if (asked.size() < SecretsManager::batch_limit) asked.insert(reading.ids[i]);
    }
    // A single one left is cheaper to read alone.
    if (asked.size() < 2) co_return;
    std::vector<std::string> ids(asked.begin(), asked.end());
    const auto answer = co_await secrets_.get_values(std::move(ids));
    if (!answer && concerns_all(answer.error())) {
      for (const std::size_t i : reading.open())
        reading.results[i] = std::unexpected(answer.error());
      co_return;
    }
    if (!answer) {
      // One secret that the service dislikes must not keep the others from being read, so anything
      // else is tried one by one; only a refusal of the operation itself is remembered.
      const bool refused =
          answer.error().failure == Failure::refused || unsupported(answer.error());
      if (!refused) co_return;
      batches_from_ = clock_.now() + refusal_time;
      if (!said_so_) {
        log_.warn(
            "BatchGetSecretValue is refused; reading secrets one by one. Grant "
            "secretsmanager:BatchGetSecretValue on * for fewer calls",
            {{"code", answer.error().code}});
      }
      said_so_ = true;
      co_return;
    }
    // What is missing did not fit into the answer. Without progress, asking again would not end.
    if (!reading.take(*answer)) co_return;
  }
}

base::Task<void> ValueReader::one_by_one(Reading& reading) {
  // Errors of a batch that could mean "scheduled for deletion" are looked at alone, too.
  for (auto& result : reading.results) {
    if (result && !*result && result->error().code.starts_with("InvalidRequest")) result.reset();
  }
  const auto open = reading.open();
  const std::function<base::Task<void>(std::size_t)> read_one = [&](std::size_t i) {
    return one(reading, open[i]);
  };
  co_await base::parallel(open.size(), parallel_reads, read_one);
}

base::Task<void> ValueReader::one(Reading& reading, std::size_t index) {
  std::string id = reading.ids[index];
  auto value = co_await secrets_.get_value(std::move(id));
  if (!value && value.error().code.starts_with("InvalidRequest")) {
    std::string refused = reading.ids[index];
    value = co_await confirm_deletion(std::move(refused), value.error());
  }
  reading.results[index] = std::move(value);
}

/// The service says InvalidRequestException both of a secret that waits for its deletion and of
/// other states. Only the former counts as absent.
base::Task<base::Result<Value>> ValueReader::confirm_deletion(std::string id, base::Error error) {
  std::string asked = id;
  const auto facts = co_await secrets_.describe(std::move(asked));
  if (facts && facts->deleted) {
    co_return base::fail(Failure::absent, "ScheduledForDeletion",
                         "the secret " + id +
                             " is scheduled for deletion; restore it with "
                             "secretsmanager:RestoreSecret, or delete the binding");
  }
  error.text += "; it may be scheduled for deletion";
  if (!facts) error.text += " (grant secretsmanager:DescribeSecret to tell)";
  co_return std::unexpected(std::move(error));
}

}  // namespace edsm::cloud::aws
