package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Admission;
import dev.nunchi.infer.Deadline;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ClassifyStreamTest {
  private static final String REFUSED = "refused";
  private static final int WINDOW = 4;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final OpenStreams open =
      new OpenStreams(new StreamLimits(2, 0, 0, Duration.ofMinutes(5)));
  private final FakeStreamCall call = new FakeStreamCall();
  private final FakeQueue queue = new FakeQueue();

  /// A queue whose places and answers come when the test says so.
  private static final class FakeQueue {
    final List<Entry> entries = new ArrayList<>();

    record Entry(String text, CompletableFuture<Void> admitted, CompletableFuture<Answer> answer) {
      void complete() {
        admitted.complete(null);
        answer.complete(ClassifyStreamTest.answer(text));
      }
    }

    Admission<Answer> classify(ClassifyRequest request, Deadline deadline) {
      if (request.getText().startsWith(REFUSED)) {
        throw NunchiException.ofField(Reason.EMPTY_TEXT, "text", request.getText());
      }
      Entry entry =
          new Entry(request.getText(), new CompletableFuture<>(), new CompletableFuture<>());
      entries.add(entry);
      return new Admission<>(entry.admitted(), entry.answer());
    }

    /// Admits all that come.
    Admission<Answer> admitted(ClassifyRequest request, Deadline deadline) {
      Admission<Answer> admission = classify(request, deadline);
      admission.admitted().complete(null);
      return admission;
    }
  }

  /// Many orders in which items come, find places, are answered, superseded and taken by the
  /// transport: every item has its one answer, in the right order for its id, and no more than the
  /// window are held.
  @Property(tries = 1000)
  void stream_anyInterleaving_answersEachItemOnceWithinTheWindow(@ForAll long seed) {
    // All tries have one instance.
    new ClassifyStreamTest().interleave(new Random(seed));
  }

  private void interleave(Random random) {
    ClassifyStream stream = started(queue::classify, Deadline.NONE);
    Map<String, List<String>> expected = new HashMap<>();
    Map<String, FakeQueue.Entry> current = new HashMap<>();
    int delivered = 0;
    int wanted = random.nextInt(1, 60);
    while (delivered < wanted) {
      switch (random.nextInt(4)) {
        case 0 -> {
          if (call.requested.get() > delivered) {
            String id = "id" + random.nextInt(5);
            boolean refused = random.nextInt(8) == 0;
            String text = (refused ? REFUSED : "text") + delivered;
            FakeQueue.Entry older = current.remove(id);
            List<String> answers = expected.computeIfAbsent(id, _ -> new ArrayList<>());
            if (older != null) {
              answers.add("SUPERSEDED");
            }
            stream.onNext(item(id, text));
            delivered++;
            if (refused) {
              answers.add("EMPTY_TEXT " + text);
            } else {
              current.put(id, queue.entries.getLast());
            }
            if (older != null) {
              assertTrue(older.answer().isCancelled(), "what was superseded is still run");
            }
          }
        }
        case 1 -> call.makeRoom(random.nextInt(1, 4));
        case 2 -> {
          // One that waits for a place gets it.
          queue.entries.stream()
              .filter(entry -> !entry.admitted().isDone())
              .findFirst()
              .ifPresent(entry -> entry.admitted().complete(null));
        }
        default -> {
          List<String> ids = List.copyOf(current.keySet());
          if (!ids.isEmpty()) {
            String id = ids.get(random.nextInt(ids.size()));
            FakeQueue.Entry entry = Objects.requireNonNull(current.remove(id));
            expected.computeIfAbsent(id, _ -> new ArrayList<>()).add("OK " + entry.text());
            entry.complete();
          }
        }
      }
      int held = call.requested.get() - call.answers.size();
      assertTrue(held <= WINDOW, "asked for %d beyond what was answered".formatted(held));
      assertTrue(stream.unansweredCount() <= WINDOW);
      assertEquals(delivered - call.answers.size(), stream.unansweredCount());
      boolean outside = queue.entries.stream().anyMatch(ClassifyStreamTest::waits);
      assertTrue(!outside || call.requested.get() == delivered, "reads while an item waits");
    }
    stream.onCompleted();
    current.forEach((id, entry) -> {
      expected.computeIfAbsent(id, _ -> new ArrayList<>()).add("OK " + entry.text());
      entry.complete();
    });
    call.makeRoom(1000);
    assertEquals(expected, answersById());
    assertTrue(call.completed);
    assertNull(call.misuse);
    assertEquals(0, open.count());
  }

  @Test
  @Timeout(30)
  void stream_answersFromManyThreads_neverOverlap() throws Exception {
    int count = 3_000;
    LinkedBlockingQueue<CompletableFuture<Answer>> running = new LinkedBlockingQueue<>();
    ClassifyStream stream =
        started(
            (request, _) -> {
              CompletableFuture<Answer> answer = new CompletableFuture<>();
              running.add(answer);
              return new Admission<>(CompletableFuture.completedFuture(null), answer);
            },
            Deadline.NONE);
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 3; i++) {
        Future<?> _ =
            threads.submit(() -> {
              while (!done.get()) {
                CompletableFuture<Answer> next = running.poll(1, TimeUnit.MILLISECONDS);
                if (next != null) {
                  next.complete(answer("text"));
                }
              }
              return null;
            });
      }
      threads.execute(() -> {
        while (!done.get()) {
          if (!call.isReady()) {
            call.makeRoom(3);
          }
          Thread.yield();
        }
      });
      for (int i = 0; i < count; i++) {
        while (call.requested.get() <= i) {
          Thread.yield();
        }
        stream.onNext(item("id" + i, "text"));
        assertTrue(stream.unansweredCount() <= WINDOW);
      }
      stream.onCompleted();
      while (!call.completed) {
        Thread.yield();
      }
      done.set(true);
    }
    assertNull(call.misuse);
    assertEquals(
        count, call.answers.stream().map(StreamClassifyResponse::getId).distinct().count());
    assertEquals(count, call.answers.size());
  }

  @Test
  void idle_whileNothingIsAtWork_endsTheCallByName() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    call.makeRoom(10);
    stream.onNext(item("a", "text"));
    long later = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    stream.closeIfIdle(Duration.ofMinutes(1), later);
    assertNull(call.failure);
    queue.entries.getFirst().complete();
    stream.closeIfIdle(Duration.ofMinutes(3), later);
    assertNull(call.failure);
    stream.closeIfIdle(Duration.ofMinutes(1), later);
    assertEnded(Status.Code.DEADLINE_EXCEEDED);
    assertTrue(
        String.valueOf(call.failure).contains("sent nothing for 60 s"), () -> "" + call.failure);
    assertEquals(1, call.answers.size());
  }

  /// A caller who neither sends nor reads holds a place, too.
  @Test
  void idle_whileAnswersAreNotRead_endsTheCall() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    stream.onNext(item("a", "text"));
    queue.entries.getFirst().complete();
    stream.closeIfIdle(Duration.ofMinutes(1), System.nanoTime() + Duration.ofMinutes(2).toNanos());
    assertEnded(Status.Code.DEADLINE_EXCEEDED);
  }

  @Test
  void onNext_sameIdWhileItWaits_isAnsweredBeforeTheNewerOne() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    call.makeRoom(10);
    stream.onNext(item("a", "old"));
    stream.onNext(item("a", "new"));
    assertEquals(Map.of("a", List.of("SUPERSEDED")), answersById());
    assertEquals(Status.Code.ABORTED.value(), call.answers.getFirst().getError().getCode());
    // Too late: nobody waits for it.
    queue.entries.getFirst().complete();
    queue.entries.getLast().complete();
    assertEquals(Map.of("a", List.of("SUPERSEDED", "OK new")), answersById());
  }

  @Test
  void onNext_sameIdWhenItsAnswerIsThere_hasBothAnswers() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    stream.onNext(item("a", "old"));
    queue.entries.getFirst().complete();
    stream.onNext(item("a", "new"));
    queue.entries.getLast().complete();
    call.makeRoom(10);
    assertEquals(Map.of("a", List.of("OK old", "OK new")), answersById());
  }

  @Test
  void onNext_badId_isAnsweredWithTheIdInPart() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    call.makeRoom(10);
    stream.onNext(item("", "text"));
    stream.onNext(item("😀".repeat(33), "text"));
    stream.onNext(item("x".repeat(128), "text"));
    queue.entries.getFirst().complete();
    assertEquals(
        Map.of(
            "",
            List.of("INVALID_ARGUMENT The id has 0 bytes; it has 1 to 128"),
            "😀".repeat(32),
            List.of("INVALID_ARGUMENT The id has 132 bytes; it has 1 to 128"),
            "x".repeat(128),
            List.of("OK text")),
        answersById());
  }

  @Test
  void onNext_callerDoesNotRead_isHeldBack() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    for (int i = 0; i < WINDOW; i++) {
      assertEquals(i + 1, call.requested.get());
      stream.onNext(item("id" + i, "text"));
    }
    queue.entries.forEach(FakeQueue.Entry::complete);
    assertEquals(WINDOW, call.requested.get());
    assertEquals(WINDOW, stream.unansweredCount());
    assertEquals(WINDOW, open.unansweredCount());
    call.makeRoom(1);
    assertEquals(WINDOW + 1, call.requested.get());
  }

  @Test
  void cancel_withItemsWaiting_cancelsThemAndSaysNothing() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    call.makeRoom(10);
    stream.onNext(item("a", "text"));
    stream.onNext(item("b", "text"));
    call.cancel();
    call.cancel();
    queue.entries.forEach(entry -> assertTrue(entry.answer().isCancelled()));
    assertFalse(call.hasEnded());
    assertEquals(List.of(), call.answers);
    assertEquals(0, open.count());
    assertEquals(1, requests("CANCELLED"));
    // One that was on its way.
    stream.onNext(item("c", "text"));
    assertTrue(queue.entries.getLast().answer().isCancelled());
    stream.onCompleted();
    assertFalse(call.hasEnded());
  }

  @Test
  @Timeout(10)
  void deadline_passes_endsTheStreamAndWhatWaits() {
    Deadline deadline = Deadline.after(Duration.ofMillis(50), System.nanoTime());
    ClassifyStream stream = started(queue::admitted, deadline);
    call.makeRoom(10);
    stream.onNext(item("a", "text"));
    while (!call.hasEnded()) {
      Thread.onSpinWait();
    }
    assertEnded(Status.Code.DEADLINE_EXCEEDED);
    assertTrue(queue.entries.getFirst().answer().isCancelled());
  }

  @Test
  void stop_itemsWaiting_answersThemThenSaysUnavailable() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    stream.onNext(item("a", "text"));
    stream.onNext(item("b", "text"));
    open.stop(new ShutdownDelayInitiatedEvent());
    assertFalse(call.hasEnded());
    // It was on its way when the server stopped.
    stream.onNext(item("c", "text"));
    int asked = call.requested.get();
    queue.entries.forEach(FakeQueue.Entry::complete);
    assertFalse(call.hasEnded());
    call.makeRoom(10);
    assertEquals(
        Map.of("a", List.of("OK text"), "b", List.of("OK text"), "c", List.of("OK text")),
        answersById());
    assertEnded(Status.Code.UNAVAILABLE);
    assertEquals(asked, call.requested.get());
  }

  @Test
  void onCompleted_nothingSent_completes() {
    started(queue::admitted, Deadline.NONE).onCompleted();
    assertTrue(call.completed);
    assertEquals(1, requests("OK"));
  }

  @Test
  void onNext_classifierBreaks_isInternalInBand() {
    ClassifyStream stream =
        started(
            (_, _) -> {
              throw new IllegalStateException("/secret/path");
            },
            Deadline.NONE);
    call.makeRoom(10);
    stream.onNext(item("a", "text"));
    assertEquals(Map.of("a", List.of("INTERNAL The server failed")), answersById());
    assertEquals(2, call.requested.get());
  }

  @Test
  void onNext_classifierThrowsAnError_isInternalInBand() {
    ClassifyStream stream =
        started(
            (_, _) -> {
              throw new StackOverflowError();
            },
            Deadline.NONE);
    call.makeRoom(10);
    stream.onNext(item("a", "text"));
    assertEquals(Map.of("a", List.of("INTERNAL The server failed")), answersById());
  }

  /// Whatever it is: the caller hears of it, once, and the stream's place is free again.
  @Test
  void answer_transportThrowsAnError_endsTheStreamAsInternal() {
    ClassifyStream stream = started(queue::admitted, Deadline.NONE);
    call.makeRoom(10);
    stream.onNext(item("a", "text"));
    stream.onNext(item("b", "text"));
    call.broken = new OutOfMemoryError("test");
    queue.entries.getFirst().complete();
    assertEnded(Status.Code.INTERNAL);
    assertTrue(queue.entries.getLast().answer().isCancelled());
    assertEquals(1, requests("INTERNAL"));
    stream.onCompleted();
    call.cancel();
    assertNull(call.misuse);
  }

  private ClassifyStream started(
      BiFunction<ClassifyRequest, Deadline, Admission<Answer>> classify, Deadline deadline) {
    ClassifyStream stream =
        new ClassifyStream(
            call, classify, WINDOW, deadline, new Metrics(registry), open, Runnable::run);
    open.open(stream, new OpenStreams.Holder("connection", Identity.UNKNOWN));
    stream.start();
    return stream;
  }

  private double requests(String code) {
    return registry.find("nunchi.requests").tag("code", code).counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  private void assertEnded(Status.Code code) {
    StatusRuntimeException failure = assertInstanceOf(StatusRuntimeException.class, call.failure);
    assertEquals(code, failure.getStatus().getCode());
    assertEquals(0, open.count());
    assertNull(call.misuse);
  }

  private static boolean waits(FakeQueue.Entry entry) {
    return !entry.admitted().isDone() && !entry.answer().isDone();
  }

  private Map<String, List<String>> answersById() {
    Map<String, List<String>> answers = new HashMap<>();
    for (StreamClassifyResponse answer : call.answers) {
      answers.computeIfAbsent(answer.getId(), _ -> new ArrayList<>()).add(said(answer));
    }
    return answers;
  }

  private static String said(StreamClassifyResponse answer) {
    if (answer.hasResponse()) {
      return "OK " + answer.getResponse().getModel();
    }
    try {
      String reason = answer.getError().getDetails(0).unpack(ErrorInfo.class).getReason();
      return reason.equals("SUPERSEDED") ? reason : reason + " " + answer.getError().getMessage();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static StreamClassifyRequest item(String id, String text) {
    return StreamClassifyRequest.newBuilder()
        .setId(id)
        .setRequest(ClassifyRequest.newBuilder().setText(text))
        .build();
  }

  /// One that names the text, as its model.
  private static Answer answer(@Nullable String text) {
    return new Answer(
        "긍정",
        1,
        List.of(),
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        3,
        Optional.empty(),
        0,
        String.valueOf(text),
        "",
        false,
        false,
        Optional.empty(),
        Duration.ZERO,
        Duration.ZERO,
        Duration.ZERO);
  }
}
