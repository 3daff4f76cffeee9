#include "cloud/gcp/births.hpp"

#include <gmock/gmock.h>

#include "cloud/provider.hpp"

namespace edsm::cloud::gcp {
namespace {

constexpr std::string_view morning = "2026-11-29T10:00:00.123456Z";
constexpr std::string_view evening = "2026-11-29T18:00:00Z";

SecretName name(std::string_view project, std::string_view secret, std::string_view version) {
  SecretName made;
  made.project = project;
  made.secret = secret;
  made.version = version;
  return made;
}

TEST(Births, CallVersionsByNumberAndCreation) {
  const Projects projects;
  Births births(projects);
  births.learn(name("12", "db", "3"), morning);
  const auto known = births.of(name("12", "db", ""));
  EXPECT_EQ(version_text("3", known), "3@2026-11-29T10:00:00.123456Z");
  EXPECT_EQ(version_text("4", known), "4") << "nothing is known of it";
  EXPECT_EQ(version_text("3", "2026-11-29T11:00:00.123456+01:00"), version_text("3", known));
  EXPECT_EQ(version_text("3", ""), "3");
  EXPECT_TRUE(births.of(name("12", "other", "")).empty());
}

TEST(Births, OlderNewsChangeNothing) {
  const Projects projects;
  Births births(projects);
  births.learn(name("12", "db", "1"), evening);
  births.learn(name("12", "db", "1"), morning);
  births.learn(name("12", "db", "1"), "no time");
  births.learn(name("12", "db", "latest"), evening);
  const auto known = births.of(name("12", "db", ""));
  EXPECT_EQ(known.size(), 1U);
  EXPECT_EQ(version_text("1", known), "1@2026-11-29T18:00:00.000000Z");
}

TEST(Births, AProjectsNumberAndItsIdAreOneProject) {
  Projects projects;
  Births births(projects);
  births.learn(name("12", "db", "1"), morning);
  EXPECT_TRUE(births.of(name("shop", "db", "")).empty());
  projects.learn("shop", "12");
  EXPECT_FALSE(births.of(name("shop", "db", "")).empty());
}

TEST(Births, WhatIsForgottenIsNotKnown) {
  const Projects projects;
  Births births(projects);
  births.learn(name("12", "db", "1"), morning);
  births.forget(name("12", "db", ""));
  births.forget(name("12", "other", ""));
  EXPECT_TRUE(births.of(name("12", "db", "")).empty());
  births.learn(name("12", "db", "1"), morning);
  EXPECT_FALSE(births.of(name("12", "db", "")).empty());
}

TEST(Versions, AnIdAloneMayBeAnyOfItsVersions) {
  EXPECT_TRUE(may_be("1@monday", "1@monday"));
  EXPECT_TRUE(may_be("1", "1@monday")) << "who tells does not know more";
  EXPECT_FALSE(may_be("1@friday", "1@monday"));
  EXPECT_FALSE(may_be("1@friday", "1")) << "who recorded it did not know which";
  EXPECT_FALSE(may_be("1", "10@monday"));
  EXPECT_FALSE(may_be("1", "2"));
}

TEST(Births, AreBounded) {
  const Projects projects;
  Births births(projects);
  for (std::size_t i = 0; i < Births::limit + 10; ++i) {
    births.learn(name("12", "s" + std::to_string(i), "1"), morning);
    births.forget(name("12", "s" + std::to_string(i), ""));
    births.learn(name("12", "s" + std::to_string(i), "1"), morning);
  }
  EXPECT_EQ(births.size(), Births::limit);
  EXPECT_TRUE(births.of(name("12", "s0", "")).empty());
  for (int i = 1; i <= 20; ++i) {
    births.learn(name("12", "last", std::to_string(i)),
                 "2026-11-29T10:00:" + std::to_string(9 + i) + "Z");
  }
  const auto known = births.of(name("12", "last", ""));
  EXPECT_EQ(known.size(), Births::versions_limit);
  EXPECT_TRUE(known.contains("20"));
  births.learn(name("12", "last", "1"), morning);
  EXPECT_TRUE(births.of(name("12", "last", "")).contains("1")) << "somebody wants the oldest";
}

}  // namespace
}  // namespace edsm::cloud::gcp
