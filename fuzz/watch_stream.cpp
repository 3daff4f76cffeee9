// What the API server sends to a list and watch: the first line is the list, the rest the stream,
// cut into chunks whose sizes the first byte chooses.
#include <algorithm>

#include "base/json.hpp"
#include "kube/line_splitter.hpp"
#include "kube/reflector.hpp"
#include "kube/test_support.hpp"
#include "sync/binding.hpp"
#include "sync/target.hpp"
#include "sync/workload.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

/// Decodes whatever comes as everything that it could be.
class Decoder final : public kube::Listener {
 public:
  void list_begins() override { listing_ = true; }
  void list_ends(std::string_view /*version*/) override {
    must(listing_, "a list that ends has begun");
    listing_ = false;
  }
  void applied(const boost::json::value& object) override { decode(object); }
  void removed(const boost::json::value& object) override {
    must(!listing_, "a list only adds");
    decode(object);
  }

 private:
  static void decode(const boost::json::value& object) {
    sync::decode_binding(object);
    sync::decode_target(object);
    sync::decode_workload(object, kube::kDeployments);
  }
  bool listing_ = false;
};

std::vector<std::string> chunks_of(std::string_view text, std::size_t size) {
  std::vector<std::string> chunks;
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
    chunks.emplace_back(text.substr(0, size));
  return chunks;
}

void reflect(std::string_view list, std::vector<std::string> chunks) {
  kube::test::Bench bench;
  bench.http.reply_with(kube::test::answer(200, std::string(list)));
  bench.http.reply_with(&kube::test::Bench::stop);
  bench.watches.stream(200, std::move(chunks));
  kube::Selection selection;
  selection.resource = kube::kSecrets;
  Decoder decoder;
  kube::Reflector reflector(bench.api, bench.clock, bench.log, bench.metrics, selection, decoder);
  bench.stops(reflector.run());
}

/// Lines are the same however they are cut into chunks, and none is longer than the limit.
void split(std::string_view text, const std::vector<std::string>& chunks) {
  constexpr std::size_t limit = 64;
  std::vector<std::string> wanted;
  bool overflown = false;
  for (Input input(text); !input.empty() && !overflown;) {
    const bool complete = input.rest().contains('\n');
    auto line = input.take_line();
    overflown = line.size() > limit;
    if (overflown || !complete) break;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) wanted.emplace_back(line);
  }
  std::vector<std::string> found;
  kube::LineSplitter lines(limit);
  for (const auto& chunk : chunks) {
    lines.push(chunk);
    while (const auto line = lines.next()) found.emplace_back(*line);
  }
  must(found == wanted, "lines do not depend on chunks");
  must(lines.overflown() == overflown, "a line that is too long is noticed");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const std::size_t size = 1 + input.take_byte();
  split(input.rest(), chunks_of(input.rest(), size));
  const auto list = input.take_line();
  reflect(list, chunks_of(input.rest(), size));
}

}  // namespace edsm::fuzz
