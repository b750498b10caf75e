package dev.nunchi.serve;

import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/// Logs what an event loop caught that nobody else did: a fault of the program, but for one thing
/// that is a caller's. A message that says it is too large, behind one that has ended its call, has
/// Vert.x end the call again, and throw; the call has had its end.
@Singleton
final class UncaughtFailures {
  private static final Logger LOG = Logger.getLogger(UncaughtFailures.class);
  private static final String ENDED_CALL = "io.vertx.grpc.server.impl.GrpcServerResponseImpl";

  void started(@Observes StartupEvent event, Vertx vertx) {
    vertx.exceptionHandler(UncaughtFailures::log);
  }

  private static void log(Throwable failure) {
    if (isOfEndedCall(failure)) {
      LOG.debug("Something came for a call that has ended", failure);
    } else {
      LOG.error("An event loop caught what nobody else did", failure);
    }
  }

  static boolean isOfEndedCall(Throwable failure) {
    return failure instanceof IllegalStateException
        && failure.getStackTrace().length > 0
        && failure.getStackTrace()[0].getClassName().equals(ENDED_CALL);
  }
}
