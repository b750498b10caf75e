package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.serve.TestAuthority.Issued;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// A caller with or without TLS, a certificate and a token.
///
/// @param trusted the authority that it trusts; without TLS where empty
/// @param own the certificate that it shows
record SecureClient(int port, Optional<Path> trusted, Optional<Issued> own) {
  private static final long PATIENCE_SECONDS = 10;

  /// What came of a call: `OK`, `UNAUTHENTICATED`, or `NO_CONNECTION`.
  enum Outcome {
    OK,
    UNAUTHENTICATED,
    NO_CONNECTION
  }

  /// @param authorization the header, or null for none
  Outcome grpc(boolean health, @Nullable String authorization) throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress("localhost", port, credentials()).build();
    try {
      Metadata headers = new Metadata();
      if (authorization != null) {
        headers.put(
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
      }
      var interceptor = MetadataUtils.newAttachHeadersInterceptor(headers);
      if (health) {
        HealthGrpc.newBlockingStub(channel)
            .withInterceptors(interceptor)
            .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .check(HealthCheckRequest.getDefaultInstance());
      } else {
        SentimentServiceGrpc.newBlockingStub(channel)
            .withInterceptors(interceptor)
            .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .classify(ClassifyRequest.newBuilder().setText("영화 정말 좋다!").build());
      }
      return Outcome.OK;
    } catch (StatusRuntimeException e) {
      return switch (e.getStatus().getCode()) {
        case UNAUTHENTICATED -> Outcome.UNAUTHENTICATED;
        case UNAVAILABLE -> Outcome.NO_CONNECTION;
        default -> throw new AssertionError(e);
      };
    } finally {
      channel.shutdownNow();
      channel.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
  }

  /// @param authorization the header, or null for none
  Outcome rest(boolean health, @Nullable String authorization) throws Exception {
    String origin = "%s://localhost:%d".formatted(trusted.isPresent() ? "https" : "http", port);
    HttpRequest.Builder request =
        health
            ? HttpRequest.newBuilder(URI.create(origin + "/q/health/ready"))
            : HttpRequest.newBuilder(URI.create(origin + "/v1/classify"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"영화 정말 좋다!\"}"));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    HttpClient.Builder builder = HttpClient.newBuilder();
    if (trusted.isPresent()) {
      builder.sslContext(sslContext(trusted.get()));
    }
    try (HttpClient client = builder.build()) {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return switch (response.statusCode()) {
        case 200 -> Outcome.OK;
        case 401 -> Outcome.UNAUTHENTICATED;
        default -> throw new AssertionError(response.statusCode() + ": " + response.body());
      };
    } catch (IOException e) {
      return Outcome.NO_CONNECTION;
    }
  }

  /// The certificate that the server shows now.
  Certificate serverCertificate() throws Exception {
    try (var socket =
        (javax.net.ssl.SSLSocket)
            sslContext(trusted.orElseThrow()).getSocketFactory().createSocket("localhost", port)) {
      socket.startHandshake();
      return socket.getSession().getPeerCertificates()[0];
    }
  }

  /// Connects as who trusts everybody, and gives the certificate that the server shows.
  static Certificate handshake(int port) throws Exception {
    return session(port).getPeerCertificates()[0];
  }

  /// The version of TLS that comes of it where the client has but one.
  static String protocol(int port, String version) throws Exception {
    return session(port, version).getProtocol();
  }

  /// @param versions of TLS that the client has; Java's own where none is named
  private static SSLSession session(int port, String... versions) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Trusting()}, null);
    try (var socket =
        (javax.net.ssl.SSLSocket) context.getSocketFactory().createSocket("localhost", port)) {
      if (versions.length > 0) {
        socket.setEnabledProtocols(versions);
      }
      socket.startHandshake();
      return socket.getSession();
    }
  }

  private static final class Trusting extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private ChannelCredentials credentials() throws GeneralSecurityException, IOException {
    if (trusted.isEmpty()) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder =
        TlsChannelCredentials.newBuilder().trustManager(trusted.get().toFile());
    if (own.isPresent()) {
      builder.keyManager(Shown.of(own.get()));
    }
    return builder.build();
  }

  private SSLContext sslContext(Path authority) throws GeneralSecurityException, IOException {
    KeyStore trust = emptyStore();
    trust.setCertificateEntry("authority", certificate(authority));
    TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
    trustManagers.init(trust);
    KeyManager[] keyManagers = own.isPresent() ? new KeyManager[] {Shown.of(own.get())} : null;
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers, trustManagers.getTrustManagers(), null);
    return context;
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  static Certificate certificate(Path file) throws GeneralSecurityException, IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  /// Shows its certificate whatever authorities the server names, where Java's own key managers
  /// would show none.
  private static final class Shown extends X509ExtendedKeyManager {
    private final X509Certificate certificate;
    private final PrivateKey key;

    private Shown(X509Certificate certificate, PrivateKey key) {
      this.certificate = certificate;
      this.key = key;
    }

    static Shown of(Issued own) throws GeneralSecurityException, IOException {
      String pem = Files.readString(own.key()).replaceAll("-----[A-Z ]+-----", "");
      return new Shown(
          (X509Certificate) certificate(own.certificate()),
          KeyFactory.getInstance("EC")
              .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem))));
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return new String[] {"own"};
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
      return "own";
    }

    @Override
    public String chooseEngineClientAlias(
        String[] keyTypes, Principal[] issuers, SSLEngine engine) {
      return "own";
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal[] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {certificate};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }
  }
}
