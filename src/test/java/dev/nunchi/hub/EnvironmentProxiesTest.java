package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentProxiesTest {
  private static final Map<String, String> VARIABLES =
      Map.of(
          "HTTPS_PROXY", "http://proxy.example:3128",
          "http_proxy", "plain.example:8080",
          "NO_PROXY", "internal.example, .corp.example");

  @Test
  void select_variables_areThoseOfCurl() {
    assertEquals(proxy("proxy.example", 3128), select("https://huggingface.co/x"));
    assertEquals(proxy("plain.example", 8080), select("http://huggingface.co/x"));
    for (String direct :
        List.of(
            "https://internal.example/x",
            "https://hub.internal.example/x",
            "https://a.corp.example/x",
            "http://127.0.0.1:80/",
            "http://localhost:5000/")) {
      assertEquals(Proxy.NO_PROXY, select(direct), direct);
    }
    assertEquals(
        proxy("any.example", 80),
        new EnvironmentProxies(Map.of("all_proxy", "any.example"))
            .select(URI.create("https://huggingface.co"))
            .getFirst());
  }

  @Test
  void select_proxyWithAPassword_isRefusedWithoutShowingIt() {
    EnvironmentProxies proxies =
        new EnvironmentProxies(Map.of("https_proxy", "http://me:geheim@proxy.example:1"));
    NunchiException e =
        assertThrows(
            NunchiException.class, () -> proxies.select(URI.create("https://huggingface.co")));
    assertTrue(e.getMessage().startsWith("HTTPS_PROXY should be"), e::getMessage);
    assertFalse(e.getMessage().contains("geheim"), e::getMessage);
  }

  private static Proxy select(String uri) {
    return new EnvironmentProxies(VARIABLES).select(URI.create(uri)).getFirst();
  }

  private static Proxy proxy(String host, int port) {
    return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
  }
}
