package dev.nunchi.serve;

import io.smallrye.common.vertx.VertxContext;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import org.jspecify.annotations.Nullable;

/// When the call that runs on this thread came: its caller's time counts from then, also where it
/// had to wait before it was looked at.
final class Arrival {
  private static final String KEY = Arrival.class.getName();

  private Arrival() {}

  /// The call has to wait; it has just come.
  static void note() {
    Context call = Vertx.currentContext();
    if (call != null && VertxContext.isDuplicatedContext(call)) {
      call.putLocal(KEY, System.nanoTime());
    }
  }

  /// As [System#nanoTime]; now for a call that never waited.
  static long nanos() {
    Context call = Vertx.currentContext();
    @Nullable Long noted =
        call != null && VertxContext.isDuplicatedContext(call) ? call.getLocal(KEY) : null;
    return noted == null ? System.nanoTime() : noted;
  }
}
