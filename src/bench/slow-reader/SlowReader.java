import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Sends items as fast as it may, reads their answers slowly, and watches the server's memory.
///
/// Arguments: port and process id of the server, items, answers read each second.
public final class SlowReader {
  private static final long TICK_MILLIS = 10;
  private static final long REPORT_MILLIS = 2000;

  private final HttpClient http = HttpClient.newHttpClient();
  private final int port;
  private final long server;
  private final int items;
  private final BitSet answered = new BitSet();
  private final AtomicInteger read = new AtomicInteger();
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile ClientCallStreamObserver<StreamClassifyRequest> call;
  private volatile Throwable failure;
  private int twice;

  private SlowReader(int port, long server, int items) {
    this.port = port;
    this.server = server;
    this.items = items;
  }

  public static void main(String[] args) throws Exception {
    new SlowReader(Integer.parseInt(args[0]), Long.parseLong(args[1]), Integer.parseInt(args[2]))
        .run(Integer.parseInt(args[3]));
  }

  private void run(int answersPerSecond) throws Exception {
    awaitReady();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("localhost", port)
            .usePlaintext()
            .flowControlWindow(64 << 10)
            .build();
    SentimentServiceGrpc.newStub(channel).streamClassify(new Answers());
    ClassifyRequest request = ClassifyRequest.newBuilder().setText("재밌다").build();
    List<Long> resident = new ArrayList<>();
    long mostHeld = 0;
    int sent = 0;
    int asked = 0;
    long start = System.nanoTime();
    long reported = -REPORT_MILLIS;
    System.out.println(
        "| seconds | sent | read | held by the server | resident set |\n"
            + "| ------- | ---- | ---- | ------------------ | ------------ |");
    while (end.getCount() > 0) {
      long millis = (System.nanoTime() - start) / 1_000_000;
      while (sent < items && call.isReady()) {
        call.onNext(
            StreamClassifyRequest.newBuilder()
                .setId(Integer.toString(sent++))
                .setRequest(request)
                .build());
        if (sent == items) {
          call.onCompleted();
        }
      }
      int due = (int) (millis * answersPerSecond / 1000) - asked;
      if (due > 0) {
        call.request(due);
        asked += due;
      }
      if (millis - reported >= REPORT_MILLIS) {
        reported = millis;
        long held = held();
        mostHeld = Math.max(mostHeld, held);
        resident.add(residentKilobytes());
        System.out.printf(
            Locale.ROOT,
            "| %7.1f | %5d | %5d | %4d | %7.1f MB |%n",
            millis / 1000.0,
            sent,
            read.get(),
            held,
            resident.getLast() / 1024.0);
      }
      Thread.sleep(TICK_MILLIS);
    }
    channel.shutdownNow();
    int quarter = resident.size() / 4;
    long base = resident.get(quarter);
    long most =
        resident.subList(quarter, resident.size()).stream().mapToLong(x -> x).max().getAsLong();
    System.out.printf(
        Locale.ROOT,
        "items %d, answered %d, twice %d, failure %s; most held %d; resident set after the first"
            + " quarter %.1f MB, most after it %.1f MB (%+.1f %%)%n",
        items,
        answered.cardinality(),
        twice,
        failure,
        mostHeld,
        base / 1024.0,
        most / 1024.0,
        100.0 * (most - base) / base);
  }

  private final class Answers
      implements ClientResponseObserver<StreamClassifyRequest, StreamClassifyResponse> {
    @Override
    public void beforeStart(ClientCallStreamObserver<StreamClassifyRequest> stream) {
      call = stream;
      stream.disableAutoRequestWithInitial(0);
    }

    @Override
    public void onNext(StreamClassifyResponse answer) {
      int id = Integer.parseInt(answer.getId());
      if (answered.get(id) || !answer.hasResponse()) {
        twice++;
      }
      answered.set(id);
      read.incrementAndGet();
    }

    @Override
    public void onError(Throwable thrown) {
      failure = thrown;
      end.countDown();
    }

    @Override
    public void onCompleted() {
      end.countDown();
    }
  }

  private void awaitReady() throws Exception {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < limit) {
      try {
        if (get("/q/health/ready").statusCode() == 200) {
          return;
        }
      } catch (IOException notYet) {
        Thread.sleep(100);
      }
    }
    throw new IllegalStateException("The server is not ready");
  }

  private long held() throws Exception {
    return get("/q/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("nunchi_stream_items_unanswered"))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private long residentKilobytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + server + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IllegalStateException("The server has no resident set");
  }
}
