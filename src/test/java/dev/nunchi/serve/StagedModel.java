package dev.nunchi.serve;

import dev.nunchi.infer.Backend;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Truncation;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerResponseContext;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;
import org.jspecify.annotations.Nullable;

/// A model whose next call is held, or fails, at a stage that the test says.
final class StagedModel {
  /// Where a call can be.
  enum Stage {
    /// Before it has a place.
    ADMISSION,
    /// On the worker, before it is tokens.
    ENCODING,
    /// In the queue, behind another.
    WAITING,
    /// On the worker, in the backend.
    RUNNING,
    /// When its answer is to be written.
    ANSWERING
  }

  /// @param error thrown there; where it is null the call is held there
  private record Plan(Stage stage, @Nullable Error error) {}

  private static final AtomicReference<@Nullable Plan> NEXT = new AtomicReference<>();
  private static final Semaphore REACHED = new Semaphore(0);
  private static final Semaphore RELEASED = new Semaphore(0);

  private StagedModel() {}

  /// Has the next call that comes to a stage fail there.
  static void failAt(Stage stage, Error error) {
    NEXT.set(new Plan(stage, error));
  }

  /// Has the next call that comes to a stage wait there.
  static void holdAt(Stage stage) {
    REACHED.drainPermits();
    RELEASED.drainPermits();
    NEXT.set(new Plan(stage, null));
  }

  /// Whether a call has come to where it is held.
  static boolean isHeld() {
    return REACHED.availablePermits() > 0;
  }

  /// Returns when a call is held.
  static void awaitHeld() throws InterruptedException {
    if (!REACHED.tryAcquire(10, TimeUnit.SECONDS)) {
      throw new AssertionError("No call came to its stage");
    }
  }

  /// Lets the call go on that is held.
  static void release() {
    RELEASED.release();
  }

  static void forget() {
    NEXT.set(null);
  }

  private static void at(Stage stage) {
    Plan plan = NEXT.get();
    if (plan == null || plan.stage() != stage || !NEXT.compareAndSet(plan, null)) {
      return;
    }
    if (plan.error() != null) {
      throw plan.error();
    }
    REACHED.release();
    RELEASED.acquireUninterruptibly();
  }

  /// Asked for its length before a text is admitted, and for its tokens by the worker.
  record Encoding(LoadedModel tiny) implements Encoder {
    @Override
    public dev.nunchi.text.Encoding encode(
        String text, @Nullable String context, Truncation truncation) {
      at(Stage.ENCODING);
      return tiny.classifier().encode(text, truncation);
    }

    @Override
    public int maxLength() {
      at(Stage.ADMISSION);
      return 24;
    }
  }

  static final class Running implements Backend {
    @Override
    public float[][] logits(PaddedBatch batch) {
      at(Stage.RUNNING);
      float[][] logits = new float[batch.batch()][];
      java.util.Arrays.setAll(logits, _ -> new float[] {1, 0, 0});
      return logits;
    }

    @Override
    public void close() {}
  }

  /// Where answers of gRPC are written.
  @Singleton
  @GlobalInterceptor
  static final class GrpcAnswers implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      return next.startCall(
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendMessage(A message) {
              at(Stage.ANSWERING);
              super.sendMessage(message);
            }
          },
          headers);
    }
  }

  /// Where answers of REST are written.
  @Singleton
  static final class RestAnswers {
    @ServerResponseFilter
    public void filter(ContainerResponseContext answer) {
      at(Stage.ANSWERING);
    }
  }
}
