package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.util.Durations;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.Shortage;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FailureTest {
  @ParameterizedTest
  @CsvSource({
    "EMPTY_TEXT, INVALID_ARGUMENT, 400",
    "TEXT_TOO_LARGE, INVALID_ARGUMENT, 413",
    "TOO_MANY_TOKENS, INVALID_ARGUMENT, 400",
    "INVALID_UTF8, INVALID_ARGUMENT, 400",
    "INVALID_ARGUMENT, INVALID_ARGUMENT, 400",
    "MODEL_NOT_FOUND, NOT_FOUND, 404",
    "OVERLOADED, RESOURCE_EXHAUSTED, 429",
    "RATE_LIMITED, RESOURCE_EXHAUSTED, 429",
    "QUOTA_EXCEEDED, RESOURCE_EXHAUSTED, 429",
    "UNAUTHENTICATED, UNAUTHENTICATED, 401",
    "PERMISSION_DENIED, PERMISSION_DENIED, 403",
    "UNAVAILABLE, UNAVAILABLE, 503",
    "DEADLINE_EXCEEDED, DEADLINE_EXCEEDED, 504",
    "SUPERSEDED, ABORTED, 409",
    "UNIMPLEMENTED, UNIMPLEMENTED, 501"
  })
  void of_reasonOfTheCaller_isToldWithItsCodes(Reason reason, Status.Code code, int httpStatus) {
    NunchiException refused = NunchiException.ofField(reason, "text", "sentence");
    assertEquals(
        new Failure(reason.name(), code, httpStatus, "sentence", "text"),
        Failure.of(new CompletionException(refused)));
    assertEquals(code, Failure.code(httpStatus));
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "INVALID_MODEL",
        "UNSUPPORTED_MODEL",
        "INVALID_DATA",
        "INVALID_RECIPE",
        "FAILED_CHECK",
        "IO_FAILURE"
      })
  void of_reasonOfTheServer_isNotTold(Reason reason) {
    assertInternal(Failure.of(new NunchiException(reason, "/secret/path is broken")));
  }

  @Test
  void of_anythingElse_isNotTold() {
    assertInternal(Failure.of(new IllegalStateException("/secret/path")));
  }

  @Test
  void of_cancellation_isCancelled() {
    assertEquals(Status.Code.CANCELLED, Failure.of(new CancellationException()).code());
  }

  @Test
  void status_overloaded_saysWhenToTryAgain() throws Exception {
    com.google.rpc.Status status =
        GrpcErrors.status(Failure.of(new NunchiException(Reason.OVERLOADED, "full")));
    RetryInfo retry = status.getDetails(1).unpack(RetryInfo.class);
    assertTrue(Durations.toMillis(retry.getRetryDelay()) > 0);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "1000000000, 1, 1000", "1000000001, 2, 1001", "86400000000000, 86400, -1"})
  void shortage_saysHowLongInEachProtocol(long nanos, long retryAfter, String pushback)
      throws Exception {
    Duration delay = Duration.ofNanos(nanos);
    Failure failure =
        Failure.of(
            NunchiException.ofShortage(
                Reason.RATE_LIMITED, "too many", new Shortage("token:a", delay)));
    com.google.rpc.Status status = GrpcErrors.status(failure);
    QuotaFailure quota = status.getDetails(1).unpack(QuotaFailure.class);
    assertEquals("token:a", quota.getViolations(0).getSubject());
    assertEquals("too many", quota.getViolations(0).getDescription());
    RetryInfo retry = status.getDetails(2).unpack(RetryInfo.class);
    assertEquals(nanos, Durations.toNanos(retry.getRetryDelay()));
    assertEquals(retryAfter, failure.retryAfterSeconds());
    assertEquals(
        pushback,
        Objects.requireNonNull(GrpcErrors.exception(failure).getTrailers())
            .get(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER)));
  }

  private static void assertInternal(Failure failure) {
    assertEquals("INTERNAL", failure.reason());
    assertEquals(Status.Code.INTERNAL, failure.code());
    assertEquals(500, failure.httpStatus());
    assertEquals("The server failed", failure.message());
    assertNull(failure.field());
  }
}
