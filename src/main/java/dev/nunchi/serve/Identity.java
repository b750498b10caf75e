package dev.nunchi.serve;

import io.smallrye.common.vertx.VertxContext;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// Who calls, as far as it can be known: by a token, a token of an identity provider, a client's
/// certificate, or else by the address.
///
/// It lies in the Vert.x context of the call once something has asked for it. Texts are counted by
/// it, see [Allowances].
record Identity(Kind kind, String name) {
  private static final String KEY = Identity.class.getName();
  private static final int NETWORK_BYTES = 8;

  /// What it is known by.
  enum Kind {
    /// A token of a file: its name there.
    TOKEN,
    /// A token of an identity provider: its subject.
    SUBJECT,
    /// A certificate: its subject, as RFC 2253 writes it.
    CERTIFICATE,
    /// An address, of IPv6 the network (`/64`), of which one machine has many.
    ADDRESS,
    /// The server itself, which tries what it serves.
    SERVER;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Whoever cannot be told from others.
  static final Identity UNKNOWN = new Identity(Kind.ADDRESS, "");

  static final Identity SERVER = new Identity(Kind.SERVER, "");

  /// Who makes the call that runs on this thread, where that has been found out; else [#UNKNOWN].
  static Identity current() {
    @Nullable Identity known = known();
    return known == null ? UNKNOWN : known;
  }

  /// Who makes this call, which runs on this thread.
  static Identity of(HttpServerRequest request) {
    @Nullable Identity known = known();
    return known == null ? unauthenticated(request) : known;
  }

  /// Makes it the one who makes the call that runs on this thread.
  void begin() {
    Context context = Vertx.currentContext();
    if (context != null && VertxContext.isDuplicatedContext(context)) {
      context.putLocal(KEY, this);
    }
  }

  static Identity ofAddress(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return new Identity(Kind.ADDRESS, address.getHostAddress());
    }
    byte[] bytes = address.getAddress();
    Arrays.fill(bytes, NETWORK_BYTES, bytes.length, (byte) 0);
    try {
      return new Identity(Kind.ADDRESS, InetAddress.getByAddress(bytes).getHostAddress() + "/64");
    } catch (UnknownHostException e) {
      throw new IllegalStateException("Sixteen bytes are an address", e);
    }
  }

  /// As the file of limits names it.
  @Override
  public String toString() {
    return kind.word() + ":" + name;
  }

  private static @Nullable Identity known() {
    Context context = Vertx.currentContext();
    return context != null && VertxContext.isDuplicatedContext(context)
        ? context.getLocal(KEY)
        : null;
  }

  private static Identity unauthenticated(HttpServerRequest request) {
    if (request.isSSL()) {
      try {
        List<java.security.cert.Certificate> chain = request.connection().peerCertificates();
        if (!chain.isEmpty() && chain.getFirst() instanceof X509Certificate own) {
          return new Identity(Kind.CERTIFICATE, own.getSubjectX500Principal().getName());
        }
      } catch (SSLPeerUnverifiedException e) {
        // It showed none.
      }
    }
    @Nullable SocketAddress address = request.remoteAddress();
    @Nullable String host = address == null ? null : address.hostAddress();
    return host == null ? UNKNOWN : ofAddress(literal(host));
  }

  /// Without the name of an interface behind it, which says nothing of who calls.
  private static InetAddress literal(String host) {
    int zone = host.indexOf('%');
    return InetAddress.ofLiteral(zone < 0 ? host : host.substring(0, zone));
  }
}
