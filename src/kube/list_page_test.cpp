#include "kube/list_page.hpp"

#include <gtest/gtest.h>

namespace edsm::kube {
namespace {

TEST(ListPage, TheTokenIsFoundWhereverTheServerWritesIt) {
  struct Case {
    std::string_view what;
    std::string_view body;
    std::string_view token;
  };
  const Case cases[] = {
      {"a kind of the server's own",
       R"({"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"eyJ2",)"
       R"("remainingItemCount":2},"items":[{"metadata":{"name":"a"}}]})",
       "eyJ2"},
      {"a custom resource",
       R"({"apiVersion":"e/v1","items":[{"metadata":{"name":"a"}}],"kind":"EList",)"
       R"("metadata":{"continue":"eyJ2","remainingItemCount":2,"resourceVersion":"7"}})",
       "eyJ2"},
      {"the last page", R"({"kind":"L","metadata":{"resourceVersion":"7"},"items":[{}]})", ""},
      {"an empty token", R"({"metadata":{"continue":""},"items":[{}]})", ""},
      {"an item with such an annotation, in the last page",
       R"({"items":[{"metadata":{"annotations":{"continue":"x"}}}],"metadata":{}})", ""},
      {"an item with such a text",
       R"({"metadata":{},"items":[{"metadata":{"annotations":{"a":"],\"continue\":\"x\""}}}]})",
       ""},
      {"no items", R"({"metadata":{"continue":"t"},"items":null})", ""},
      {"no list", R"({"kind":"Status"})", ""},
      {"cut off", R"({"metadata":{"continue":"t)", ""},
      {"nothing", "", ""},
  };
  for (const auto& [what, body, token] : cases) EXPECT_EQ(next_page_token(body), token) << what;
}

}  // namespace
}  // namespace edsm::kube
