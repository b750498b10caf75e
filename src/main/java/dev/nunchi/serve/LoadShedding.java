package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Refuses calls with a deadline before anything is done for them, while their event loop is so far
/// [behind][LoopLag] that a good part of their callers' time goes by before they are read.
///
/// Admission decides which texts the models take, but has to be reached. A server that has just
/// started needs ten times as long for a call, as its code is not compiled, and if it is asked for
/// more than it can read then, it reads calls whose callers have gone, one after the other, and
/// answers nobody. A refusal here is told before routes and gRPC are gone through.
///
/// Who waits without a deadline is waited for; so is who calls over HTTP/1.1, where a refusal
/// before the body has come ends the connection, and another one costs more than the call.
@Singleton
final class LoadShedding {
  // Behind what counts and logs calls and knows that the server stops, before all else.
  private static final int PRIORITY = 895;

  /// A stream's deadline says nothing of its texts.
  private static final Set<String> METHODS = Set.of("Classify", "BatchClassify");

  /// Less than that is no reason.
  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

  /// The part of a caller's time that may go by unseen.
  private static final int PART = 8;

  private final Metrics metrics;

  LoadShedding(Metrics metrics) {
    this.metrics = metrics;
  }

  void register(@Observes Filters filters) {
    filters.register(this::enter, PRIORITY);
  }

  private void enter(RoutingContext context) {
    long lag = LoopLag.nanos();
    if (lag >= LEAST_NANOS && isTooMuch(lag, context.request())) {
      FailureResponse.send(
          context,
          Failure.of(
              NunchiException.withoutTrace(
                  Reason.OVERLOADED,
                  "The server is overloaded: calls wait before they are read; try again later")),
          metrics);
    } else {
      context.next();
    }
  }

  private static boolean isTooMuch(long lag, HttpServerRequest request) {
    CallName call = CallName.of(request);
    return request.version() == HttpVersion.HTTP_2
        && METHODS.contains(call.method())
        && lag >= time(call.protocol(), request) / PART;
  }

  /// Nanoseconds that the caller waits.
  private static long time(Protocol protocol, HttpServerRequest request) {
    return switch (protocol) {
      case GRPC -> DeadlineInterceptor.deadline(request.getHeader("grpc-timeout"), 0).nanosLeft(0);
      case REST -> RestDeadline.said(request).map(Duration::toNanos).orElse(Long.MAX_VALUE);
    };
  }
}
