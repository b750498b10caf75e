package dev.nunchi.serve;

import dev.nunchi.infer.Deadline;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Puts the caller's deadline into the call's context.
///
/// gRPC's own context has none when HTTP and gRPC share a server, so the `grpc-timeout` header is
/// read here: up to eight digits and a unit, see
/// <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
@Singleton
@GlobalInterceptor
final class DeadlineInterceptor implements ServerInterceptor {
  private static final Context.Key<Deadline> DEADLINE =
      Context.keyWithDefault("nunchi-deadline", Deadline.NONE);
  private static final Metadata.Key<String> TIMEOUT =
      Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER);

  private static final Pattern VALUE = Pattern.compile("[0-9]{1,8}[HMSmun]");

  /// The deadline of the call that runs on this thread.
  static Deadline current() {
    return DEADLINE.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Deadline deadline = deadline(headers.get(TIMEOUT), Arrival.nanos());
    return Contexts.interceptCall(
        Context.current().withValue(DEADLINE, deadline), call, headers, next);
  }

  /// @param timeout the header's value; what is not one counts as none, as in grpc-java
  static Deadline deadline(@Nullable String timeout, long now) {
    if (timeout == null || !VALUE.matcher(timeout).matches()) {
      return Deadline.NONE;
    }
    int last = timeout.length() - 1;
    ChronoUnit unit =
        switch (timeout.charAt(last)) {
          case 'H' -> ChronoUnit.HOURS;
          case 'M' -> ChronoUnit.MINUTES;
          case 'S' -> ChronoUnit.SECONDS;
          case 'm' -> ChronoUnit.MILLIS;
          case 'u' -> ChronoUnit.MICROS;
          default -> ChronoUnit.NANOS;
        };
    return Deadline.after(Duration.of(Long.parseLong(timeout.substring(0, last)), unit), now);
  }
}
