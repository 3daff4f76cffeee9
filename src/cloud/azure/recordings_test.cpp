// What the real Key Vault answered, as far as tests/vectors/azure keeps it: status and members of
// the answers. Their values are ours.

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cloud/azure/key_vault.hpp"
#include "support/azure_bench.hpp"

namespace edsm::cloud::azure {
namespace {

using base::string_at;
using boost::json::value;

/// A recorded answer with values in it. Identifiers are those of `name`; in a list of versions each
/// has its own version.
class Filler {
 public:
  Filler(std::string name, bool versions) : name_(std::move(name)), versions_(versions) {}

  std::string fill(const value& keys, std::string_view key = "") {
    if (const auto* const object = keys.if_object()) return fill_object(*object);
    if (const auto* const array = keys.if_array()) return fill_array(*array);
    if (const auto* const text = keys.if_string()) return quoted({text->data(), text->size()});
    if (key == "id") return quoted(id());
    if (key == "nextLink")
      return quoted("https://shop-kv.vault.azure.net:443/secrets?api-version=7.4&$skiptoken=eyJ");
    const bool text = key == "value" || key == "message" || key == "contentType" || key == "kid" ||
                      key == "recoveryLevel";
    if (text) return quoted("a " + std::string(key));
    return key == "enabled" || key == "managed" ? "true" : "1649783000";
  }

 private:
  static std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }
  std::string id() {
    std::string id = "https://shop-kv.vault.azure.net/secrets/" + name_;
    if (versions_) id += fmt::format("/{:032x}", ++count_);
    return id;
  }
  std::string fill_object(const boost::json::object& object) {
    std::string all;
    for (const auto& member : object) {
      const std::string_view key(member.key().data(), member.key().size());
      all += fmt::format("{}\"{}\":{}", all.empty() ? "" : ",", key, fill(member.value(), key));
    }
    return "{" + all + "}";
  }
  std::string fill_array(const boost::json::array& array) {
    std::string all;
    for (const auto& item : array) all.append(all.empty() ? "" : ",").append(fill(item));
    return "[" + all + "]";
  }

  std::string name_;
  bool versions_;
  int count_ = 0;
};

class VaultRecordings : public testing::Test, protected test::Bench {
 protected:
  void SetUp() override {
    const std::ifstream file("tests/vectors/azure/recorded.json");
    std::stringstream text;
    text << file.rdbuf();
    auto parsed = base::JsonDocument::parse(text.str());
    ASSERT_TRUE(parsed);
    document.emplace(std::move(*parsed));
  }
  /// Plays every recorded answer to that path's kind; how many there were.
  template <class Play>
  int play(std::string_view kind, Play play) {
    int count = 0;
    for (const auto& [name, steps] : base::find(document->root(), "key_vault")->as_object()) {
      for (const auto& step : steps.as_array()) {
        if (string_at(step, "method") != "GET" || kind_of(string_at(step, "path")) != kind)
          continue;
        ++count;
        play(step);
      }
    }
    return count;
  }
  static std::string_view kind_of(std::string_view path) {
    if (path == "/secrets") return "list";
    if (!path.starts_with("/secrets/")) return "other";
    return path.ends_with("/versions") ? "versions" : "secret";
  }
  static std::string name_in(const value& step) {
    const auto path = string_at(step, "path").substr(std::string_view("/secrets/").size());
    return std::string(path.substr(0, path.find('/')));
  }
  void answer(const value& step, const std::string& name, bool versions) {
    http.reply(static_cast<int>(base::int_at(step, "status").value()),
               Filler(name, versions).fill(*base::find(step, "keys")));
  }

  std::optional<base::JsonDocument> document;
  std::unique_ptr<KeyVault> calls_ = vault();
};

TEST_F(VaultRecordings, ValuesAndTheirAbsence) {
  int found = 0;
  const int played = play("secret", [&](const value& step) {
    const auto name = name_in(step);
    answer(step, name, true);
    const auto reading = support::run(calls_->get(parse_short_name(name).value()));
    if (base::int_at(step, "status") != 200) {
      ASSERT_FALSE(reading);
      EXPECT_EQ(reading.error().failure, base::Failure::absent);
      EXPECT_EQ(reading.error().code, "SecretNotFound");
      return;
    }
    ASSERT_TRUE(reading) << reading.error().text;
    ++found;
    EXPECT_EQ(reading->value.bytes.view(), "a value");
    EXPECT_EQ(reading->attributes.updated, 1649783000);
  });
  EXPECT_EQ(found, 2);
  EXPECT_EQ(played, 3);
}

TEST_F(VaultRecordings, VersionsOfASecret) {
  const int played = play("versions", [&](const value& step) {
    answer(step, name_in(step), true);
    const auto page = support::run(calls_->versions(parse_short_name(name_in(step)).value(), ""));
    ASSERT_TRUE(page) << page.error().text;
    EXPECT_EQ(page->items.size(), base::array_at(step, "keys.value")->size());
    EXPECT_TRUE(std::ranges::none_of(page->items,
                                     [](const Listed& each) { return each.name.version.empty(); }));
  });
  EXPECT_EQ(played, 1);
}

TEST_F(VaultRecordings, SecretsOfAVault) {
  const int played = play("list", [&](const value& step) {
    answer(step, "listed", false);
    const auto page = support::run(calls_->secrets(""));
    ASSERT_TRUE(page) << page.error().text;
    EXPECT_EQ(page->items.size(), base::array_at(step, "keys.value")->size());
    EXPECT_EQ(page->items.front().name.secret, "listed");
    EXPECT_EQ(page->next, "/secrets?api-version=7.4&$skiptoken=eyJ");
  });
  EXPECT_EQ(played, 1);
}

}  // namespace
}  // namespace edsm::cloud::azure
