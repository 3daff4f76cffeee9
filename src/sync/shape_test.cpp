#include "sync/shape.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using namespace std::string_literals;
using cloud::Form;
using support::show;
using support::value;

constexpr std::string_view kCanary = "canary-51c0ffee";

ShapeSpec selecting(std::vector<KeySelection> data) {
  ShapeSpec spec;
  spec.data = std::move(data);
  return spec;
}

ShapeSpec of_type(std::string type) {
  ShapeSpec spec;
  spec.type = std::move(type);
  return spec;
}

ShapeSpec as(ValueFormat format) {
  ShapeSpec spec;
  spec.format = format;
  return spec;
}

struct Refused {
  std::string_view what;
  std::string bytes;
  Form form;
  ShapeSpec spec;
  std::string_view code;
  std::string_view remedy;  ///< a word that the text must hold
};

TEST(Shape, RefusesAndNeverQuotesTheValue) {
  const std::string canary(kCanary);
  const std::string object = R"({"a":")" + canary + R"(","n":{"b":")" + canary + R"("}})";
  const std::string megabyte(1'048'577, 'x');
  const Refused rows[] = {
      {"broken JSON", R"({"a":")" + canary + R"(",})", Form::text, {}, "NotJSON", "format Text"},
      {"broken JSON behind space", " \n{" + canary, Form::text, {}, "NotJSON", "format Text"},
      {"a template language", "{{ " + canary + " }}", Form::text, {}, "NotJSON", "format Text"},
      {"half a surrogate",
       R"({"a":"\ud83d)" + canary + "\"}",
       Form::text,
       {},
       "NotJSON",
       "correct"},
      {"text, but JSON asked for", canary, Form::text, as(ValueFormat::json), "NotJSON",
       "spec.format is JSON"},
      {"array, but JSON asked for", "[\"" + canary + "\"]", Form::text, as(ValueFormat::json),
       "NotJSON", "object"},
      {"binary, but JSON asked for", object, Form::binary, as(ValueFormat::json), "NotJSON",
       "binary"},
      {"binary, but text asked for", canary, Form::binary, as(ValueFormat::text), "NotText",
       "Binary"},
      {"selection of text", canary, Form::text, selecting({{"k", "a"}}), "NotJSON",
       "spec.data selects"},
      {"selection of binary", object, Form::binary, selecting({{"k", "a"}}), "NotJSON",
       "spec.data selects"},
      {"selection of broken JSON", "{" + canary, Form::text, selecting({{"k", "a"}}), "NotJSON",
       "correct"},
      {"missing property", object, Form::text, selecting({{"k", "zzz"}}), "MissingProperty",
       "\"zzz\""},
      {"missing nested one", object, Form::text, selecting({{"k", "n.zzz"}}), "MissingProperty",
       "\"n.zzz\""},
      {"path through a string", object, Form::text, selecting({{"k", "a.b"}}), "MissingProperty",
       "\"a.b\""},
      {"path with an end dot", object, Form::text, selecting({{"k", "n."}}), "MissingProperty",
       "\"n.\""},
      {"one of two missing", object, Form::text, selecting({{"a", ""}, {"q", ""}}),
       "MissingProperty", "\"q\""},
      {"a name with a space",
       R"({"a ":")" + canary + "\"}",
       Form::text,
       {},
       "InvalidKey",
       "spec.data"},
      {"a name as secret as its value",
       "{\"" + canary + "!\":1}",
       Form::text,
       {},
       "InvalidKey",
       "rename"},
      {"an empty name", R"({"":1})", Form::text, {}, "InvalidKey", "rename"},
      {"a name with a NUL", R"({"a\u0000":1})", Form::text, {}, "InvalidKey", "rename"},
      {"one dot", R"({".":1})", Form::text, {}, "InvalidKey", "rename"},
      {"two dots", R"({"..":1})", Form::text, {}, "InvalidKey", "rename"},
      {"two dots in front", R"({"..a":1})", Form::text, {}, "InvalidKey", "rename"},
      {"254 characters",
       "{\"" + std::string(254, 'k') + "\":1}",
       Form::text,
       {},
       "InvalidKey",
       "253"},
      {"an umlaut", "{\"\xc3\xa4\":1}", Form::text, {}, "InvalidKey", "letters"},
      {"one byte too much", megabyte, Form::text, {}, "TooLarge", "1048577"},
      {"too much in sum",
       R"({"a":")" + std::string(600'000, 'a') + R"(","b":")" + std::string(448'577, 'b') + "\"}",
       Form::text,
       {},
       "TooLarge",
       "1048576"},
      {"TLS without a key", R"({"tls.crt":"x"})", Form::text, of_type("kubernetes.io/tls"),
       "WrongType", "tls.key"},
      {"TLS without a certificate", R"({"tls.key":"x"})", Form::text, of_type("kubernetes.io/tls"),
       "WrongType", "tls.crt"},
      {"raw text as TLS", "PEM", Form::text, of_type("kubernetes.io/tls"), "WrongType", "tls.crt"},
      {"docker config", "{}", Form::text, of_type("kubernetes.io/dockerconfigjson"), "WrongType",
       ".dockerconfigjson"},
      {"old docker config", R"({"a":1})", Form::text, of_type("kubernetes.io/dockercfg"),
       "WrongType", ".dockercfg"},
      {"basic auth", R"({"user":"x"})", Form::text, of_type("kubernetes.io/basic-auth"),
       "WrongType", "username"},
      {"SSH", R"({"key":"x"})", Form::text, of_type("kubernetes.io/ssh-auth"), "WrongType",
       "ssh-privatekey"},
  };
  for (const auto& row : rows) {
    const auto data = shape(value(row.bytes, row.form), row.spec);
    ASSERT_FALSE(data) << row.what;
    EXPECT_EQ(data.error().failure, base::Failure::invalid) << row.what;
    EXPECT_EQ(data.error().code, row.code) << row.what;
    EXPECT_NE(data.error().text.find(row.remedy), std::string::npos)
        << row.what << ": " << data.error().text;
    EXPECT_EQ(base::describe(data.error()).find(kCanary), std::string::npos) << row.what;
  }
}

struct Shaped {
  std::string_view what;
  std::string bytes;
  Form form;
  ShapeSpec spec;
  std::string data;
};

TEST(Shape, TableOfFormats) {
  const std::string binary = "\0\xff{\"a\":1}\n"s;
  const Shaped rows[] = {
      {"object, auto", R"({"b":"2","a":1})", Form::text, {}, "a=1;b=2;"},
      {"object, JSON", R"( {"b":"2","a":1} )", Form::text, as(ValueFormat::json), "a=1;b=2;"},
      {"object, Text", R"({"b":"2"})", Form::text, as(ValueFormat::text), R"(value={"b":"2"};)"},
      {"object, Binary", R"({"b":"2"})", Form::text, as(ValueFormat::binary),
       R"(value={"b":"2"};)"},
      {"text, auto", "pass\nword\n", Form::text, {}, "value=pass\nword\n;"},
      {"text, Text", " x ", Form::text, as(ValueFormat::text), "value= x ;"},
      {"text, Binary", "x", Form::text, as(ValueFormat::binary), "value=x;"},
      {"binary, auto", binary, Form::binary, {}, "value=" + binary + ";"},
      {"binary that looks like JSON, auto", R"({"a":1})", Form::binary, {}, R"(value={"a":1};)"},
      {"binary, Binary", binary, Form::binary, as(ValueFormat::binary), "value=" + binary + ";"},
      {"array, auto", R"(["a"])", Form::text, {}, R"(value=["a"];)"},
      {"JSON string, auto", R"("a")", Form::text, {}, R"(value="a";)"},
      {"number, auto", "42", Form::text, {}, "value=42;"},
      {"broken JSON, Text", "{broken", Form::text, as(ValueFormat::text), "value={broken;"},
      {"every kind of member",
       R"({"a":"x","b":1e400,"c":true,"d":null,"e":[ 1 ],"f":{ "g" : 1 }})",
       Form::text,
       {},
       R"(a=x;b=1e400;c=true;d=;e=[ 1 ];f={ "g" : 1 };)"},
      {"a repeated name", R"({"a":1,"a":2})", Form::text, {}, "a=2;"},
      {"odd but valid names",
       R"({".a":1,"-":2,"_":3,"a..b":4})",
       Form::text,
       {},
       "-=2;.a=1;_=3;a..b=4;"},
  };
  for (const auto& row : rows) {
    const auto data = shape(value(row.bytes, row.form), row.spec);
    ASSERT_TRUE(data) << row.what << ": " << data.error().text;
    EXPECT_EQ(show(*data), row.data) << row.what;
    EXPECT_EQ(data->type, "Opaque") << row.what;
  }
}

TEST(Shape, TableOfSelections) {
  const std::string object =
      R"({"a":{"b":{"c":"deep","n":1.50},"b.c":"dotted","x":null},"a.b.c":"whole","a.b":"not an object","":{"e":"empty"},"l":[{"z":1}]})";
  const Shaped rows[] = {
      {"renamed", object, Form::text, selecting({{"k", "l"}}), R"(k=[{"z":1}];)"},
      {"no property: the key's own name", R"({"k":"v"})", Form::text, selecting({{"k", ""}}),
       "k=v;"},
      {"whole name wins", object, Form::text, selecting({{"k", "a.b.c"}}), "k=whole;"},
      {"nested", object, Form::text, selecting({{"k", "a.b.n"}}), "k=1.50;"},
      {"nested object as text", R"({"a":{"b":{ "c" : 1 }}})", Form::text, selecting({{"k", "a.b"}}),
       R"(k={ "c" : 1 };)"},
      {"null", object, Form::text, selecting({{"k", "a.x"}}), "k=;"},
      {"empty name in a path", object, Form::text, selecting({{"k", ".e"}}), "k=empty;"},
      {"dotted name inside", R"({"a":{"b.c":"dotted","b":{"c":"deep"}}})", Form::text,
       selecting({{"k", "a.b.c"}}), "k=dotted;"},
      {"dotted name outside", R"({"a.b":{"c":"v"},"a":{"b":1}})", Form::text,
       selecting({{"k", "a.b.c"}}), "k=v;"},
      {"sorted by key", R"({"x":1,"y":2})", Form::text, selecting({{"z", "x"}, {"b", "y"}}),
       "b=2;z=1;"},
      {"one property twice", R"({"x":1})", Form::text, selecting({{"b", "x"}, {"a", "x"}}),
       "a=1;b=1;"},
      {"invalid names that are not selected", R"({"x y":1,"z":2})", Form::text,
       selecting({{"z", ""}}), "z=2;"},
      {"selection makes format Text read JSON", R"({"x":1})", Form::text,
       [] {
         auto spec = selecting({{"k", "x"}});
         spec.format = ValueFormat::text;
         return spec;
       }(),
       "k=1;"},
  };
  for (const auto& row : rows) {
    const auto data = shape(value(row.bytes, row.form), row.spec);
    ASSERT_TRUE(data) << row.what << ": " << data.error().text;
    EXPECT_EQ(show(*data), row.data) << row.what;
  }
}

TEST(Shape, RawKeyIsConfigurable) {
  ShapeSpec spec;
  spec.raw_key = "tls.pem";
  const auto data = shape(value("x"), spec);
  ASSERT_TRUE(data);
  EXPECT_EQ(show(*data), "tls.pem=x;");
}

TEST(Shape, ExactlyOneMegabyteIsAccepted) {
  for (const auto form : {Form::text, Form::binary}) {
    const auto data = shape(value(std::string(1'048'576, 'x'), form), {});
    ASSERT_TRUE(data);
    EXPECT_EQ(data->items.at(0).second.size(), 1'048'576U);
  }
  const auto parts =
      R"({"a":")" + std::string(600'000, 'a') + R"(","b":")" + std::string(448'576, 'b') + "\"}";
  EXPECT_TRUE(shape(value(parts), {}));
}

TEST(Shape, AKeyOf253CharactersIsAccepted) {
  EXPECT_TRUE(shape(value("{\"" + std::string(253, 'k') + "\":1}"), {}));
}

TEST(Shape, TypedSecretsWithTheirKeys) {
  const std::pair<std::string, std::string> rows[] = {
      {"kubernetes.io/tls", R"({"tls.crt":"c","tls.key":"k","ca.crt":"more"})"},
      {"kubernetes.io/dockerconfigjson", R"({".dockerconfigjson":"{}"})"},
      {"kubernetes.io/dockercfg", R"({".dockercfg":"{}"})"},
      {"kubernetes.io/basic-auth", R"({"username":"u"})"},
      {"kubernetes.io/basic-auth", R"({"password":"p"})"},
      {"kubernetes.io/ssh-auth", R"({"ssh-privatekey":"k"})"},
      {"example.com/own", R"({"a":1})"},
  };
  for (const auto& [type, text] : rows) {
    const auto data = shape(value(text), of_type(type));
    ASSERT_TRUE(data) << type << ": " << data.error().text;
    EXPECT_EQ(data->type, type);
  }
}

}  // namespace
}  // namespace edsm::sync
