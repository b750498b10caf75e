package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// How long a caller of REST waits, as it says in the header `X-Request-Timeout-Ms`: `grpc-timeout`
/// for those who do not speak gRPC.
final class RestDeadline {
  static final String HEADER = "x-request-timeout-ms";

  private static final Pattern VALUE = Pattern.compile("[0-9]{1,8}");

  private RestDeadline() {}

  /// @param otherwise for who does not say
  /// @throws NunchiException `INVALID_ARGUMENT` for a header that is no time
  static Duration of(HttpServerRequest request, Duration otherwise) {
    if (request.getHeader(HEADER) == null) {
      return otherwise;
    }
    return said(request)
        .orElseThrow(() ->
            new NunchiException(
                Reason.INVALID_ARGUMENT,
                "The header X-Request-Timeout-Ms is not a whole number of milliseconds, of at"
                    + " most eight digits"));
  }

  /// What the header says; empty where there is none or it is no time.
  static Optional<Duration> said(HttpServerRequest request) {
    @Nullable String header = request.getHeader(HEADER);
    return header != null && VALUE.matcher(header).matches()
        ? Optional.of(Duration.ofMillis(Long.parseLong(header)))
        : Optional.empty();
  }
}
