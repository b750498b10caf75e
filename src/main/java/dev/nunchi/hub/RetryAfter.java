package dev.nunchi.hub;

import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/// The header `Retry-After`: seconds or a date (RFC 9110, 10.2.3).
final class RetryAfter {
  private RetryAfter() {}

  /// @return zero where the header is missing, makes no sense or is past
  static Duration of(HttpHeaders headers) {
    String value = headers.firstValue("Retry-After").orElse("").strip();
    if (value.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      Duration wait =
          Duration.between(
              ZonedDateTime.now(ZoneOffset.UTC),
              ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME));
      return wait.isNegative() ? Duration.ZERO : wait;
    } catch (DateTimeException _) {
      return Duration.ZERO;
    }
  }
}
