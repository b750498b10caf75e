import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Measures what an honest caller sees beside each attack.
///
/// Arguments: home and application folder of the server, a folder to write to, port, seconds, seed,
/// heap, and the attacks (all where none is named).
public final class Attacks {
  static final String HONEST = "honest-token-0123456789";
  static final String HOSTILE = "hostile-token-0123456789";

  private static final List<String> ALL =
      List.of("none", "pipelining", "idle", "streams", "large", "headers", "bodies", "answers");
  private static final long MOST_MILLIS = 250;

  /// For the server to give memory back.
  private static final long AFTER_MILLIS =
      TimeUnit.SECONDS.toMillis(Long.parseLong(System.getenv().getOrDefault("AFTER", "60")));

  /// As the launcher and the image start it.
  private static final String COLLECTOR =
      "-XX:+UseSerialGC -XX:InitialRAMPercentage=0.1 -XX:MaxHeapFreeRatio=40";

  private final Path home;
  private final Path application;
  private final Path work;
  private final int port;
  private final int seconds;
  private final String seed;
  private final String heap;

  private final List<Double> latencies = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, Integer> failures = Collections.synchronizedMap(new TreeMap<>());
  private final AtomicInteger late = new AtomicInteger();
  private volatile long mostResident;
  private volatile boolean ended;
  private ManagedChannel channel;

  private Attacks(String[] args) {
    home = Path.of(args[0]);
    application = Path.of(args[1]);
    work = Path.of(args[2]);
    port = Integer.parseInt(args[3]);
    seconds = Integer.parseInt(args[4]);
    seed = args[5];
    heap = args[6];
  }

  public static void main(String[] args) throws Exception {
    List<String> attacks = args.length > 7 ? List.of(args).subList(7, args.length) : ALL;
    System.out.println(
        "| attack | calls | p50 ms | p99 ms | most ms | failed | readiness late | resident set"
            + " before, at most, after (MB) |\n"
            + "| --- | --- | --- | --- | --- | --- | --- | --- |");
    boolean good = true;
    for (String attack : attacks) {
      good &= new Attacks(args).beside(attack);
    }
    System.exit(good ? 0 : 1);
  }

  private boolean beside(String attack) throws Exception {
    Process server = start();
    Runtime.getRuntime().addShutdownHook(new Thread(server::destroyForcibly));
    try {
      awaitReady(server);
      List<Thread> callers = callers(server);
      Thread.sleep(TimeUnit.SECONDS.toMillis(3 + seconds / 10));
      failures.clear();
      late.set(0);
      latencies.clear();
      long before = resident(server);
      Process attacker = attacker(attack);
      Runtime.getRuntime().addShutdownHook(new Thread(attacker::destroyForcibly));
      attacker.waitFor();
      List<Double> measured = List.copyOf(latencies);
      Thread.sleep(AFTER_MILLIS);
      long after = resident(server);
      ended = true;
      for (Thread caller : callers) {
        caller.join();
      }
      channel.shutdownNow();
      return report(attack, measured, before, after);
    } finally {
      server.destroy();
      server.waitFor(30, TimeUnit.SECONDS);
      server.destroyForcibly();
    }
  }

  private boolean report(String attack, List<Double> measured, long before, long after) {
    List<Double> sorted = measured.stream().sorted().toList();
    double p99 = at(sorted, 0.99);
    System.out.printf(
        Locale.ROOT,
        "| %s | %d | %.1f | %.1f | %.1f | %s | %d | %d, %d, %d |%n",
        attack,
        sorted.size(),
        at(sorted, 0.5),
        p99,
        at(sorted, 1),
        failures.isEmpty() ? "0" : failures,
        late.get(),
        before,
        mostResident,
        after);
    return p99 <= MOST_MILLIS && failures.isEmpty() && late.get() == 0;
  }

  private static double at(List<Double> sorted, double part) {
    return sorted.isEmpty()
        ? Double.POSITIVE_INFINITY
        : sorted.get((int) Math.min(sorted.size() - 1.0, part * sorted.size()));
  }

  private Process start() throws IOException {
    Path tokens = Files.writeString(work.resolve("tokens"), HONEST + "\n" + HOSTILE + "\n");
    List<String> arguments =
        new ArrayList<>(
            List.of(System.getenv().getOrDefault("JAVA_OPTS", COLLECTOR).strip().split("\\s+")));
    arguments.addAll(
        List.of(
            "-Xmx" + heap,
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-cp",
            application.resolve("quarkus-run.jar").toString(),
            "io.quarkus.bootstrap.runner.AotQuarkusEntryPoint",
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            Integer.toString(port),
            "--model",
            home.resolve("models/nsmc-small").toString(),
            "--tokens",
            tokens.toString()));
    return process(arguments.toArray(String[]::new));
  }

  private Process attacker(String attack) throws IOException {
    List<String> command = new ArrayList<>(List.of("nice", "-n", "19"));
    command.addAll(
        command(
            "-Xmx512m",
            "-Dslf4j.internal.verbosity=ERROR",
            "-cp",
            System.getProperty("java.class.path"),
            "Attacker",
            attack,
            Integer.toString(port),
            Integer.toString(seconds),
            seed));
    return new ProcessBuilder(command).inheritIO().start();
  }

  private Process process(String... arguments) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command(arguments));
    builder.environment().put("NUNCHI_HOME", home.toString());
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
    return builder.inheritIO().start();
  }

  private static List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of(arguments));
    return command;
  }

  private List<Thread> callers(Process server) {
    channel = ManagedChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + HONEST);
    SentimentServiceGrpc.SentimentServiceBlockingStub stub =
        SentimentServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    ClassifyRequest request = ClassifyRequest.newBuilder().setText("이 영화 정말 재미있어요").build();
    return List.of(
        every(
            100,
            "grpc",
            () -> {
              Object _ = stub.withDeadlineAfter(5, TimeUnit.SECONDS).classify(request);
            }),
        every(
            500,
            "rest",
            () -> {
              try (HttpClient fresh = HttpClient.newHttpClient()) {
                HttpResponse<String> answer =
                    fresh.send(
                        get("/v1/classify")
                            .version(HttpClient.Version.HTTP_1_1)
                            .header("Content-Type", "application/json")
                            .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"재미있어요\"}"))
                            .build(),
                        HttpResponse.BodyHandlers.ofString());
                check(answer);
              }
            }),
        every(250, "readiness", () -> look("/q/health/ready")),
        every(
            1000,
            "metrics",
            () -> {
              look("/q/metrics");
              mostResident = Math.max(mostResident, resident(server));
            }));
  }

  private void look(String path) throws Exception {
    long began = System.nanoTime();
    try (HttpClient fresh = HttpClient.newHttpClient()) {
      check(
          fresh.send(
              get(path).version(HttpClient.Version.HTTP_1_1).build(),
              HttpResponse.BodyHandlers.ofString()));
    }
    if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(1)) {
      late.incrementAndGet();
    }
  }

  private HttpRequest.Builder get(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(port, path)))
        .timeout(Duration.ofSeconds(5))
        .header("Authorization", "Bearer " + HONEST);
  }

  private static void check(HttpResponse<String> answer) {
    if (answer.statusCode() != 200) {
      throw new IllegalStateException("status " + answer.statusCode());
    }
  }

  private interface Call {
    void run() throws Exception;
  }

  /// Latencies of calls are from when they were to begin.
  private Thread every(long millis, String name, Call call) {
    return Thread.ofPlatform()
        .start(() -> {
          long due = System.nanoTime();
          while (!ended) {
            due += TimeUnit.MILLISECONDS.toNanos(millis);
            try {
              TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
              call.run();
              if (name.equals("grpc") || name.equals("rest")) {
                latencies.add((System.nanoTime() - due) / 1e6);
              }
            } catch (Exception e) {
              failures.merge(name + ": " + e.getMessage().replaceFirst(":.*", ""), 1, Integer::sum);
              due = System.nanoTime();
            }
          }
        });
  }

  private void awaitReady(Process server) throws Exception {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (System.nanoTime() < limit && server.isAlive()) {
      try {
        look("/q/health/ready");
        late.set(0);
        return;
      } catch (IOException | IllegalStateException notYet) {
        Thread.sleep(100);
      }
    }
    throw new IllegalStateException("The server is not ready");
  }

  private static long resident(Process server) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + server.pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
      }
    }
    throw new IllegalStateException("The server has no resident set");
  }
}
