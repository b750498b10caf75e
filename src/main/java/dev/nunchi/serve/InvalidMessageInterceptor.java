package dev.nunchi.serve;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.inject.Singleton;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Refuses bytes that are no message of the contract as the caller's fault, and names the commonest
/// one: a string that is not UTF-8; and a call of one message that ends without it. Without it the
/// caller reads `INTERNAL`.
///
/// Whatever else is thrown while a message is read ends the call too.
///
/// A stream that gets such bytes is not ended here but told, see [#invalidMessage]: it may be at
/// sending an answer, and has items to let go of.
@Singleton
@GlobalInterceptor
final class InvalidMessageInterceptor implements ServerInterceptor {
  private static final Context.Key<CompletableFuture<Throwable>> INVALID =
      Context.key("nunchi-invalid-message");

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
    if (call.getMethodDescriptor().getType().clientSendsOneMessage()) {
      return new Listener<>(
          next.startCall(call, headers), schema, limits, true, refusal -> refuse(call, refusal));
    }
    CompletableFuture<Throwable> invalid = new CompletableFuture<>();
    Context context = Context.current().withValue(INVALID, invalid);
    return new Listener<>(
        Contexts.interceptCall(context, call, headers, next),
        schema,
        limits,
        false,
        invalid::complete);
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
    private final Consumer<Throwable> refuse;

    /// Whether the call may not end yet, as its message has not come.
    private boolean missing;

    private boolean refused;

    /// @param schema of the call's method
    /// @param one whether the call has one message
    Listener(
        ServerCall.Listener<Q> delegate,
        @Nullable Object schema,
        Limits limits,
        boolean one,
        Consumer<Throwable> refuse) {
      super(delegate);
      this.schema = schema;
      this.limits = limits;
      this.missing = one;
      this.refuse = refuse;
    }

    @Override
    @SuppressWarnings("CatchThrowable") // The caller would wait for ever.
    public void onMessage(Q message) {
      if (refused) {
        return;
      }
      missing = false;
      try {
        if (message instanceof WireMessage wire
            && schema instanceof ProtoMethodDescriptorSupplier method) {
          wire.check(method.getMethodDescriptor().getInputType(), limits);
        }
        super.onMessage(message);
      } catch (Throwable e) {
        refused = true;
        refuse.accept(
            e instanceof StatusRuntimeException
                    && e.getCause() instanceof InvalidProtocolBufferException invalid
                ? refusal(invalid)
                : e);
      }
    }

    @Override
    public void onHalfClose() {
      if (missing) {
        refused = true;
        refuse.accept(
            new NunchiException(
                Reason.INVALID_ARGUMENT,
                "The call ended without a message that can be read; to health it comes as it is,"
                    + " not compressed"));
      } else if (!refused) {
        super.onHalfClose();
      }
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
