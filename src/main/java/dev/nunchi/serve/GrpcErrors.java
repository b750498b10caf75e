package dev.nunchi.serve;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/// A [Failure] as gRPC tells it: canonical code and the details of `google.rpc`.
final class GrpcErrors {
  private static final String DOMAIN = "nunchi.dev";
  private static final long RETRY_MILLIS = 100;

  private GrpcErrors() {}

  static StatusRuntimeException exception(Failure failure) {
    return StatusProto.toStatusRuntimeException(status(failure));
  }

  static com.google.rpc.Status status(Failure failure) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(failure.code().value())
            .setMessage(failure.message())
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder().setReason(failure.reason()).setDomain(DOMAIN).build()));
    if (failure.field() != null) {
      status.addDetails(
          Any.pack(
              BadRequest.newBuilder()
                  .addFieldViolations(
                      BadRequest.FieldViolation.newBuilder()
                          .setField(failure.field())
                          .setDescription(failure.message())
                          .setReason(failure.reason()))
                  .build()));
    }
    if (failure.code() == Status.Code.RESOURCE_EXHAUSTED) {
      status.addDetails(
          Any.pack(
              RetryInfo.newBuilder().setRetryDelay(Durations.fromMillis(RETRY_MILLIS)).build()));
    }
    return status.build();
  }
}
