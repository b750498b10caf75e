import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Reloads a model under load, and compares the texts that the server says it answered with those
/// whose answers came.
///
/// Arguments: home and application folder of the server, port, how often.
public final class Reloads {
  private static final String TOKEN = "token-of-the-bench-0123456789";
  private static final int UNANSWERED = 32;

  private final Path home;
  private final Path application;
  private final int port;
  private final Path work;
  private final HttpClient admin = HttpClient.newHttpClient();
  private final Load load;

  private Reloads(Path home, Path application, int port) throws IOException {
    this.home = home;
    this.application = application;
    this.port = port;
    this.load = new Load(port);
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
    Process server =
        Load.server(
            home,
            application,
            List.of("-Dnunchi.reload-period=0.2S"),
            List.of(
                "--port",
                Integer.toString(port),
                "--model",
                work.resolve("current").toString(),
                "--admin-tokens",
                work.resolve("tokens").toString()),
            log,
            ProcessBuilder.Redirect.to(work.resolve("server.log").toFile()));
    try {
      awaitLoads("served", 1);
      call();
      List<Long> kilobytes = new ArrayList<>();
      boolean good = true;
      for (int i = 1; i <= reloads; i++) {
        good &= reload(i);
        if (i % 10 == 0) {
          kilobytes.add(residentKilobytes(server));
          System.out.printf("%d reloads: %d MB resident%n", i, kilobytes.getLast() / 1024);
        }
      }
      load.stop(30);
      load.disconnect();
      server.destroy();
      server.waitFor(60, TimeUnit.SECONDS);
      for (Map.Entry<String, Long> entry : Load.answered(log).entrySet()) {
        long came = load.received(entry.getKey());
        good &= came == entry.getValue();
        System.out.printf("%s: %d of %d%n", entry.getKey(), came, entry.getValue());
      }
      System.out.println("not answered: " + load.failures());
      if (kilobytes.size() > 2) {
        good &= kilobytes.getLast() <= kilobytes.get(1) * 1.1;
      }
      return good && load.failures().isEmpty();
    } finally {
      server.destroyForcibly();
      delete(work);
    }
  }

  /// The ways in turn; each tenth time the model is broken.
  private boolean reload(int number) throws Exception {
    double served = loads("served");
    double refused = loads("refused");
    boolean first = work.resolve("current").toRealPath().endsWith("v0");
    String next = first ? "v1" : "v0";
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
                HttpRequest.newBuilder(load.uri("/v1/models/nsmc-small:reload"))
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

  private void call() {
    for (int i = 0; i < 2; i++) {
      ManagedChannel channel = load.channel();
      for (int j = 0; j < 4; j++) {
        load.run(() -> load.unary(channel));
      }
      load.run(() -> load.batches(channel));
      load.run(() -> stream(channel));
      HttpClient.Version version = HttpClient.Version.values()[i];
      load.run(() -> load.rest(version));
    }
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
                      load.received("grpc StreamClassify", 1);
                    } else {
                      load.failed("item: " + answer.getError().getMessage());
                    }
                  }

                  @Override
                  public void onError(Throwable failure) {
                    load.failed("stream: " + failure.getMessage());
                    end.countDown();
                  }

                  @Override
                  public void onCompleted() {
                    end.countDown();
                  }
                });
    for (long id = 0; !load.isStopped() && end.getCount() > 0; id++) {
      try {
        if (places.tryAcquire(1, TimeUnit.SECONDS)) {
          items.onNext(
              StreamClassifyRequest.newBuilder()
                  .setId(Long.toString(id))
                  .setRequest(Load.request())
                  .build());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    items.onCompleted();
    Load.await(end);
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
              HttpRequest.newBuilder(load.uri("/q/metrics")).build(),
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
}
