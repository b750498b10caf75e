package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.text.Encoding;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// A queue with its workers and callers on a clock that jumps from one event to the next: minutes
/// of load take no time, and the same seed gives the same run.
///
/// How many tokens a text has shows when a worker has taken it, unless it is run with others of
/// near length: before, it has that many characters or nearly twice as many. A text of `n` tokens
/// keeps a worker for `milliseconds(n)`, a fifth more or less, drawn anew each time.
final class Simulation {
  private final Random random;
  private final int workers;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::number));
  private final Queue<Runnable> asked = new ArrayDeque<>();
  private final List<Scheduler> models = new ArrayList<>();
  final RunQueue queue;
  final Scheduler model;

  /// Every call that was made, in the order in which they came.
  final List<Call> calls = new ArrayList<>();

  /// How often as long as usual a text takes.
  double slowness = 1;

  private long now;
  private long eventCount;
  private int busy;

  /// That have ended.
  int runs;

  /// A text whose tokens are counted when it is encoded.
  private static final class Unread implements RunInput {
    @Override
    public boolean isLight() {
      return true;
    }

    private final int units;
    private final int tokens;
    private boolean encoded;

    Unread(int units, int tokens) {
      this.units = units;
      this.tokens = tokens;
    }

    @Override
    public int tokens(TokenEstimate estimate) {
      return encoded ? tokens : estimate.tokens(units, 512);
    }

    @Override
    public boolean isEncoded() {
      return encoded;
    }

    @Override
    public Encoding encoding() {
      encoded = true;
      return FakeBackend.encoding(1, tokens);
    }

    @Override
    public void teach(TokenEstimate estimate) {
      estimate.observe(units, tokens);
    }
  }

  private record Event(long at, long number, Runnable what) {}

  /// One call and what came of it.
  static final class Call {
    final String caller;
    final long at;
    final @Nullable Duration limit;
    final CompletableFuture<Void> ended = new CompletableFuture<>();
    long endedAt = -1;
    boolean answered;

    Call(String caller, long at, @Nullable Duration limit) {
      this.caller = caller;
      this.at = at;
      this.limit = limit;
    }

    double millis() {
      return (endedAt - at) / 1e6;
    }

    boolean isInTime() {
      return answered && (limit == null || endedAt - at <= limit.toNanos());
    }
  }

  Simulation(long seed, int workers, int capacity) {
    this(seed, workers, capacity, BatchMates.none());
  }

  /// @param mates of the model
  Simulation(long seed, int workers, int capacity, BatchMates mates) {
    this.random = new Random(seed);
    this.workers = workers;
    this.queue = new RunQueue(asked::add, workers, capacity, () -> now, () -> {});
    this.model = model(mates);
  }

  /// One more model on the same workers, whose texts are run alone.
  Scheduler model() {
    return model(BatchMates.none());
  }

  private Scheduler model(BatchMates mates) {
    Scheduler model = new Scheduler(FakeBackend.open(), 0, queue, mates);
    models.add(model);
    return model;
  }

  static double milliseconds(int tokens) {
    return 1 + 0.1 * tokens + 0.001 * tokens * tokens;
  }

  /// Texts of 10 to 50 tokens.
  int tokens() {
    return 10 + random.nextInt(41);
  }

  /// Texts of that kind that one worker answers in a second.
  static double perSecond() {
    double sum = 0;
    for (int n = 10; n <= 50; n++) {
      sum += milliseconds(n);
    }
    return 41 / sum * 1000;
  }

  void at(double second, Runnable what) {
    events.add(new Event((long) (second * 1e9), eventCount++, what));
  }

  double second() {
    return now / 1e9;
  }

  /// Calls at random moments, on average so many a second.
  ///
  /// @param call is told its number
  void poisson(double perSecond, double from, double to, IntConsumer call) {
    double at = from;
    for (int number = 0; at < to; number++) {
      int each = number;
      at(at, () -> call.accept(each));
      at -= Math.log(1 - random.nextDouble()) / perSecond;
    }
  }

  /// Has a caller make so many calls at a time, each anew when it has ended, or a while after it
  /// was refused.
  void closed(String caller, Terms.Urgency urgency, int inFlight, double from, double to) {
    for (int i = 0; i < inFlight; i++) {
      closed(caller, urgency, this::tokens, from, to);
    }
  }

  /// Has a caller make one call at a time, as there.
  ///
  /// @param tokens of each text
  void closed(String caller, Terms.Urgency urgency, IntSupplier tokens, double from, double to) {
    at(from, () -> again(caller, urgency, tokens, to));
  }

  private void again(String caller, Terms.Urgency urgency, IntSupplier tokens, double until) {
    if (second() < until) {
      Call call = call(model, caller, urgency, tokens.getAsInt(), null);
      call.ended.thenRun(() ->
          at(
              second() + (call.answered ? 0.0002 : 0.1),
              () -> again(caller, urgency, tokens, until)));
    }
  }

  /// Makes a call of one text.
  Call call(
      Scheduler to, String caller, Terms.Urgency urgency, int tokens, @Nullable Duration limit) {
    Call call = new Call(caller, now, limit);
    calls.add(call);
    Deadline deadline = limit == null ? Deadline.NONE : Deadline.after(limit, now);
    Terms terms = new Terms(caller, urgency, deadline);
    Unread text = new Unread(tokens * (10 + random.nextInt(9)) / 10, tokens);
    if (to.mates().needLengths()) {
      text.encoding();
    }
    try {
      CompletableFuture<Run> run = to.submit(List.of(text), terms).getFirst();
      CompletableFuture<Run> _ =
          run.whenComplete((value, _) -> {
            call.endedAt = now;
            call.answered = value != null;
            call.ended.complete(null);
          });
    } catch (NunchiException e) {
      call.endedAt = now;
      call.ended.complete(null);
    }
    return call;
  }

  /// Until all that was begun has ended.
  void run() {
    while (!events.isEmpty() || busy > 0) {
      Event event = events.remove();
      now = event.at();
      event.what().run();
      startWorkers();
    }
    models.forEach(Scheduler::close);
  }

  /// Has each worker come that was asked, and that is to have its batch for a while.
  private void startWorkers() {
    while (asked.poll() != null) {
      Batch batch = queue.next();
      if (batch == null) {
        continue;
      }
      busy++;
      batch.tickets().forEach(ticket -> ticket.input().encoding());
      if (busy > workers) {
        throw new IllegalStateException("more at a time than there are workers");
      }
      double millis =
          slowness
              * batch.tickets().stream().mapToDouble(ticket -> milliseconds(ticket.tokens())).sum()
              * (0.8 + 0.4 * random.nextDouble());
      at(
          second() + millis / 1000,
          () -> {
            busy--;
            runs++;
            batch.run(() -> now);
            queue.done(batch);
          });
    }
  }
}
