import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// Callers of a server in a process of its own, who count the texts whose answers came, and what
/// the server's access log says of them.
final class Load {
  private static final String TEXT = "이 영화 정말 재미있어요";
  private static final int BATCH = 8;

  private final int port;
  private final Map<String, AtomicLong> received = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> failures = new ConcurrentHashMap<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  Load(int port) {
    this.port = port;
  }

  /// Starts the packaged server.
  ///
  /// @param log where its access log goes
  /// @param errors where what it says goes
  static Process server(
      Path home,
      Path application,
      List<String> javaOptions,
      List<String> arguments,
      Path log,
      ProcessBuilder.Redirect errors)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Stream.of(
                    List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        // As the launcher and the image have it.
                        "-XX:+UseSerialGC",
                        "-XX:MinHeapFreeRatio=10",
                        "-XX:MaxHeapFreeRatio=40",
                        // Whole, for counting.
                        "-Dquarkus.log.handler.file.\"access-file\".rotation.max-file-size=4G"),
                    javaOptions,
                    List.of(
                        "-cp",
                        application.resolve("quarkus-run.jar").toString(),
                        "io.quarkus.bootstrap.runner.AotQuarkusEntryPoint",
                        "serve",
                        "--access-log=" + log),
                    arguments)
                .flatMap(List::stream)
                .toList());
    builder.environment().put("NUNCHI_HOME", home.toString());
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    return builder.redirectError(errors).start();
  }

  URI uri(String path) {
    return URI.create("http://localhost:%d%s".formatted(port, path));
  }

  ManagedChannel channel() {
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("localhost", port).usePlaintext().build();
    channels.add(channel);
    return channel;
  }

  void run(Runnable caller) {
    threads.add(Thread.ofPlatform().start(caller));
  }

  boolean isStopped() {
    return stopped;
  }

  /// Tells the callers to stop, and waits for them.
  void stop(int seconds) throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(seconds));
    }
  }

  void disconnect() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  void received(String name, long texts) {
    count(received, name, texts);
  }

  void failed(String what) {
    count(failures, what, 1);
  }

  Map<String, AtomicLong> failures() {
    return failures;
  }

  long received(String name) {
    return received.getOrDefault(name, new AtomicLong()).get();
  }

  static ClassifyRequest request() {
    return ClassifyRequest.newBuilder().setText(TEXT).build();
  }

  void unary(ManagedChannel channel) {
    grpc(
        "grpc Classify",
        1,
        () -> SentimentServiceGrpc.newBlockingStub(channel).classify(request()));
  }

  void batches(ManagedChannel channel) {
    BatchClassifyRequest batch =
        BatchClassifyRequest.newBuilder()
            .addAllRequests(Collections.nCopies(BATCH, request()))
            .build();
    grpc(
        "grpc BatchClassify",
        BATCH,
        () -> SentimentServiceGrpc.newBlockingStub(channel).batchClassify(batch));
  }

  /// Calls until it is told to stop, or the server has gone.
  private void grpc(String name, int texts, Runnable call) {
    while (!stopped) {
      try {
        call.run();
        received(name, texts);
      } catch (StatusRuntimeException e) {
        failed(e.getStatus().getCode() + " " + e.getStatus().getDescription());
        if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
          return;
        }
      }
    }
  }

  /// Calls until it is told to stop, or a call fails.
  void rest(HttpClient.Version version) {
    HttpRequest request =
        HttpRequest.newBuilder(uri("/v1/classify"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"%s\"}".formatted(TEXT)))
            .build();
    try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
      while (!stopped) {
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
          failed("rest: " + response.statusCode());
          return;
        }
        received("rest Classify", 1);
      }
    } catch (IOException e) {
      failed("rest %s: %s".formatted(version, e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Texts that the log says were answered, by protocol and method. All texts are the same: a
  /// stream, whose line has no count of answers, has their tokens.
  static Map<String, Long> answered(Path log) throws IOException {
    ObjectMapper json = new ObjectMapper();
    Map<String, Long> answered = new TreeMap<>();
    long tokens = 1;
    List<JsonNode> streams = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      JsonNode call = json.readTree(line);
      if (call.get("method").asText().equals("StreamClassify")) {
        streams.add(call);
      } else if (call.get("code").asText().equals("OK") && call.get("text_count").asLong() > 0) {
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

  static void await(CountDownLatch latch) {
    try {
      latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void count(Map<String, AtomicLong> counts, String name, long by) {
    counts.computeIfAbsent(name, _ -> new AtomicLong()).addAndGet(by);
  }
}
