#include "kube/kubeconfig.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "support/scratch_folder.hpp"

namespace edsm::kube {
namespace {

using base::Failure;

/// A kubeconfig with one context "c" of one cluster and one user, whose bodies are given in JSON.
std::string with(const std::string& cluster, const std::string& user,
                 const std::string& context = R"({"cluster":"k","user":"u"})") {
  return R"({"apiVersion":"v1","kind":"Config","current-context":"c",)"
         R"("clusters":[{"name":"k","cluster":)" +
         cluster + R"(}],)" + R"("users":[{"name":"u","user":)" + user + R"(}],)" +
         R"("contexts":[{"name":"c","context":)" + context + "}]}";
}
const std::string kCluster = R"({"server":"https://k:6443"})";

class KubeconfigTest : public ::testing::Test {
 protected:
  base::Result<Config> read(const std::string& text, std::string_view context = {}) {
    return read_kubeconfig({folder.write("config", text)}, context);
  }
  support::ScratchFolder folder;
};

TEST_F(KubeconfigTest, AllFields) {
  folder.write("pki/ca.pem", "CA");
  folder.write("pki/cert.pem", "CERT");
  folder.write("pki/key.pem", "KEY");
  const auto config = read(R"(
apiVersion: v1
kind: Config
current-context: c
clusters:
- name: k
  cluster:
    server: https://k.example:6443/prefix/
    certificate-authority: pki/ca.pem
    tls-server-name: inner
    proxy-url: socks5://proxy:1080
    disable-compression: true
users:
- name: u
  user:
    client-certificate: pki/cert.pem
    client-key: pki/key.pem
    tokenFile: tokens/t
    as: robot
    as-uid: "7"
    as-groups: [a, b]
contexts:
- name: c
  context: {cluster: k, user: u, namespace: shop}
)");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->server, "https://k.example:6443/prefix");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_EQ(config->transport.ca_pem, "CA");
  EXPECT_EQ(config->ca_file, folder.path("pki/ca.pem"));
  EXPECT_EQ(config->transport.tls_server_name, "inner");
  EXPECT_EQ(config->transport.proxy, "socks5://proxy:1080");
  EXPECT_EQ(config->transport.client_cert_pem.view(), "CERT");
  EXPECT_EQ(config->transport.client_key_pem.view(), "KEY");
  EXPECT_EQ(config->client_key_file, folder.path("pki/key.pem"));
  EXPECT_EQ(config->token_file, folder.path("tokens/t")) << "read later";
  EXPECT_EQ(config->impersonate_user, "robot");
  EXPECT_EQ(config->impersonate_uid, "7");
  EXPECT_EQ(config->impersonate_groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(config->source.contains("context c"));
}

TEST_F(KubeconfigTest, Defaults) {
  const auto config = read(with(kCluster, R"({"token":"t"})"));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->ns, "default");
  EXPECT_EQ(config->transport.proxy, std::nullopt) << "from the environment";
  EXPECT_FALSE(config->transport.insecure_skip_verify);
  EXPECT_EQ(config->token.view(), "t");
}

TEST_F(KubeconfigTest, DataBeatsThePath) {
  const std::string data = base::base64("CA");
  const auto config = read(with(
      R"({"server":"https://k","certificate-authority":"gone","certificate-authority-data":")" +
          data + R"("})",
      R"({"client-certificate-data":")" + base::base64("C") + R"(","client-certificate":"gone",)" +
          R"("client-key-data":")" + base::base64("K") + R"("})"));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->transport.ca_pem, "CA");
  EXPECT_EQ(config->ca_file, "") << "nothing to read again";
  EXPECT_EQ(config->client_cert_file, "");
}

TEST_F(KubeconfigTest, FoldedBase64) {
  const auto config =
      read(with(R"({"server":"https://k","certificate-authority-data":"Q\n0E=\n"})", "{}"));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->transport.ca_pem, "CA");
}

TEST_F(KubeconfigTest, ContextByName) {
  const std::string text = R"(
current-context: a
clusters: [{name: k, cluster: {server: "https://k"}}, {name: l, cluster: {server: "https://l"}}]
contexts: [{name: a, context: {cluster: k}}, {name: b, context: {cluster: l}}]
)";
  EXPECT_EQ(read(text)->server, "https://k");
  EXPECT_EQ(read(text, "b")->server, "https://l");
  const auto missing = read(text, "x");
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().text.contains("there are: a, b")) << missing.error().text;
}

TEST_F(KubeconfigTest, FirstFileWinsPerEntry) {
  const std::string first = folder.write("one/config", R"(
clusters: [{name: k, cluster: {server: "https://first", certificate-authority: ca}}]
contexts: [{name: c, context: {cluster: k, user: u}}]
)");
  const std::string second = folder.write("two/config", R"(
current-context: c
clusters: [{name: k, cluster: {server: "https://second", tls-server-name: x}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: other}}]
)");
  folder.write("one/ca", "FIRST CA");
  const auto config = read_kubeconfig({first, second}, {});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->server, "https://first");
  EXPECT_EQ(config->transport.tls_server_name, "") << "whole entries, not fields";
  EXPECT_EQ(config->transport.ca_pem, "FIRST CA") << "relative to its own file";
  EXPECT_EQ(config->token.view(), "t");
}

TEST_F(KubeconfigTest, Exec) {
  const auto config = read(with(
      R"({"server":"https://k","certificate-authority-data":"Q0E=","extensions":[)"
      R"({"name":"client.authentication.k8s.io/exec","extension":{"audience":"x","n":5,"s":"5","b":true}}]})",
      R"({"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"./bin/p","args":["a","b c"],)"
      R"("env":[{"name":"X","value":"y"}],"interactiveMode":"IfAvailable","installHint":"get it",)"
      R"("provideClusterInfo":true}})"));
  ASSERT_TRUE(config) << config.error().text;
  ASSERT_TRUE(config->exec);
  EXPECT_EQ(config->exec->command, folder.path("./bin/p"));
  EXPECT_EQ(config->exec->args, (std::vector<std::string>{"a", "b c"}));
  ASSERT_EQ(config->exec->env.size(), 1U);
  EXPECT_EQ(config->exec->env[0].second, "y");
  EXPECT_EQ(config->exec->install_hint, "get it");
  EXPECT_EQ(config->exec->cluster_info,
            R"({"server":"https://k","certificate-authority-data":"Q0E=",)"
            R"("config":{"audience":"x","n":5,"s":"5","b":true}})");
}

TEST_F(KubeconfigTest, ExecIsSuperfluousBesideOtherCredentials) {
  const auto config = read(
      with(kCluster, R"({"token":"t","exec":{"apiVersion":"client.authentication.k8s.io/v1beta1",)"
                     R"("command":"p"}})"));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_FALSE(config->exec);
}

struct Bad {
  std::string name;
  std::string text;
  std::string said;
};

class BadKubeconfig : public ::testing::TestWithParam<Bad> {};

TEST_P(BadKubeconfig, IsRefusedWithItsCause) {
  const support::ScratchFolder folder;
  const auto config = read_kubeconfig({folder.write("config", GetParam().text)}, {});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().failure, Failure::invalid);
  EXPECT_TRUE(config.error().text.contains(GetParam().said)) << config.error().text;
  EXPECT_FALSE(config.error().text.contains("hunter2"));
}

std::string exec(const std::string& members) {
  return with(kCluster, R"({"exec":{)" + members + "}}");
}
const std::string kV1 = R"("apiVersion":"client.authentication.k8s.io/v1")";

INSTANTIATE_TEST_SUITE_P(
    Texts, BadKubeconfig,
    ::testing::Values(
        Bad{"Empty", "", "no current-context"}, Bad{"NotYaml", "a: [hunter2", "line"},
        Bad{"Scalar", "hunter2", "is not a map"},
        Bad{"DuplicateKey", "current-context: a\ncurrent-context: b\n",
            "\"current-context\" is there twice"},
        Bad{"DuplicateInner", with(kCluster, R"({"token":"hunter2","token":"x"})"),
            "\"token\" is there twice"},
        Bad{"DuplicateName", "current-context: a\nusers: [{name: x}, {name: x}]\n",
            "two entries named \"x\""},
        Bad{"Deep", std::string(60, '[') + std::string(60, ']'), "nests too deeply"},
        Bad{"Aliases",
            "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
            "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
            "too many elements"},
        Bad{"MapKey", "? {a: b}\n: c\n", "a key that is not a text"},
        Bad{"ListsAreMaps", "clusters: {a: b}", "clusters is not a list"},
        Bad{"NoContext", "current-context: x\n", "no context \"x\""},
        Bad{"NoCluster", with(kCluster, "{}", R"({"cluster":"q"})"), "no cluster \"q\""},
        Bad{"NoUser", with(kCluster, "{}", R"({"cluster":"k","user":"q"})"), "no user \"q\""},
        Bad{"NoServer", with("{}", "{}"), "server is not"},
        Bad{"BadServer", with(R"({"server":"k:6443"})", "{}"), "server is not"},
        Bad{"ServerIsAList", with(R"({"server":["hunter2"]})", "{}"), "server is not"},
        Bad{"BadFlag", with(R"({"server":"https://k","insecure-skip-tls-verify":"hunter2"})", "{}"),
            "insecure-skip-tls-verify is not true or false"},
        Bad{"InsecureWithCa",
            with(
                R"({"server":"https://k","insecure-skip-tls-verify":true,"certificate-authority-data":"Q0E="})",
                "{}"),
            "contradict"},
        Bad{"BadProxy", with(R"({"server":"https://k","proxy-url":"ftp://p"})", "{}"),
            "proxy-url must begin"},
        Bad{"BadBase64", with(R"({"server":"https://k","certificate-authority-data":"%"})", "{}"),
            "is not base64"},
        Bad{"MissingFile",
            with(R"({"server":"https://k","certificate-authority":"gone.pem"})", "{}"),
            "gone.pem: No such file"},
        Bad{"CertWithoutKey", with(kCluster, R"({"client-certificate-data":"Q0E="})"),
            "need each other"},
        Bad{"KeyWithoutCert", with(kCluster, R"({"client-key-data":"Q0E="})"), "need each other"},
        Bad{"AuthProvider", with(kCluster, R"({"auth-provider":{"name":"gcp"}})"),
            "use an exec plugin"},
        Bad{"TokenAndBasic",
            with(kCluster, R"({"token":"hunter2","username":"u","password":"hunter2"})"),
            "keep one"},
        Bad{"TokenIsAMap", with(kCluster, R"({"token":{"hunter2":1}})"), "token is not a text"},
        Bad{"GroupsWithoutUser", with(kCluster, R"({"as-groups":["g"]})"), "need \"as\""},
        Bad{"GroupsAreAText", with(kCluster, R"({"as":"a","as-groups":"g"})"),
            "as-groups is not a list"},
        Bad{"UserExtra", with(kCluster, R"({"as":"a","as-user-extra":{"k":["v"]}})"),
            "as-user-extra is not supported"},
        Bad{"NotUtf8", with(kCluster, "{\"token\":\"\xd8\xd8\"}"), "not UTF-8"},
        Bad{"Utf32", std::string("?\0\0\0\x18typeIcE {a: b\n }:c\n", 24), "not UTF-8"},
        Bad{"ExecWithoutCommand", exec(kV1), "command is missing"},
        Bad{"ExecAlpha",
            exec(R"("command":"p","apiVersion":"client.authentication.k8s.io/v1alpha1")"),
            "apiVersion must be"},
        Bad{"ExecAlways", exec(kV1 + R"(,"command":"p","interactiveMode":"Always")"),
            "needs a person"},
        Bad{"ExecV1WithoutMode", exec(kV1 + R"(,"command":"p")"), "interactiveMode must be"},
        Bad{"ExecArgsAreAText",
            exec(kV1 + R"(,"command":"p","interactiveMode":"Never","args":"a")"),
            "args is not a list"}),
    [](const auto& each) { return each.param.name; });

TEST_F(KubeconfigTest, FilesThatCannotBeRead) {
  const auto missing = read_kubeconfig({folder.path("none")}, {});
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().text.contains("none: No such file"));
  const auto directory = read_kubeconfig({folder.path(".")}, {});
  ASSERT_FALSE(directory);
  EXPECT_TRUE(directory.error().text.contains("not a regular file"));
  const auto large = read_kubeconfig({folder.write("large", std::string(1100000, '#'))}, {});
  ASSERT_FALSE(large);
  EXPECT_TRUE(large.error().text.contains("larger than 1 MiB"));
}

}  // namespace
}  // namespace edsm::kube
