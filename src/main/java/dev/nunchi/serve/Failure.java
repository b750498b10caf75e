package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.Shortage;
import io.grpc.Status;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Why a call has no answer, in the terms of both protocols: the one place where a [Reason] gets
/// its codes.
///
/// Only reasons that a caller can do something about are told. Everything else is `INTERNAL`: what
/// happened is logged, and the caller reads nothing of the server's inside.
///
/// @param reason `ErrorInfo.reason`, and `reason` of the problem
/// @param field the request's field that caused it, or null
/// @param shortage what the caller has used up, or null
record Failure(
    String reason,
    Status.Code code,
    int httpStatus,
    String message,
    @Nullable String field,
    @Nullable Shortage shortage) {
  private static final Logger LOG = Logger.getLogger(Failure.class);

  private static final Failure INTERNAL =
      new Failure("INTERNAL", Status.Code.INTERNAL, 500, "The server failed", null);

  Failure(String reason, Status.Code code, int httpStatus, String message, @Nullable String field) {
    this(reason, code, httpStatus, message, field, null);
  }

  /// A request that HTTP refuses before it is a call.
  static Failure ofHttp(int status, String message) {
    return new Failure(Reason.INVALID_ARGUMENT.name(), code(status), status, message, null);
  }

  /// A call that gRPC refuses before it is one of ours.
  ///
  /// @param message percent-encoded, or null
  static Failure ofGrpc(Status.Code code, @Nullable String message) {
    String said = message == null ? "" : URLDecoder.decode(message, StandardCharsets.UTF_8);
    return new Failure(
        code == Status.Code.CANCELLED || code == Status.Code.UNKNOWN ? "INTERNAL" : code.name(),
        code,
        500,
        said.isEmpty() ? "gRPC refused the call" : said,
        null);
  }

  /// What is wrong with a model, told to who may mend it.
  static Failure told(NunchiException refused, int httpStatus) {
    return new Failure(
        refused.reason().name(),
        Status.Code.FAILED_PRECONDITION,
        httpStatus,
        String.valueOf(refused.getMessage()),
        refused.field());
  }

  static Failure of(Throwable thrown) {
    Throwable cause = thrown;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof CancellationException) {
      // The caller went; nobody reads this.
      return new Failure("CANCELLED", Status.Code.CANCELLED, 499, "The call was cancelled", null);
    }
    if (cause instanceof NunchiException refused
        && code(refused.reason()) != Status.Code.INTERNAL) {
      return new Failure(
          refused.reason().name(),
          code(refused.reason()),
          httpStatus(refused.reason()),
          String.valueOf(refused.getMessage()),
          refused.field(),
          refused.shortage());
    }
    LOG.error("A call failed", cause);
    return INTERNAL;
  }

  /// Whole seconds after which to try again; 0 where that does not help.
  long retryAfterSeconds() {
    if (code != Status.Code.RESOURCE_EXHAUSTED) {
      return 0;
    }
    // The smallest delay that the header can say.
    return shortage == null ? 1 : Math.max(1, shortage.delay().plusNanos(999_999_999).toSeconds());
  }

  /// The canonical code that stands for an HTTP status over REST.
  static Status.Code code(int httpStatus) {
    return switch (httpStatus) {
      case 400, 405, 406, 413, 415, 426 -> Status.Code.INVALID_ARGUMENT;
      case 401 -> Status.Code.UNAUTHENTICATED;
      case 403 -> Status.Code.PERMISSION_DENIED;
      case 422 -> Status.Code.FAILED_PRECONDITION;
      case 404 -> Status.Code.NOT_FOUND;
      case 409 -> Status.Code.ABORTED;
      case 429 -> Status.Code.RESOURCE_EXHAUSTED;
      case 499 -> Status.Code.CANCELLED;
      case 501 -> Status.Code.UNIMPLEMENTED;
      case 503 -> Status.Code.UNAVAILABLE;
      case 504 -> Status.Code.DEADLINE_EXCEEDED;
      default -> Status.Code.INTERNAL;
    };
  }

  private static Status.Code code(Reason reason) {
    return switch (reason) {
      case EMPTY_TEXT, TEXT_TOO_LARGE, TOO_MANY_TOKENS, INVALID_UTF8, INVALID_ARGUMENT ->
          Status.Code.INVALID_ARGUMENT;
      case MODEL_NOT_FOUND -> Status.Code.NOT_FOUND;
      case OVERLOADED, RATE_LIMITED, QUOTA_EXCEEDED -> Status.Code.RESOURCE_EXHAUSTED;
      case UNAUTHENTICATED -> Status.Code.UNAUTHENTICATED;
      case PERMISSION_DENIED -> Status.Code.PERMISSION_DENIED;
      case UNAVAILABLE -> Status.Code.UNAVAILABLE;
      case DEADLINE_EXCEEDED -> Status.Code.DEADLINE_EXCEEDED;
      case SUPERSEDED -> Status.Code.ABORTED;
      case UNIMPLEMENTED -> Status.Code.UNIMPLEMENTED;
      case INVALID_MODEL,
          UNSUPPORTED_MODEL,
          INVALID_DATA,
          INVALID_RECIPE,
          FAILED_CHECK,
          IO_FAILURE ->
          Status.Code.INTERNAL;
    };
  }

  private static int httpStatus(Reason reason) {
    return switch (reason) {
      case EMPTY_TEXT, TOO_MANY_TOKENS, INVALID_UTF8, INVALID_ARGUMENT -> 400;
      case UNAUTHENTICATED -> 401;
      case PERMISSION_DENIED -> 403;
      case MODEL_NOT_FOUND -> 404;
      case SUPERSEDED -> 409;
      case TEXT_TOO_LARGE -> 413;
      case OVERLOADED, RATE_LIMITED, QUOTA_EXCEEDED -> 429;
      case UNIMPLEMENTED -> 501;
      case UNAVAILABLE -> 503;
      case DEADLINE_EXCEEDED -> 504;
      case INVALID_MODEL,
          UNSUPPORTED_MODEL,
          INVALID_DATA,
          INVALID_RECIPE,
          FAILED_CHECK,
          IO_FAILURE ->
          500;
    };
  }
}
