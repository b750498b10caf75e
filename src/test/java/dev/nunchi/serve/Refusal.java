package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.jspecify.annotations.Nullable;

/// What a caller reads of a refusal, of a call or in a stream.
///
/// @param field null where no field is to blame
record Refusal(Status.Code code, String reason, @Nullable String field, boolean retry) {
  Refusal(Status.Code code, String reason, @Nullable String field) {
    this(code, reason, field, false);
  }

  static Refusal of(@Nullable Throwable thrown) {
    com.google.rpc.Status status =
        StatusProto.fromThrowable(assertInstanceOf(StatusRuntimeException.class, thrown));
    assertNotNull(status, String.valueOf(thrown));
    return of(status);
  }

  static Refusal of(com.google.rpc.Status status) {
    String reason = "";
    String field = null;
    boolean retry = false;
    try {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          reason = detail.unpack(ErrorInfo.class).getReason();
        } else if (detail.is(BadRequest.class)) {
          field = detail.unpack(BadRequest.class).getFieldViolations(0).getField();
        } else if (detail.is(RetryInfo.class)) {
          retry = true;
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    assertFalse(status.getMessage().isEmpty());
    return new Refusal(Status.fromCodeValue(status.getCode()).getCode(), reason, field, retry);
  }
}
