package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Admission;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.Futures;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// One `StreamClassify` call: items in, one answer out for each, in no order.
///
/// Guarantees: an item that was read is answered exactly once, unless the call ends before: by
/// being cancelled, broken or past its deadline. At most `window` items are between being read and
/// their answer's being handed to a transport that takes it, so a caller who does not read stops
/// being read. An item that finds its model's queue full waits for a place, and holds back those
/// after it; so each stream has at most one item waiting outside the queue.
///
/// Design: items come from the event loop, answers from it or from a worker, the end from either or
/// from a timer. Each leaves a note in a mailbox; who leaves the first one has the event loop work
/// it off, with the notes that come meanwhile. So the state below has one owner at a time, without
/// a lock, and calls of the observer never overlap; and the event loop knows of a caller's reset
/// before it could write to what is gone. Texts are checked before the note, on the thread that
/// brings them.
final class ClassifyStream implements StreamObserver<StreamClassifyRequest> {
  private static final Logger LOG = Logger.getLogger(ClassifyStream.class);
  private static final int MOST_ID_BYTES = 128;
  private static final long GRACE_MILLIS = 100;

  private final ServerCallStreamObserver<StreamClassifyResponse> call;
  private final BiFunction<ClassifyRequest, Deadline, Admission<Answer>> classify;
  private final int window;
  private final Deadline deadline;
  private final Metrics metrics;
  private final OpenStreams open;
  private final Executor eventLoop;

  private final Queue<Runnable> mailbox = new ConcurrentLinkedQueue<>();
  private final AtomicInteger notes = new AtomicInteger();
  private final CompletableFuture<Void> timer = new CompletableFuture<>();

  /// Items that have no answer yet, by id.
  private final Map<String, Item> waiting = new HashMap<>();

  /// Answers that the transport has not taken.
  private final Queue<StreamClassifyResponse> answers = new ArrayDeque<>();

  /// The item that waits for a place in the queue.
  private @Nullable Item outside;

  /// Whether an item was asked for that has not come.
  private boolean asked;

  /// Whether no more items are read, and the call ends when all are answered.
  private boolean closing;

  /// What it ends with then; null if all went well.
  private @Nullable Failure last;

  private boolean ended;

  /// Whether the caller went.
  private boolean gone;

  /// Items that were read and have no answer that the transport took; for whoever looks.
  private volatile int unanswered;

  /// When an item last came, or was answered.
  private volatile long since = System.nanoTime();

  private record Item(String id, Admission<Answer> admission) {}

  /// @param classify as [Classification#classifyWhenFree]; what it throws is the item's answer
  /// @param window most items that are read and not answered
  /// @param eventLoop runs one task at a time, on the thread that tells of the call's end
  ClassifyStream(
      ServerCallStreamObserver<StreamClassifyResponse> call,
      BiFunction<ClassifyRequest, Deadline, Admission<Answer>> classify,
      int window,
      Deadline deadline,
      Metrics metrics,
      OpenStreams open,
      Executor eventLoop) {
    this.call = call;
    this.classify = classify;
    this.window = window;
    this.deadline = deadline;
    this.metrics = metrics;
    this.open = open;
    this.eventLoop = eventLoop;
  }

  /// Begins to read; to be called before the call's handler returns.
  void start() {
    call.disableAutoRequest();
    call.setOnReadyHandler(() -> leave(() -> {}));
    call.setOnCancelHandler(this::disconnected);
    CompletableFuture<Void> _ = timer.thenRun(() -> leave(this::expire));
    deadline
        .remaining(System.nanoTime())
        .ifPresent(left ->
            timer.completeOnTimeout(null, Math.max(0, left.toNanos()), TimeUnit.NANOSECONDS));
    leave(() -> {});
  }

  @Override
  public void onNext(StreamClassifyRequest item) {
    since = System.nanoTime();
    String id = item.getId();
    int bytes = id.getBytes(StandardCharsets.UTF_8).length;
    if (bytes >= 1 && bytes <= MOST_ID_BYTES) {
      Item next = new Item(id, admission(item.getRequest()));
      leave(() -> accept(next));
    } else {
      leave(() -> acceptNameless(id, bytes));
    }
  }

  @Override
  public void onCompleted() {
    leave(() -> closing = true);
  }

  @Override
  public void onError(Throwable failure) {
    // The caller is gone, and the cancel handler knows.
  }

  /// The caller is gone; nothing to do where the call has ended.
  void disconnected() {
    leave(() -> {
      gone = true;
      end(Failure.of(new CancellationException()));
    });
  }

  /// Items that were read and have no answer that the transport took.
  int unansweredCount() {
    return unanswered;
  }

  /// Reads no more, answers what was read, and then ends the call with this.
  void close(Throwable reason) {
    leave(() -> {
      closing = true;
      last = Failure.of(reason);
    });
  }

  /// Ends the call where nothing has come, and nothing was at work, for that long; answers that the
  /// caller has not read by then it reads no more. That its connection is alive says nothing.
  void closeIfIdle(Duration idle, long now) {
    if (now - since > idle.toNanos()) {
      leave(() -> {
        if (!ended && waiting.isEmpty()) {
          finish(
              Failure.of(
                  new NunchiException(
                      Reason.DEADLINE_EXCEEDED,
                      "The stream sent nothing for %d s, after which it ends; open another one when"
                              .formatted(idle.toSeconds())
                          + " there is something to send")));
        }
      });
    }
  }

  @SuppressWarnings("CatchThrowable")
  private Admission<Answer> admission(ClassifyRequest request) {
    try {
      return classify.apply(request, deadline);
    } catch (Throwable e) {
      return Admission.failed(e);
    }
  }

  private void accept(Item item) {
    asked = false;
    if (ended) {
      item.admission().answer().cancel(false);
      return;
    }
    Item older = waiting.put(item.id(), item);
    if (older != null) {
      older.admission().answer().cancel(false);
      refuse(older.id(), new NunchiException(Reason.SUPERSEDED, "A newer item has the same id"));
    }
    outside = item;
    CompletableFuture<Void> _ =
        item.admission().admitted().thenRun(() -> leave(() -> admitted(item)));
    Futures.whenDone(
        item.admission().answer(),
        (answer, failure) -> leave(() -> answered(item, answer, failure)));
  }

  /// An item whose id is none: it takes no other item's place. A long id is given back in part.
  private void acceptNameless(String id, int bytes) {
    asked = false;
    if (!ended) {
      refuse(
          // No character has more than four bytes.
          id.codePoints()
              .limit(MOST_ID_BYTES / 4)
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString(),
          NunchiException.ofField(
              Reason.INVALID_ARGUMENT,
              "id",
              "The id has %d bytes; it has 1 to %d".formatted(bytes, MOST_ID_BYTES)));
    }
  }

  private void admitted(Item item) {
    if (item.equals(outside)) {
      outside = null;
    }
  }

  private void answered(Item item, @Nullable Answer answer, @Nullable Throwable failure) {
    if (!waiting.remove(item.id(), item)) {
      return;
    }
    since = System.nanoTime();
    admitted(item);
    if (answer == null) {
      refuse(item.id(), failure == null ? new IllegalStateException("No answer") : within(failure));
      return;
    }
    metrics.item(Status.Code.OK);
    answers.add(
        StreamClassifyResponse.newBuilder()
            .setId(item.id())
            .setResponse(GrpcMessages.response(answer))
            .build());
  }

  /// What was refused of an item's request, as a part of the item.
  private static Throwable within(Throwable failure) {
    return failure instanceof NunchiException refusal ? refusal.in("request") : failure;
  }

  private void refuse(String id, Throwable reason) {
    Failure failure = Failure.of(reason);
    metrics.item(failure);
    @Nullable CallTrace trace = CallRecord.current().trace();
    if (trace != null) {
      trace.refusedItem(failure.reason());
    }
    answers.add(
        StreamClassifyResponse.newBuilder().setId(id).setError(GrpcErrors.status(failure)).build());
  }

  /// Lets go at once, but tells it a little later: a caller with the same deadline resets the
  /// stream at this very moment, and what is written to a stream that is gone can cost the
  /// connection.
  private void expire() {
    if (!ended) {
      Failure expired =
          Failure.of(new NunchiException(Reason.DEADLINE_EXCEEDED, "The stream's deadline passed"));
      end(expired);
      CompletableFuture.delayedExecutor(GRACE_MILLIS, TimeUnit.MILLISECONDS)
          .execute(() ->
              leave(() -> {
                if (!gone) {
                  call.onError(GrpcErrors.exception(expired));
                }
              }));
    }
  }

  /// Leaves a note, and has the mailbox worked off unless somebody is at it.
  private void leave(Runnable note) {
    mailbox.add(note);
    if (notes.getAndIncrement() == 0) {
      eventLoop.execute(this::workOff);
    }
  }

  @SuppressWarnings("CatchThrowable")
  private void workOff() {
    int worked = 1;
    while (worked > 0) {
      try {
        for (Runnable next = mailbox.poll(); next != null; next = mailbox.poll()) {
          next.run();
        }
        advance();
      } catch (Throwable e) {
        abort(e);
      }
      worked = notes.addAndGet(-worked);
    }
  }

  /// Does what the state allows: sends answers, asks for an item, ends the call.
  private void advance() {
    sendAnswers();
    unanswered = waiting.size() + answers.size();
    if (ended) {
      return;
    }
    if (closing) {
      if (unanswered == 0) {
        finish(last);
      }
    } else if (!asked && outside == null && unanswered < window) {
      asked = true;
      call.request(1);
    }
  }

  private void sendAnswers() {
    while (!ended && !answers.isEmpty() && call.isReady()) {
      call.onNext(answers.remove());
    }
  }

  private void finish(@Nullable Failure failure) {
    end(failure);
    if (failure == null) {
      call.onCompleted();
    } else {
      call.onError(GrpcErrors.exception(failure));
    }
  }

  /// A failure of the program, or of a transport that was lost under it: ends the call, once.
  @SuppressWarnings("CatchThrowable")
  private void abort(Throwable thrown) {
    LOG.error("A stream failed", thrown);
    if (!ended) {
      Failure failure = Failure.of(thrown);
      end(failure);
      try {
        if (!gone) {
          call.onError(GrpcErrors.exception(failure));
        }
      } catch (Throwable e) {
        LOG.debug("A stream could not be ended", e);
      }
    }
  }

  /// Lets go of all that waits.
  private void end(@Nullable Failure failure) {
    if (ended) {
      return;
    }
    ended = true;
    // First, whatever comes.
    open.closed(this);
    timer.cancel(false);
    waiting.values().forEach(item -> item.admission().answer().cancel(false));
    waiting.clear();
    answers.clear();
    if (failure == null) {
      metrics.request(Protocol.GRPC, "StreamClassify", Status.Code.OK);
    } else {
      metrics.request(Protocol.GRPC, "StreamClassify", failure);
    }
  }
}
