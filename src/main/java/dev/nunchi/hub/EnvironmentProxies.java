package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The proxies that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name, in either case,
/// as curl and Python read them; where they name none, those that Java knows. What runs on this
/// machine is asked directly.
final class EnvironmentProxies extends ProxySelector {
  private static final int DEFAULT_PORT = 80;

  private final Map<String, String> environment;

  EnvironmentProxies(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /// @throws NunchiException `INVALID_ARGUMENT` where a variable names no proxy that can be used
  @Override
  public List<Proxy> select(URI uri) {
    String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
    if (host.matches("localhost|127(\\.\\d{1,3}){3}|\\[::1]") || isExempt(host)) {
      return List.of(Proxy.NO_PROXY);
    }
    String name = uri.getScheme() + "_proxy";
    @Nullable String value = value(name);
    if (value == null) {
      name = "all_proxy";
      value = value(name);
    }
    if (value == null) {
      ProxySelector known = ProxySelector.getDefault();
      return known == null ? List.of(Proxy.NO_PROXY) : known.select(uri);
    }
    return List.of(proxy(name.toUpperCase(Locale.ROOT), value));
  }

  private static Proxy proxy(String name, String value) {
    try {
      URI proxy = URI.create(value.contains("://") ? value : "http://" + value);
      if ("http".equals(proxy.getScheme())
          && proxy.getHost() != null
          && proxy.getUserInfo() == null) {
        int port = proxy.getPort() < 0 ? DEFAULT_PORT : proxy.getPort();
        return new Proxy(
            Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port));
      }
    } catch (IllegalArgumentException _) {
      // Refused below; the value may hold a password.
    }
    throw new NunchiException(
        Reason.INVALID_ARGUMENT,
        name + " should be http://HOST:PORT, without a password, which is not sent");
  }

  private boolean isExempt(String host) {
    @Nullable String value = value("no_proxy");
    if (value == null) {
      return false;
    }
    for (String entry : value.toLowerCase(Locale.ROOT).split("[,\\s]+", -1)) {
      String domain = entry.replaceFirst("^\\*?\\.", "");
      if (entry.equals("*")
          || !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain))) {
        return true;
      }
    }
    return false;
  }

  private @Nullable String value(String name) {
    @Nullable String value = environment.get(name);
    if (value == null) {
      value = environment.get(name.toUpperCase(Locale.ROOT));
    }
    return value == null || value.isBlank() ? null : value.strip();
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    // Whoever asked hears of it.
  }
}
