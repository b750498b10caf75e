package dev.nunchi.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What the callers of a server's first minute do: they wait until it is ready, classify over every
/// protocol, and look at health, metrics and models.
///
/// @param host of a server without TLS and tokens
/// @param texts that are classified
public record FirstCalls(String host, int port, List<String> texts) {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int CALLS = 30;
  private static final int BATCH_SIZE = 8;

  /// @throws IOException where the server does not get ready, or a path cannot be read
  /// @throws RuntimeException where a call fails
  public void make() throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      awaitReady(client);
      for (Protocol protocol : Protocol.values()) {
        call(protocol);
      }
      for (String path :
          List.of("/q/health/live", "/q/health/started", "/q/metrics", "/v1/models")) {
        client.send(request(path), HttpResponse.BodyHandlers.discarding());
      }
    }
  }

  private void awaitReady(HttpClient client) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!isReady(client)) {
      if (System.nanoTime() > end) {
        throw new IOException("the server is not ready");
      }
      Thread.sleep(50);
    }
  }

  private boolean isReady(HttpClient client) throws InterruptedException {
    try {
      return client
              .send(request("/q/health/ready"), HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException _) {
      return false;
    }
  }

  private HttpRequest request(String path) {
    return HttpRequest.newBuilder(URI.create("http://%s:%d%s".formatted(host, port, path)))
        .timeout(Duration.ofSeconds(10))
        .build();
  }

  private void call(Protocol protocol) {
    Address address =
        new Address(host, port, Connections.ONE, "", Optional.empty(), Optional.empty());
    try (Target target = protocol.open(address, texts, BATCH_SIZE, 0)) {
      for (long number = 0; number < CALLS; number++) {
        target.call(number).orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
      }
    }
  }
}
