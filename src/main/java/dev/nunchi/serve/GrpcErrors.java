package dev.nunchi.serve;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import dev.nunchi.Shortage;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import org.jspecify.annotations.Nullable;

/// A [Failure] as gRPC tells it: canonical code and the details of `google.rpc`.
final class GrpcErrors {
  private static final String DOMAIN = "nunchi.dev";
  private static final long RETRY_MILLIS = 100;
  private static final long LONGEST_PUSHBACK_MILLIS = 10_000;

  private static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private static final Metadata.Key<com.google.rpc.Status> DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

  private GrpcErrors() {}

  /// As [io.grpc.protobuf.StatusProto] makes it, but without a stack trace: nobody reads it, and
  /// under overload it takes longer than all else that a refusal needs.
  static StatusRuntimeException exception(Failure failure) {
    Metadata trailers = pushback(failure);
    trailers.put(DETAILS, status(failure));
    return new Untraced(failure.code().toStatus().withDescription(failure.message()), trailers);
  }

  private static final class Untraced extends StatusRuntimeException {
    private static final long serialVersionUID = 1L;

    Untraced(Status status, Metadata trailers) {
      super(status, trailers);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
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
    @Nullable Shortage shortage = failure.shortage();
    if (shortage != null) {
      status.addDetails(
          Any.pack(
              QuotaFailure.newBuilder()
                  .addViolations(
                      QuotaFailure.Violation.newBuilder()
                          .setSubject(shortage.subject())
                          .setDescription(failure.message()))
                  .build()));
    }
    if (failure.code() == Status.Code.RESOURCE_EXHAUSTED) {
      Duration delay =
          shortage == null
              ? Durations.fromMillis(RETRY_MILLIS)
              : Durations.fromNanos(shortage.delay().toNanos());
      status.addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()));
    }
    return status.build();
  }

  /// What the retry policy of a client follows by itself: when to call again, or never where nobody
  /// would wait for that long. See
  /// <https://github.com/grpc/proposal/blob/master/A6-client-retries.md>.
  private static Metadata pushback(Failure failure) {
    Metadata trailers = new Metadata();
    @Nullable Shortage shortage = failure.shortage();
    if (shortage != null) {
      long millis = shortage.delay().plusNanos(999_999).toMillis();
      trailers.put(PUSHBACK, Long.toString(millis <= LONGEST_PUSHBACK_MILLIS ? millis : -1));
    }
    return trailers;
  }
}
