package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The calls that last until their caller ends them, such as a `Watch` of health and reflection:
/// ended when the server is told to stop, which waits for all calls. Those of [OpenStreams] are
/// ended there.
@Singleton
@GlobalInterceptor
final class LongCalls implements ServerInterceptor {
  private final Set<LongCall<?, ?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    MethodDescriptor<Q, A> method = call.getMethodDescriptor();
    if (method.getType().serverSendsOneMessage()
        || SentimentServiceGrpc.SERVICE_NAME.equals(method.getServiceName())) {
      return next.startCall(call, headers);
    }
    LongCall<Q, A> longCall = new LongCall<>(call);
    open.add(longCall);
    // Of a connection that breaks the call itself does not hear.
    GrpcEntrance.exchange().addEndHandler(_ -> longCall.goneSoon());
    ServerCall.Listener<Q> listener = longCall.start(next, headers);
    if (stopping && !method.getType().clientSendsOneMessage()) {
      longCall.endSoon();
    }
    return listener;
  }

  /// How many are open.
  int count() {
    return open.size();
  }

  /// Ends them, and each that comes from now on: a stream at once, a `Watch` after its answer.
  void stop() {
    stopping = true;
    open.forEach(LongCall::endSoon);
  }

  private final class LongCall<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final EventLoop eventLoop = EventLoop.current();
    private ServerCall.@Nullable Listener<Q> listener;

    /// Of the event loop's thread alone.
    private boolean ended;

    private boolean cancelled;

    LongCall(ServerCall<Q, A> call) {
      super(call);
    }

    ServerCall.Listener<Q> start(ServerCallHandler<Q, A> next, Metadata headers) {
      ServerCall.Listener<Q> delegate = next.startCall(this, headers);
      listener = delegate;
      return new SimpleForwardingServerCallListener<>(delegate) {
        @Override
        public void onCancel() {
          open.remove(LongCall.this);
          cancel();
        }

        /// Also where it was refused by who stands before this.
        @Override
        public void onComplete() {
          open.remove(LongCall.this);
          ended = true;
          super.onComplete();
        }
      };
    }

    @Override
    public void sendHeaders(Metadata headers) {
      eventLoop.execute(() -> {
        if (!ended) {
          super.sendHeaders(headers);
        }
      });
    }

    @Override
    public void sendMessage(A message) {
      eventLoop.execute(() -> {
        if (!ended) {
          super.sendMessage(message);
          if (stopping) {
            end();
          }
        }
      });
    }

    @Override
    public void close(Status status, Metadata trailers) {
      open.remove(this);
      eventLoop.execute(() -> {
        if (!ended) {
          ended = true;
          super.close(status, trailers);
        }
      });
    }

    void endSoon() {
      eventLoop.execute(this::end);
    }

    private void end() {
      if (!ended) {
        StatusRuntimeException stopped = GrpcErrors.exception(Failure.of(Drain.stopping()));
        Metadata details = stopped.getTrailers();
        close(stopped.getStatus(), details == null ? new Metadata() : details);
        cancel();
      }
    }

    void goneSoon() {
      open.remove(this);
      eventLoop.execute(() -> {
        if (!ended) {
          ended = true;
          cancel();
        }
      });
    }

    /// So that whoever still wants to send lets go.
    private void cancel() {
      if (!cancelled && listener != null) {
        cancelled = true;
        listener.onCancel();
      }
    }
  }
}
