package dev.nunchi.serve;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.inject.Singleton;

/// Refuses bytes that are no message of the contract as the caller's fault, and names the commonest
/// one: a string that is not UTF-8. Without it the caller reads `INTERNAL`.
@Singleton
@GlobalInterceptor
final class InvalidMessageInterceptor implements ServerInterceptor {
  private final Metrics metrics;

  InvalidMessageInterceptor(Metrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return new Listener<>(call, next.startCall(call, headers));
  }

  private final class Listener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final ServerCall<Q, ?> call;
    private boolean refused;

    Listener(ServerCall<Q, ?> call, ServerCall.Listener<Q> delegate) {
      super(delegate);
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      if (refused) {
        return;
      }
      try {
        super.onMessage(message);
      } catch (StatusRuntimeException e) {
        if (!(e.getCause() instanceof InvalidProtocolBufferException invalid)) {
          throw e;
        }
        refuse(Failure.of(refusal(invalid)));
      }
    }

    @Override
    public void onHalfClose() {
      if (!refused) {
        super.onHalfClose();
      }
    }

    private void refuse(Failure failure) {
      refused = true;
      String method = call.getMethodDescriptor().getBareMethodName();
      metrics.request(Protocol.GRPC, String.valueOf(method), failure);
      StatusRuntimeException refusal = GrpcErrors.exception(failure);
      Metadata trailers = refusal.getTrailers();
      call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
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
