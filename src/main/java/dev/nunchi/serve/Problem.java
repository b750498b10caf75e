package dev.nunchi.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.netty.handler.codec.http.HttpResponseStatus;
import org.jspecify.annotations.Nullable;

/// A [Failure] as REST tells it: problem details (RFC 9457) with `reason` and `field` beside them.
///
/// @param type `about:blank`: the status says what kind it is, the reason says more
@JsonInclude(JsonInclude.Include.NON_NULL)
record Problem(
    String type, String title, int status, String detail, String reason, @Nullable String field) {
  static final String MEDIA_TYPE = "application/problem+json";

  static Problem of(int status, String detail, String reason, @Nullable String field) {
    String title = HttpResponseStatus.valueOf(status).reasonPhrase();
    return new Problem("about:blank", title, status, detail, reason, field);
  }
}
