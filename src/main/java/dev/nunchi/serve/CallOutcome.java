package dev.nunchi.serve;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.vertx.core.http.HttpServerResponse;
import java.util.Base64;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// What came of a call, as its answer says.
///
/// @param code the canonical code of gRPC, for REST too
/// @param reason why it was refused; null where it was answered, or gRPC itself refused it
record CallOutcome(Status.Code code, @Nullable String reason) {
  private static final Logger LOG = Logger.getLogger(CallOutcome.class);

  /// @param broken whether the answer did not reach its end
  static CallOutcome of(
      CallName call, CallRecord record, HttpServerResponse response, boolean broken) {
    return switch (call.protocol()) {
      case GRPC -> ofGrpc(response, broken);
      case REST -> ofRest(record, response, broken);
    };
  }

  private static CallOutcome ofRest(
      CallRecord record, HttpServerResponse response, boolean broken) {
    if (broken) {
      return new CallOutcome(Status.Code.CANCELLED, null);
    }
    if (response.getStatusCode() < 400) {
      return new CallOutcome(Status.Code.OK, null);
    }
    return new CallOutcome(Failure.code(response.getStatusCode()), record.reason());
  }

  /// The trailers have it; they stand in the headers of an answer that is nothing else.
  private static CallOutcome ofGrpc(HttpServerResponse response, boolean broken) {
    String status = response.trailers().get("grpc-status");
    String details = response.trailers().get("grpc-status-details-bin");
    if (status == null) {
      status = response.headers().get("grpc-status");
      details = response.headers().get("grpc-status-details-bin");
    }
    if (status == null) {
      return new CallOutcome(broken ? Status.Code.CANCELLED : Status.Code.UNKNOWN, null);
    }
    Status.Code code = Status.fromCodeValue(Integer.parseInt(status)).getCode();
    return new CallOutcome(code, details == null ? null : reason(details));
  }

  private static @Nullable String reason(String details) {
    try {
      byte[] status = Base64.getDecoder().decode(details);
      for (Any detail : com.google.rpc.Status.parseFrom(status).getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          return detail.unpack(ErrorInfo.class).getReason();
        }
      }
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      LOG.debug("The details of an answer are not what this server sends", e);
    }
    return null;
  }
}
