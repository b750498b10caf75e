import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Stops a server under load, and compares the texts that it says it answered with those whose
/// answers came.
///
/// Arguments: home and application folder of the server, port, how often.
public final class Shutdown {
  private static final String TEXT = "이 영화 정말 재미있어요";
  private static final int BATCH = 8;
  private static final long MOST_MILLIS = 10_000;

  private final Path home;
  private final Path application;
  private final int port;
  private final Map<String, AtomicLong> received = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> failures = new ConcurrentHashMap<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private volatile boolean stopped;

  private Shutdown(Path home, Path application, int port) {
    this.home = home;
    this.application = application;
    this.port = port;
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
    Process server = start(log);
    try {
      awaitReady();
      List<Thread> callers = callers();
      Thread.sleep(2000 + new Random(run).nextInt(1000));
      long told = System.nanoTime();
      server.destroy();
      boolean ended = server.waitFor(60, TimeUnit.SECONDS);
      long millis = (System.nanoTime() - told) / 1_000_000;
      stopped = true;
      for (Thread caller : callers) {
        caller.join(TimeUnit.SECONDS.toMillis(10));
      }
      Map<String, Long> answered = answered(log);
      boolean same = true;
      StringBuilder line = new StringBuilder("stop %d: %d ms;".formatted(run, millis));
      for (Map.Entry<String, Long> entry : answered.entrySet()) {
        long came = received.getOrDefault(entry.getKey(), new AtomicLong()).get();
        same &= came == entry.getValue();
        line.append(" %s %d of %d;".formatted(entry.getKey(), came, entry.getValue()));
      }
      System.out.println(line + (same ? " none lost" : " LOST") + "; not answered: " + failures);
      channels.forEach(ManagedChannel::shutdownNow);
      return ended && same && millis <= MOST_MILLIS;
    } finally {
      server.destroyForcibly();
      Files.delete(log);
    }
  }

  private Process start(Path log) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-cp",
            application.resolve("quarkus-run.jar").toString(),
            "io.quarkus.bootstrap.runner.AotQuarkusEntryPoint",
            "serve",
            "--port",
            Integer.toString(port),
            "--access-log=" + log);
    builder.environment().put("NUNCHI_HOME", home.toString());
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private List<Thread> callers() {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      ManagedChannel channel =
          ManagedChannelBuilder.forAddress("localhost", port).usePlaintext().build();
      channels.add(channel);
      for (int j = 0; j < 8; j++) {
        threads.add(grpc("grpc Classify", 1, () -> classify(channel)));
      }
      threads.add(grpc("grpc BatchClassify", BATCH, () -> batch(channel)));
      threads.add(Thread.ofPlatform().start(() -> stream(channel)));
      threads.add(Thread.ofPlatform().start(() -> watch(channel)));
      HttpClient.Version version = HttpClient.Version.values()[i];
      for (int j = 0; j < 3; j++) {
        threads.add(Thread.ofPlatform().start(() -> rest(version)));
      }
    }
    threads.add(Thread.ofPlatform().start(this::endlessBody));
    return threads;
  }

  private Thread grpc(String name, int texts, Runnable call) {
    return Thread.ofPlatform()
        .start(() -> {
          while (!stopped) {
            try {
              call.run();
              count(received, name, texts);
            } catch (StatusRuntimeException e) {
              count(failures, e.getStatus().getCode() + " " + e.getStatus().getDescription(), 1);
              if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
                return;
              }
            }
          }
        });
  }

  private static ClassifyRequest request() {
    return ClassifyRequest.newBuilder().setText(TEXT).build();
  }

  private static void classify(ManagedChannel channel) {
    SentimentServiceGrpc.newBlockingStub(channel).classify(request());
  }

  private static void batch(ManagedChannel channel) {
    SentimentServiceGrpc.newBlockingStub(channel)
        .batchClassify(
            BatchClassifyRequest.newBuilder()
                .addAllRequests(Collections.nCopies(BATCH, request()))
                .build());
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
                            .setRequest(request())
                            .build());
                  }
                });
              }

              @Override
              public void onNext(StreamClassifyResponse answer) {
                if (answer.hasResponse()) {
                  count(received, "grpc StreamClassify", 1);
                }
              }

              @Override
              public void onError(Throwable failure) {
                count(failures, "stream: " + Status.fromThrowable(failure).getCode(), 1);
                end.countDown();
              }

              @Override
              public void onCompleted() {
                end.countDown();
              }
            });
    await(end);
  }

  private void watch(ManagedChannel channel) {
    try {
      HealthGrpc.newBlockingStub(channel)
          .watch(HealthCheckRequest.getDefaultInstance())
          .forEachRemaining(status -> count(failures, "watch: " + status.getStatus(), 1));
    } catch (StatusRuntimeException e) {
      count(failures, "watch: " + e.getStatus().getCode(), 1);
    }
  }

  private void rest(HttpClient.Version version) {
    String name = "rest Classify";
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://localhost:%d/v1/classify".formatted(port)))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"%s\"}".formatted(TEXT)))
            .build();
    try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
      while (!stopped) {
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
          count(failures, "rest: " + response.statusCode(), 1);
          return;
        }
        count(received, name, 1);
      }
    } catch (IOException e) {
      count(failures, "rest %s: %s".formatted(version, e.getMessage()), 1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
      count(failures, "endless body cut", 1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Texts that the log says were answered, by protocol and method. All texts are the same: a
  /// stream, whose line has no count of answers, has their tokens.
  private static Map<String, Long> answered(Path log) throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, Long> answered = new TreeMap<>();
    long tokens = 0;
    List<JsonNode> streams = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      JsonNode call = json.readTree(line);
      if (call.get("method").asText().equals("StreamClassify")) {
        streams.add(call);
      } else if (call.get("code").asText().equals("OK")) {
        tokens = call.get("token_count").asLong() / call.get("text_count").asLong();
        String name = call.get("protocol").asText() + " " + call.get("method").asText();
        answered.merge(name, call.get("text_count").asLong(), Long::sum);
      }
    }
    for (JsonNode stream : streams) {
      answered.merge("grpc StreamClassify", stream.get("token_count").asLong() / tokens, Long::sum);
    }
    return answered;
  }

  private void awaitReady() throws InterruptedException {
    HttpRequest ready =
        HttpRequest.newBuilder(URI.create("http://localhost:%d/q/health/ready".formatted(port)))
            .build();
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

  private static void count(Map<String, AtomicLong> counts, String name, long by) {
    counts.computeIfAbsent(name, _ -> new AtomicLong()).addAndGet(by);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
