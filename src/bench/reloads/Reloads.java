import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// Reloads a model under load, and compares the texts that the server says it answered with those
/// whose answers came.
///
/// Arguments: home and application folder of the server, port, how often.
public final class Reloads {
  private static final String TEXT = "이 영화 정말 재미있어요";
  private static final String TOKEN = "token-of-the-bench-0123456789";
  private static final int BATCH = 8;
  private static final int UNANSWERED = 32;

  private final Path home;
  private final Path application;
  private final int port;
  private final Path work;
  private final HttpClient admin = HttpClient.newHttpClient();
  private final Map<String, AtomicLong> received = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> failures = new ConcurrentHashMap<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private volatile boolean stopped;

  private Reloads(Path home, Path application, int port) throws IOException {
    this.home = home;
    this.application = application;
    this.port = port;
    this.work = Files.createTempDirectory("nunchi-reloads");
  }

  public static void main(String[] args) throws Exception {
    boolean good =
        new Reloads(Path.of(args[0]), Path.of(args[1]), Integer.parseInt(args[2]))
            .run(Integer.parseInt(args[3]));
    System.exit(good ? 0 : 1);
  }

  private boolean run(int reloads) throws Exception {
    copy(home.resolve("models/nsmc-small"), work.resolve("v0"));
    copy(home.resolve("models/nsmc-small"), work.resolve("v1"));
    Files.createSymbolicLink(work.resolve("current"), Path.of("v0"));
    Files.writeString(work.resolve("tokens"), TOKEN + "\n");
    Path log = work.resolve("access.log");
    Process server = start(log);
    try {
      awaitLoads("served", 1);
      List<Thread> callers = callers();
      List<Long> kilobytes = new ArrayList<>();
      boolean good = true;
      for (int i = 1; i <= reloads; i++) {
        good &= reload(i);
        if (i % 10 == 0) {
          kilobytes.add(residentKilobytes(server));
          System.out.printf("%d reloads: %d MB resident%n", i, kilobytes.getLast() / 1024);
        }
      }
      stopped = true;
      for (Thread caller : callers) {
        caller.join(TimeUnit.SECONDS.toMillis(30));
      }
      channels.forEach(ManagedChannel::shutdownNow);
      server.destroy();
      server.waitFor(60, TimeUnit.SECONDS);
      Map<String, Long> answered = answered(log);
      for (Map.Entry<String, Long> entry : answered.entrySet()) {
        long came = received.getOrDefault(entry.getKey(), new AtomicLong()).get();
        good &= came == entry.getValue();
        System.out.printf("%s: %d of %d%n", entry.getKey(), came, entry.getValue());
      }
      System.out.println("not answered: " + failures);
      if (kilobytes.size() > 2) {
        good &= kilobytes.getLast() <= kilobytes.get(1) * 1.1;
      }
      return good && failures.isEmpty();
    } finally {
      server.destroyForcibly();
      delete(work);
    }
  }

  /// The ways in turn; each tenth time the model is broken.
  private boolean reload(int number) throws Exception {
    double served = loads("served");
    double refused = loads("refused");
    String next = "v" + number % 2;
    if (number % 10 == 0) {
      Path broken = work.resolve(next + "/config.json");
      byte[] right = Files.readAllBytes(broken);
      Files.writeString(broken, "{}");
      lead(next);
      awaitLoads("refused", refused + 1);
      Files.write(broken, right);
      awaitLoads("served", served + 1);
      return true;
    }
    switch (number % 3) {
      case 0 -> {
        HttpResponse<String> answer =
            admin.send(
                HttpRequest.newBuilder(uri("/v1/models/nsmc-small:reload"))
                    .header("Authorization", "Bearer " + TOKEN)
                    .POST(HttpRequest.BodyPublishers.noBody())
                    .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
          System.out.printf("reload %d: %d %s%n", number, answer.statusCode(), answer.body());
          return false;
        }
      }
      case 1 -> lead(next);
      default -> writeOver(work.resolve("current").toRealPath());
    }
    awaitLoads("served", served + 1);
    return true;
  }

  private void lead(String version) throws IOException {
    Path link = Files.createSymbolicLink(work.resolve("next"), Path.of(version));
    Files.move(link, work.resolve("current"), StandardCopyOption.ATOMIC_MOVE);
  }

  /// As `cp` does: the files become empty first, and are the same files after it.
  private static void writeOver(Path directory) throws Exception {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
        Thread.sleep(20);
        Files.write(file, bytes);
      }
    }
  }

  private Process start(Path log) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-Dnunchi.reload-period=0.2S",
            "-cp",
            application.resolve("quarkus-run.jar").toString(),
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
            "serve",
            "--port",
            Integer.toString(port),
            "--model",
            work.resolve("current").toString(),
            "--admin-tokens",
            work.resolve("tokens").toString(),
            "--access-log=" + log);
    builder.environment().put("NUNCHI_HOME", home.toString());
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    return builder.redirectError(work.resolve("server.log").toFile()).start();
  }

  private List<Thread> callers() {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      ManagedChannel channel =
          ManagedChannelBuilder.forAddress("localhost", port).usePlaintext().build();
      channels.add(channel);
      for (int j = 0; j < 4; j++) {
        threads.add(grpc("grpc Classify", 1, () -> classify(channel)));
      }
      threads.add(grpc("grpc BatchClassify", BATCH, () -> batch(channel)));
      threads.add(Thread.ofPlatform().start(() -> stream(channel)));
      HttpClient.Version version = HttpClient.Version.values()[i];
      threads.add(Thread.ofPlatform().start(() -> rest(version)));
    }
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

  /// One stream for all reloads.
  private void stream(ManagedChannel channel) {
    CountDownLatch end = new CountDownLatch(1);
    Semaphore places = new Semaphore(UNANSWERED);
    StreamObserver<StreamClassifyRequest> items =
        SentimentServiceGrpc.newStub(channel)
            .streamClassify(
                new StreamObserver<>() {
                  @Override
                  public void onNext(StreamClassifyResponse answer) {
                    places.release();
                    if (answer.hasResponse()) {
                      count(received, "grpc StreamClassify", 1);
                    } else {
                      count(failures, "item: " + answer.getError().getMessage(), 1);
                    }
                  }

                  @Override
                  public void onError(Throwable failure) {
                    count(failures, "stream: " + failure.getMessage(), 1);
                    end.countDown();
                  }

                  @Override
                  public void onCompleted() {
                    end.countDown();
                  }
                });
    for (long id = 0; !stopped && end.getCount() > 0; id++) {
      try {
        if (places.tryAcquire(1, TimeUnit.SECONDS)) {
          items.onNext(
              StreamClassifyRequest.newBuilder()
                  .setId(Long.toString(id))
                  .setRequest(request())
                  .build());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    items.onCompleted();
    await(end);
  }

  private void rest(HttpClient.Version version) {
    HttpRequest request =
        HttpRequest.newBuilder(uri("/v1/classify"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"%s\"}".formatted(TEXT)))
            .build();
    try (HttpClient client = HttpClient.newBuilder().version(version).build()) {
      while (!stopped) {
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() == 200) {
          count(received, "rest Classify", 1);
        } else {
          count(failures, "rest: " + response.statusCode(), 1);
        }
      }
    } catch (IOException e) {
      count(failures, "rest %s: %s".formatted(version, e.getMessage()), 1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Texts that the log says were answered, by protocol and method. All texts are the same: a
  /// stream, whose line has no count of answers, has their tokens.
  private static Map<String, Long> answered(Path log) throws IOException {
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

  private void awaitLoads(String outcome, double count) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (loads(outcome) < count) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(
            "No load is %s\n%s".formatted(outcome, Files.readString(work.resolve("server.log"))));
      }
      Thread.sleep(50);
    }
  }

  private double loads(String outcome) throws InterruptedException {
    try {
      return admin
          .send(
              HttpRequest.newBuilder(uri("/q/metrics")).build(),
              HttpResponse.BodyHandlers.ofString())
          .body()
          .lines()
          .filter(line -> line.startsWith("nunchi_model_loads_total{") && line.contains(outcome))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .sum();
    } catch (IOException e) {
      // Not yet.
      return -1;
    }
  }

  private static long residentKilobytes(Process server) throws IOException {
    return Files.readAllLines(Path.of("/proc/%d/status".formatted(server.pid()))).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  private URI uri(String path) {
    return URI.create("http://localhost:%d%s".formatted(port, path));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
        Files.delete(file);
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
