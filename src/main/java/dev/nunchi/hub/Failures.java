package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/// What a broken connection is called in a sentence.
final class Failures {
  private Failures() {}

  static String reason(IOException e) {
    @Nullable String message = e.getMessage();
    return switch (e) {
      case Patience.Busy busy -> String.valueOf(busy.getMessage());
      case SSLHandshakeException _ -> "its certificate is not trusted (%s)".formatted(message);
      case ConnectException _ when isUnknownHost(e) -> "no such host is known";
      case HttpConnectTimeoutException _, ConnectException _ -> "no connection can be made to it";
      case HttpTimeoutException _ -> "the server was silent";
      case EOFException _ -> "the connection broke";
      default ->
          message == null || message.matches(".*(?i)(EOF|reset|closed|broken pipe|received).*")
              ? "the connection broke"
              : "the connection failed (%s)".formatted(message);
    };
  }

  /// Whether trying again soon is in vain.
  static boolean isFinal(IOException e) {
    return isUnknownHost(e) || e instanceof SSLHandshakeException;
  }

  private static boolean isUnknownHost(Throwable e) {
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
        return true;
      }
    }
    return false;
  }

  static NunchiException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new NunchiException(Reason.UNAVAILABLE, "The pull was interrupted", e);
  }
}
