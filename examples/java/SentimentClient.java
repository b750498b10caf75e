import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import grpc.health.v1.HealthGrpc; // Outside this project: io.grpc.health.v1 of grpc-services.
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A client of Nunchi; examples/README.md says how to run it.
public final class SentimentClient implements AutoCloseable {
  /// Texts that are sent and not yet answered, at most; the server's own bound is
  /// `limits.max_stream_item_count` of `GetModel`.
  private static final int WINDOW = 64;

  private static final Duration FIRST_WAIT = Duration.ofMillis(100);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

  private final ManagedChannel channel;
  private final SentimentServiceGrpc.SentimentServiceStub stub;
  private final SentimentServiceGrpc.SentimentServiceBlockingStub blockingStub;

  /// @param token null where the server asks for none
  public SentimentClient(String target, ChannelCredentials credentials, String token) {
    channel = Grpc.newChannelBuilder(target, credentials).build();
    Metadata headers = new Metadata();
    if (token != null) {
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    }
    var interceptor = MetadataUtils.newAttachHeadersInterceptor(headers);
    stub = SentimentServiceGrpc.newStub(channel).withInterceptors(interceptor);
    blockingStub = SentimentServiceGrpc.newBlockingStub(channel).withInterceptors(interceptor);
  }

  /// @throws StatusRuntimeException with `DEADLINE_EXCEEDED` if there is no answer in that time
  public ClassifyResponse classify(String text, Duration deadline) {
    return blockingStub
        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .classify(ClassifyRequest.newBuilder().setText(text).build());
  }

  /// `SERVING` if the server takes calls. Health needs no token.
  public String health(Duration deadline) {
    return HealthGrpc.newBlockingStub(channel)
        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
        .check(HealthCheckRequest.getDefaultInstance())
        .getStatus()
        .name();
  }

  /// Has every text answered once, under its number from 1 as its id, in any order. Opens the
  /// stream again if the server goes away, and sends again what has no answer.
  public void classifyAll(Iterator<String> texts, Consumer<StreamClassifyResponse> answers)
      throws InterruptedException {
    Map<String, StreamClassifyRequest> unanswered = new LinkedHashMap<>();
    long count = 0;
    Duration wait = FIRST_WAIT;
    while (true) {
      BlockingQueue<Event> events = new LinkedBlockingQueue<>();
      StreamObserver<StreamClassifyRequest> items = stub.streamClassify(new Events(events));
      unanswered.values().forEach(items::onNext);
      boolean allSent = false;
      Event event;
      do {
        while (unanswered.size() < WINDOW && texts.hasNext()) {
          StreamClassifyRequest item =
              StreamClassifyRequest.newBuilder()
                  .setId(Long.toString(++count))
                  .setRequest(ClassifyRequest.newBuilder().setText(texts.next()))
                  .build();
          unanswered.put(item.getId(), item);
          items.onNext(item);
        }
        if (!allSent && !texts.hasNext()) {
          items.onCompleted();
          allSent = true;
        }
        event = events.take();
        if (event instanceof Answer answer
            && unanswered.remove(answer.response().getId()) != null) {
          answers.accept(answer.response());
          wait = FIRST_WAIT;
        }
      } while (event instanceof Answer);
      Status end = ((End) event).status();
      if (end.isOk() && unanswered.isEmpty() && allSent) {
        return;
      }
      if (!end.isOk() && end.getCode() != Status.Code.UNAVAILABLE) {
        throw end.asRuntimeException();
      }
      // Some more or less than that, so that not all clients come back in the same moment.
      Thread.sleep((long) (wait.toMillis() * ThreadLocalRandom.current().nextDouble(0.5, 1.5)));
      wait = wait.multipliedBy(2).compareTo(LONGEST_WAIT) < 0 ? wait.multipliedBy(2) : LONGEST_WAIT;
    }
  }

  private sealed interface Event {}

  private record Answer(StreamClassifyResponse response) implements Event {}

  private record End(Status status) implements Event {}

  private record Events(BlockingQueue<Event> queue)
      implements StreamObserver<StreamClassifyResponse> {
    @Override
    public void onNext(StreamClassifyResponse response) {
      queue.add(new Answer(response));
    }

    @Override
    public void onError(Throwable failure) {
      queue.add(new End(Status.fromThrowable(failure)));
    }

    @Override
    public void onCompleted() {
      queue.add(new End(Status.OK));
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> options =
        new HashMap<>(Map.of("target", "localhost:8080", "deadline", "1"));
    List<String> words = new ArrayList<>(List.of(args));
    while (!words.isEmpty() && words.getFirst().startsWith("--")) {
      options.put(words.removeFirst().substring(2), words.removeFirst());
    }
    String command = words.isEmpty() ? "" : words.removeFirst();
    Duration deadline =
        Duration.ofMillis((long) (Double.parseDouble(options.get("deadline")) * 1000));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (SentimentClient client =
        new SentimentClient(
            options.get("target"), credentials(options), System.getenv("NUNCHI_TOKEN"))) {
      switch (command) {
        case "health" -> out.println(client.health(deadline));
        case "classify" -> {
          for (String text : words) {
            ClassifyResponse answer = client.classify(text, deadline);
            out.printf("%s\t%.4f\t%s%n", answer.getLabel(), answer.getConfidence(), text);
          }
        }
        case "stream" -> {
          var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
          client.classifyAll(lines.lines().iterator(), answer -> print(answer, out));
        }
        default -> {
          System.err.println("One of: health, classify TEXT..., stream");
          System.exit(2);
        }
      }
    } catch (StatusRuntimeException e) {
      System.err.println(e.getStatus().getCode() + ": " + e.getStatus().getDescription());
      System.exit(1);
    }
  }

  private static void print(StreamClassifyResponse answer, PrintStream out) {
    if (answer.hasError()) {
      out.printf("%s\terror\t%s%n", answer.getId(), answer.getError().getMessage());
    } else {
      ClassifyResponse response = answer.getResponse();
      out.printf("%s\t%s\t%.4f%n", answer.getId(), response.getLabel(), response.getConfidence());
    }
  }

  private static ChannelCredentials credentials(Map<String, String> options) throws IOException {
    if (!options.containsKey("ca")) {
      return InsecureChannelCredentials.create();
    }
    var credentials = TlsChannelCredentials.newBuilder().trustManager(new File(options.get("ca")));
    if (options.containsKey("cert")) {
      credentials.keyManager(new File(options.get("cert")), new File(options.get("key")));
    }
    return credentials.build();
  }
}
