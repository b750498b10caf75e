package dev.nunchi.serve;

import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.quarkus.grpc.GlobalInterceptor;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import jakarta.inject.Singleton;
import java.util.function.UnaryOperator;

/// Answers for services that `grpc.health.v1` does not know as its specification has it: `Check`
/// with the code `NOT_FOUND`, `Watch` with the status `SERVICE_UNKNOWN`. Quarkus answers both with
/// the status `UNKNOWN`. A model's name is known composed or decomposed, see [ModelName].
@Singleton
@GlobalInterceptor
final class HealthInterceptor implements ServerInterceptor {
  /// `ServingStatus.SERVICE_UNKNOWN`, which the messages of Quarkus are too old to have.
  private static final int SERVICE_UNKNOWN = 3;

  private final AwaitedServices awaited;

  HealthInterceptor(GrpcHealthStorage health) {
    awaited = new AwaitedServices(health.getStatuses()::containsKey);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return switch (call.getMethodDescriptor().getFullMethodName()) {
      case "grpc.health.v1.Health/Check" ->
          new Listener<>(next.startCall(new Check<>(call), headers), UnaryOperator.identity());
      case "grpc.health.v1.Health/Watch" ->
          new Listener<>(next.startCall(new Watch<>(call), headers), awaited::of);
      default -> next.startCall(call, headers);
    };
  }

  private static boolean isUnknown(Object message) {
    return message instanceof HealthCheckResponse response
        && response.getStatus() == ServingStatus.UNKNOWN;
  }

  /// Has names of models asked for in the form in which they are known.
  private static final class Listener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final UnaryOperator<String> service;

    Listener(ServerCall.Listener<Q> delegate, UnaryOperator<String> service) {
      super(delegate);
      this.service = service;
    }

    @Override
    @SuppressWarnings("unchecked") // Both methods are asked with this message.
    public void onMessage(Q message) {
      super.onMessage(
          message instanceof HealthCheckRequest request
              ? (Q)
                  request.toBuilder()
                      .setService(service.apply(ModelName.normalized(request.getService())))
                      .build()
              : message);
    }
  }

  private static final class Check<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private boolean unknown;

    Check(ServerCall<Q, A> call) {
      super(call);
    }

    @Override
    public void sendMessage(A message) {
      if (isUnknown(message)) {
        unknown = true;
      } else {
        super.sendMessage(message);
      }
    }

    @Override
    public void close(Status status, Metadata trailers) {
      super.close(
          unknown ? Status.NOT_FOUND.withDescription("No such service is known") : status,
          trailers);
    }
  }

  private static final class Watch<Q, A> extends SimpleForwardingServerCall<Q, A> {
    Watch(ServerCall<Q, A> call) {
      super(call);
    }

    @Override
    @SuppressWarnings("unchecked") // A Watch answers with this message.
    public void sendMessage(A message) {
      super.sendMessage(
          isUnknown(message)
              ? (A) HealthCheckResponse.newBuilder().setStatusValue(SERVICE_UNKNOWN).build()
              : message);
    }
  }
}
