#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"

namespace edsm::support {

/// An Http whose answers are written down beforehand. Requests are kept in order; one without an
/// answer left fails with code "Unscripted".
class ScriptedHttp final : public net::Http {
 public:
  struct Seen {
    net::Method method;
    std::string url;
    net::Headers headers;
    std::string body;
    base::Duration timeout;
    bool confidential;
  };
  using Answer = std::function<base::Result<net::Response>(const Seen&)>;

  ScriptedHttp& reply(int status, std::string_view body = {}, net::Headers headers = {}) {
    answers_.push_back([status, text = std::string(body),
                        headers = std::move(headers)](const Seen&) -> base::Result<net::Response> {
      net::Response response;
      response.status = status;
      response.headers = headers;
      response.body.append(text);
      return response;
    });
    return *this;
  }
  ScriptedHttp& reply_error(base::Failure failure, std::string code) {
    answers_.push_back([=](const Seen&) -> base::Result<net::Response> {
      return base::fail(failure, code, "scripted failure");
    });
    return *this;
  }
  ScriptedHttp& reply_with(Answer answer) {
    answers_.push_back(std::move(answer));
    return *this;
  }
  /// The next `open` streams these pieces, then ends; with `torn`, it fails with ConnectionLost.
  ScriptedHttp& stream(int status, std::vector<std::string> pieces, bool torn = false) {
    streams_.push_back({status, std::move(pieces), torn});
    return *this;
  }

  base::Task<base::Result<net::Response>> send(net::Request request) override {
    seen.push_back(see(request));
    if (answers_.empty()) co_return unscripted(seen.back());
    const Answer answer = std::move(answers_.front());
    answers_.pop_front();
    co_return answer(seen.back());
  }

  base::Task<base::Result<std::unique_ptr<net::Stream>>> open(net::Request request) override {
    seen.push_back(see(request));
    if (streams_.empty()) co_return unscripted(seen.back());
    auto stream = std::make_unique<ScriptedStream>(std::move(streams_.front()));
    streams_.pop_front();
    co_return std::unique_ptr<net::Stream>(std::move(stream));
  }

  bool exhausted() const { return answers_.empty() && streams_.empty(); }

  std::vector<Seen> seen;

 private:
  struct Script {
    int status;
    std::vector<std::string> pieces;
    bool torn;
  };
  class ScriptedStream final : public net::Stream {
   public:
    explicit ScriptedStream(Script script) : script_(std::move(script)) {}
    int status() const override { return script_.status; }
    const net::Headers& headers() const override { return headers_; }
    base::Task<base::Result<base::SecretBytes>> read() override {
      if (at_ < script_.pieces.size()) co_return base::SecretBytes(script_.pieces[at_++]);
      if (script_.torn)
        co_return base::fail(base::Failure::transient, "ConnectionLost", "torn by the script");
      co_return base::SecretBytes();
    }

   private:
    Script script_;
    net::Headers headers_;
    std::size_t at_ = 0;
  };

  static Seen see(const net::Request& request) {
    return {request.method,  request.url,         request.headers, std::string(request.body.view()),
            request.timeout, request.confidential};
  }
  static std::unexpected<base::Error> unscripted(const Seen& request) {
    return base::fail(base::Failure::invalid, "Unscripted", "no answer for " + request.url);
  }

  std::deque<Answer> answers_;
  std::deque<Script> streams_;
};

}  // namespace edsm::support
