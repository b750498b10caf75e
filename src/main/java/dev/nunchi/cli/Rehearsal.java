package dev.nunchi.cli;

import dev.nunchi.bench.Address;
import dev.nunchi.bench.Protocol;
import dev.nunchi.bench.Target;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What Java's ahead-of-time cache is recorded from: a process that does what a first minute of use
/// does, and ends.
///
/// It classifies on the command line, then serves the built-in models and calls itself over every
/// protocol. What is loaded, linked and counted here need not be in a later start. It says nothing
/// unless it fails: a cache of half of it would be slower and no error.
final class Rehearsal {
  private static final String HOST = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int CALLS = 30;
  private static final int BATCH_SIZE = 8;
  private static final List<String> TEXTS =
      List.of(
          "이 영화 정말 재미있어요",
          "시간이 아까워요",
          "배송이 빠르고 좋아요!!! ㅋㅋㅋㅋ",
          "환불해 주세요 ㅠㅠ It was not what I ordered.",
          "그냥 그래요… 👍");

  /// @return the exit code
  int run() {
    int exitCode = program("classify", TEXTS.getFirst());
    return exitCode == 0 ? serve() : exitCode;
  }

  private static int serve() {
    int port = freePort();
    Thread caller = Thread.ofPlatform().daemon().start(() -> callAndEnd(port));
    int exitCode = program("serve", "--host", HOST, "--port", Integer.toString(port));
    try {
      caller.join(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return exitCode;
  }

  private static int program(String... arguments) {
    PrintWriter nowhere = new PrintWriter(PrintWriter.nullWriter());
    return new Program(
            Nunchi.commands(), System.getenv(), nowhere, new PrintWriter(System.err, true))
        .run(arguments);
  }

  private static void callAndEnd(int port) {
    int exitCode = 1;
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      awaitReady(client, port);
      for (Protocol protocol : Protocol.values()) {
        call(protocol, port);
      }
      for (String path :
          List.of("/q/health/live", "/q/health/started", "/q/metrics", "/v1/models")) {
        client.send(request(port, path), HttpResponse.BodyHandlers.discarding());
      }
      exitCode = 0;
    } catch (IOException | RuntimeException e) {
      System.err.println("nunchi: The rehearsal failed: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Quarkus.asyncExit(exitCode);
    }
  }

  private static void awaitReady(HttpClient client, int port)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!isReady(client, port)) {
      if (System.nanoTime() > end) {
        throw new IOException("the server is not ready");
      }
      Thread.sleep(50);
    }
  }

  private static boolean isReady(HttpClient client, int port) throws InterruptedException {
    try {
      return client
              .send(request(port, "/q/health/ready"), HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException _) {
      return false;
    }
  }

  private static HttpRequest request(int port, String path) {
    return HttpRequest.newBuilder(URI.create("http://%s:%d%s".formatted(HOST, port, path)))
        .timeout(Duration.ofSeconds(10))
        .build();
  }

  private static void call(Protocol protocol, int port) {
    Address address = new Address(HOST, port, 1, "", Optional.empty(), Optional.empty());
    try (Target target = protocol.open(address, TEXTS, BATCH_SIZE)) {
      for (long number = 0; number < CALLS; number++) {
        target.call(number).orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
      }
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
