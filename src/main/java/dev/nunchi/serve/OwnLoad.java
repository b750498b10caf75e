package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.TruncationPolicy;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Calls that the server makes to itself for a while: first more than it can answer, most of them
/// so impatient that it refuses them, then one at a time. When they end, Java has compiled what
/// answers and what refuses, which callers would have waited for.
final class OwnLoad {
  /// Who call at the same time.
  static final int CALLERS = 512;

  /// How long a caller waits, the first of [#GROUP] long, the second less; all others are refused
  /// as soon as there is a queue.
  private static final Duration LONG = Duration.ofSeconds(2);

  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration NONE = Duration.ofMillis(10);
  private static final int GROUP = 16;

  /// A call of each kind but unary ones comes once in so many.
  private static final int KINDS = 8;

  /// Of a batch.
  private static final int TEXTS = 4;

  private static final int MOST_CLAUSES = 6;
  private static final List<String> CLAUSES =
      List.of(
          "정말 좋아요",
          "배송이 생각보다 늦었지만",
          "처음부터 끝까지 지루했고",
          "다시는 안 살 거예요 ㅠㅠ",
          "친절하게 설명해 주셔서",
          "가격은 19,900원인데",
          "기대를 안 했는데 재밌네 ㅋㅋ",
          "very good!",
          "별로",
          "음식이 식어서 왔습니다.");

  /// After a call that could not be made.
  private static final long RETRY_MILLIS = 20;

  private final Vertx vertx;
  private final OwnClient client;
  private final List<String> models;
  private final SplittableRandom random = new SplittableRandom(1);
  private volatile boolean stopped;

  /// @param models by name, at least one
  OwnLoad(Vertx vertx, OwnClient client, List<String> models) {
    this.vertx = vertx;
    this.client = client;
    this.models = models;
  }

  /// Blocks for about as long, or until [#stop].
  void run(Duration duration) throws InterruptedException {
    call(CALLERS, duration.multipliedBy(3).dividedBy(4));
    call(1, duration.dividedBy(4));
  }

  /// Has it end when the calls in flight have.
  void stop() {
    stopped = true;
  }

  private void call(int callers, Duration duration) throws InterruptedException {
    long end = System.nanoTime() + duration.toNanos();
    CountDownLatch open = new CountDownLatch(callers);
    for (int caller = 0; caller < callers; caller++) {
      next(caller, 0, end, open);
    }
    boolean _ = open.await(duration.plus(LONG.multipliedBy(2)).toMillis(), TimeUnit.MILLISECONDS);
  }

  private void next(int caller, int turn, long end, CountDownLatch open) {
    if (stopped || System.nanoTime() - end >= 0) {
      open.countDown();
      return;
    }
    call(caller, turn)
        .onComplete(answer -> {
          if (answer.failed()) {
            vertx.setTimer(RETRY_MILLIS, _ -> next(caller, turn + 1, end, open));
          } else {
            next(caller, turn + 1, end, open);
          }
        });
  }

  private Future<Buffer> call(int caller, int turn) {
    Duration patience =
        switch (caller % GROUP) {
          case 0 -> LONG;
          case 1 -> SHORT;
          default -> NONE;
        };
    String model = models.get((caller / GROUP + turn) % models.size());
    return switch ((caller + turn) % KINDS) {
      case 1 -> client.rest(model, text(), patience);
      case 2 -> {
        BatchClassifyRequest.Builder batch = BatchClassifyRequest.newBuilder();
        for (int i = 0; i < TEXTS; i++) {
          batch.addRequests(request(model));
        }
        yield client.grpc("BatchClassify", batch.build(), patience);
      }
      case 3 ->
          client.grpc(
              "StreamClassify",
              StreamClassifyRequest.newBuilder().setId("1").setRequest(request(model)).build(),
              patience);
      default -> client.grpc("Classify", request(model), patience);
    };
  }

  private ClassifyRequest request(String model) {
    return ClassifyRequest.newBuilder()
        .setText(text())
        .setModel(model)
        .setTruncation(TruncationPolicy.TRUNCATION_POLICY_KEEP_HEAD)
        .build();
  }

  /// One to some clauses, so that lengths are such as occur.
  private synchronized String text() {
    StringBuilder text = new StringBuilder();
    for (int left = 1 + random.nextInt(MOST_CLAUSES); left > 0; left--) {
      text.append(CLAUSES.get(random.nextInt(CLAUSES.size()))).append(' ');
    }
    return text.append(random.nextInt(1000)).toString();
  }
}
