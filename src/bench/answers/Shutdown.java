import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Stops a server under load, and compares the texts that it says it answered with those whose
/// answers came.
///
/// Arguments: home and application folder of the server, port, how often.
public final class Shutdown {
  private static final long MOST_MILLIS = 10_000;

  private final Path home;
  private final Path application;
  private final int port;
  private final Load load;

  private Shutdown(Path home, Path application, int port) {
    this.home = home;
    this.application = application;
    this.port = port;
    this.load = new Load(port);
  }

  public static void main(String[] args) throws Exception {
    boolean good = true;
    for (int i = 1; i <= Integer.parseInt(args[3]); i++) {
      good &=
          new Shutdown(Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[2])).stopOnce(i);
    }
    System.exit(good ? 0 : 1);
  }

  private boolean stopOnce(int run) throws Exception {
    Path log = Files.createTempFile("nunchi-access", ".log");
    Process server =
        Load.server(
            home,
            application,
            List.of(),
            List.of("--port", Integer.toString(port)),
            log,
            ProcessBuilder.Redirect.INHERIT);
    try {
      awaitReady();
      call();
      Thread.sleep(2000 + new Random(run).nextInt(1000));
      long told = System.nanoTime();
      server.destroy();
      boolean ended = server.waitFor(60, TimeUnit.SECONDS);
      long millis = (System.nanoTime() - told) / 1_000_000;
      load.stop(10);
      boolean same = true;
      StringBuilder line = new StringBuilder("stop %d: %d ms;".formatted(run, millis));
      for (Map.Entry<String, Long> entry : Load.answered(log).entrySet()) {
        long came = load.received(entry.getKey());
        same &= came == entry.getValue();
        line.append(" %s %d of %d;".formatted(entry.getKey(), came, entry.getValue()));
      }
      System.out.println(
          line + (same ? " none lost" : " LOST") + "; not answered: " + load.failures());
      load.disconnect();
      return ended && same && millis <= MOST_MILLIS;
    } finally {
      server.destroyForcibly();
      Files.delete(log);
    }
  }

  private void call() {
    for (int i = 0; i < 2; i++) {
      ManagedChannel channel = load.channel();
      for (int j = 0; j < 8; j++) {
        load.run(() -> load.unary(channel));
      }
      load.run(() -> load.batches(channel));
      load.run(() -> stream(channel));
      load.run(() -> watch(channel));
      HttpClient.Version version = HttpClient.Version.values()[i];
      for (int j = 0; j < 3; j++) {
        load.run(() -> load.rest(version));
      }
    }
    load.run(this::endlessBody);
  }

  /// Sends as flow control lets it, until the server ends the stream.
  private void stream(ManagedChannel channel) {
    CountDownLatch end = new CountDownLatch(1);
    SentimentServiceGrpc.newStub(channel)
        .streamClassify(
            new ClientResponseObserver<StreamClassifyRequest, StreamClassifyResponse>() {
              @Override
              public void beforeStart(ClientCallStreamObserver<StreamClassifyRequest> call) {
                call.setOnReadyHandler(() -> {
                  for (int i = 0; call.isReady() && i < 100; i++) {
                    call.onNext(
                        StreamClassifyRequest.newBuilder()
                            .setId(Long.toString(System.nanoTime()))
                            .setRequest(Load.request())
                            .build());
                  }
                });
              }

              @Override
              public void onNext(StreamClassifyResponse answer) {
                if (answer.hasResponse()) {
                  load.received("grpc StreamClassify", 1);
                }
              }

              @Override
              public void onError(Throwable failure) {
                load.failed("stream: " + Status.fromThrowable(failure).getCode());
                end.countDown();
              }

              @Override
              public void onCompleted() {
                end.countDown();
              }
            });
    Load.await(end);
  }

  private void watch(ManagedChannel channel) {
    try {
      HealthGrpc.newBlockingStub(channel)
          .watch(HealthCheckRequest.getDefaultInstance())
          .forEachRemaining(status -> load.failed("watch: " + status.getStatus()));
    } catch (StatusRuntimeException e) {
      load.failed("watch: " + e.getStatus().getCode());
    }
  }

  private void endlessBody() {
    try (Socket socket = new Socket("localhost", port)) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      + "Transfer-Encoding: chunked\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      while (true) {
        socket.getOutputStream().write("1\r\n \r\n".getBytes(StandardCharsets.US_ASCII));
        Thread.sleep(50);
      }
    } catch (IOException e) {
      load.failed("endless body cut");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitReady() throws InterruptedException {
    HttpRequest ready = HttpRequest.newBuilder(load.uri("/q/health/ready")).build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (true) {
        try {
          if (client.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
            return;
          }
        } catch (IOException e) {
          // Not yet.
        }
        Thread.sleep(50);
      }
    }
  }
}
