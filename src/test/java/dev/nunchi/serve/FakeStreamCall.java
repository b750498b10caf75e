package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The server's side of a stream whose transport takes as many answers as it is told to; fails
/// where two of its methods overlap.
final class FakeStreamCall extends ServerCallStreamObserver<StreamClassifyResponse> {
  /// Answers that were handed over.
  final List<StreamClassifyResponse> answers = Collections.synchronizedList(new ArrayList<>());

  /// Items that were asked for.
  final AtomicInteger requested = new AtomicInteger();

  private final AtomicInteger room = new AtomicInteger();
  private final AtomicBoolean inside = new AtomicBoolean();
  private Runnable onReady = () -> {};
  private Runnable onCancel = () -> {};
  private volatile boolean cancelled;
  volatile boolean completed;

  /// Thrown by the next answer that is sent.
  volatile @Nullable Error broken;

  volatile @Nullable Throwable failure;
  volatile @Nullable Throwable misuse;

  /// Lets the transport take that many answers more.
  void makeRoom(int answers) {
    room.addAndGet(answers);
    onReady.run();
  }

  void cancel() {
    cancelled = true;
    onCancel.run();
  }

  boolean hasEnded() {
    return completed || failure != null;
  }

  @Override
  public boolean isReady() {
    return room.get() > 0;
  }

  @Override
  public void onNext(StreamClassifyResponse answer) {
    Error thrown = broken;
    if (thrown != null) {
      broken = null;
      throw thrown;
    }
    alone(() -> {
      assertTrue(room.getAndDecrement() > 0, "sent to a transport that is not ready");
      assertFalse(hasEnded(), "sent after the end");
      answers.add(answer);
    });
  }

  @Override
  public void onCompleted() {
    alone(() -> {
      assertFalse(hasEnded(), "ended twice");
      completed = true;
    });
  }

  @Override
  public void onError(Throwable thrown) {
    alone(() -> {
      assertFalse(hasEnded(), "ended twice");
      failure = thrown;
    });
  }

  @Override
  public void request(int count) {
    alone(() -> requested.addAndGet(count));
  }

  /// Keeps what went wrong: the stream logs what its call throws.
  private void alone(Runnable work) {
    try {
      assertFalse(inside.getAndSet(true), "two calls of the observer overlap");
      Thread.onSpinWait();
      work.run();
    } catch (AssertionError e) {
      misuse = e;
    } finally {
      inside.set(false);
    }
  }

  @Override
  public void setOnReadyHandler(Runnable handler) {
    onReady = handler;
  }

  @Override
  public void setOnCancelHandler(Runnable handler) {
    onCancel = handler;
  }

  @Override
  public void disableAutoRequest() {}

  @Override
  public void disableAutoInboundFlowControl() {}

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  @Override
  public void setCompression(String compression) {}

  @Override
  public void setMessageCompression(boolean enable) {}
}
