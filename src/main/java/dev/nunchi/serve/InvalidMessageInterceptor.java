package dev.nunchi.serve;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.quarkus.grpc.GlobalInterceptor;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Refuses bytes that are no message of the contract as the caller's fault, and names the commonest
/// one: a string that is not UTF-8; a call of one message that ends without it or has another; and
/// a call that ends inside a message. Without it the caller reads `INTERNAL`, or `OK`.
///
/// Whatever else is thrown while a message is read ends the call too.
///
/// A stream of ours that gets such bytes is not ended here but told, see [#invalidMessage]: it may
/// be at sending an answer, and has items to let go of.
///
/// Messages of other services are parsed before anyone here sees them, and Vert.x keeps what is
/// thrown then to itself. So the bytes that came are held against those of the messages that did:
/// at the end of the call, and of a stream every second.
@Singleton
@GlobalInterceptor
final class InvalidMessageInterceptor implements ServerInterceptor {
  private static final Context.Key<CompletableFuture<Throwable>> INVALID =
      Context.key("nunchi-invalid-message");

  private static final int PREFIX_BYTES = 5;
  private static final long LOOK_MILLIS = 1000;

  private final Limits limits;
  private final Metrics metrics;

  InvalidMessageInterceptor(Limits limits, Metrics metrics) {
    this.limits = limits;
    this.metrics = metrics;
  }

  /// Completed when the stream whose call runs on this thread gets bytes that are no message;
  /// nothing is delivered to it after that.
  static CompletableFuture<Throwable> invalidMessage() {
    return INVALID.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    @Nullable Object schema = call.getMethodDescriptor().getSchemaDescriptor();
    RoutingContext exchange = GrpcEntrance.exchange();
    if (call.getMethodDescriptor().getType().clientSendsOneMessage()) {
      Listener<Q> listener =
          new Listener<>(
              next.startCall(call, headers),
              schema,
              limits,
              true,
              exchange.request(),
              refusal -> refuse(call, refusal));
      exchange.addEndHandler(end -> countIfNeverCame(call, listener, end.failed()));
      return listener;
    }
    if (!SentimentServiceGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())) {
      Listener<Q> listener =
          new Listener<>(
              next.startCall(call, headers),
              schema,
              limits,
              false,
              exchange.request(),
              refusal -> refuse(call, refusal));
      watch(exchange, listener);
      return listener;
    }
    CompletableFuture<Throwable> invalid = new CompletableFuture<>();
    Context context = Context.current().withValue(INVALID, invalid);
    return new Listener<>(
        Contexts.interceptCall(context, call, headers, next),
        schema,
        limits,
        false,
        exchange.request(),
        invalid::complete);
  }

  /// A call that the caller gave up before its message had come: no handler knows of it.
  private void countIfNeverCame(ServerCall<?, ?> call, Listener<?> listener, boolean gone) {
    MethodDescriptor<?, ?> method = call.getMethodDescriptor();
    if (gone
        && !listener.received
        && !listener.refused
        && SentimentServiceGrpc.SERVICE_NAME.equals(method.getServiceName())) {
      metrics.request(
          Protocol.GRPC,
          String.valueOf(method.getBareMethodName()),
          Failure.of(new CancellationException()));
    }
  }

  private static void watch(RoutingContext exchange, Listener<?> listener) {
    Vertx vertx = exchange.vertx();
    long timer = vertx.setPeriodic(LOOK_MILLIS, _ -> listener.look());
    exchange.addEndHandler(_ -> vertx.cancelTimer(timer));
  }

  private void refuse(ServerCall<?, ?> call, Throwable refusal) {
    Failure failure = Failure.of(refusal);
    String method = call.getMethodDescriptor().getBareMethodName();
    metrics.request(Protocol.GRPC, String.valueOf(method), failure);
    StatusRuntimeException refused = GrpcErrors.exception(failure);
    Metadata trailers = refused.getTrailers();
    call.close(refused.getStatus(), trailers == null ? new Metadata() : trailers);
  }

  private static final class Listener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final @Nullable Object schema;
    private final Limits limits;
    private final HttpServerRequest request;
    private final Consumer<Throwable> refuse;
    private final boolean one;
    private boolean received;
    private boolean refused;

    /// Bytes of the messages that came, with what stands before each.
    private long bytes;

    /// Whether more bytes had come at the last look, and how many were of messages then.
    private boolean behind;

    private long bytesThen;

    /// @param schema of the call's method
    /// @param one whether the call has one message
    /// @param request that the call came as
    Listener(
        ServerCall.Listener<Q> delegate,
        @Nullable Object schema,
        Limits limits,
        boolean one,
        HttpServerRequest request,
        Consumer<Throwable> refuse) {
      super(delegate);
      this.schema = schema;
      this.limits = limits;
      this.one = one;
      this.request = request;
      this.refuse = refuse;
    }

    @Override
    @SuppressWarnings("CatchThrowable") // The caller would wait for ever.
    public void onMessage(Q message) {
      if (refused) {
        return;
      }
      bytes += PREFIX_BYTES + length(message);
      if (one && received) {
        refuse(invalid("The call has one message, and another came"));
        return;
      }
      received = true;
      try {
        if (message instanceof WireMessage wire
            && schema instanceof ProtoMethodDescriptorSupplier method) {
          wire.check(method.getMethodDescriptor().getInputType(), limits);
        }
        super.onMessage(message);
      } catch (Throwable e) {
        refuse(
            e instanceof StatusRuntimeException
                    && e.getCause() instanceof InvalidProtocolBufferException invalid
                ? refusal(invalid)
                : e);
      }
    }

    private void refuse(Throwable refusal) {
      refused = true;
      refuse.accept(refusal);
    }

    @Override
    public void onHalfClose() {
      if (refused) {
        return;
      }
      if (one && !received) {
        refuse(
            invalid(
                "The call ended without a message that can be read; to health it comes as it is,"
                    + " not compressed"));
      } else if (request.bytesRead() > bytes) {
        refuse(invalid("The call ended inside a message, or after bytes that are none"));
      } else {
        super.onHalfClose();
      }
    }

    /// Refuses a stream of which bytes came that have not become a message since the last look.
    void look() {
      boolean stuck = behind && bytes == bytesThen;
      behind = request.bytesRead() > bytes;
      bytesThen = bytes;
      if (stuck && behind && !refused) {
        refuse(invalid("What came is not a message of the contract, or not the whole of one"));
      }
    }

    private static int length(Object message) {
      return switch (message) {
        case WireMessage wire -> wire.length();
        case MessageLite parsed -> parsed.getSerializedSize();
        default -> 0;
      };
    }

    private static NunchiException invalid(String message) {
      return new NunchiException(Reason.INVALID_ARGUMENT, message);
    }

    private static NunchiException refusal(InvalidProtocolBufferException invalid) {
      // The exception has no other mark of its kind.
      if (String.valueOf(invalid.getMessage()).contains("UTF-8")) {
        return new NunchiException(
            Reason.INVALID_UTF8, "A string of the request is not UTF-8", invalid);
      }
      return new NunchiException(
          Reason.INVALID_ARGUMENT, "The request is not a message of the contract", invalid);
    }
  }
}
