package dev.nunchi.serve;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.smallrye.common.vertx.VertxContext;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// When the call that runs on this thread came, see [ReadTurn]: its caller's time counts from then,
/// also where it had to wait before it was looked at.
@Singleton
final class Arrival {
  private static final String KEY = Arrival.class.getName();

  // Before everything that may refuse.
  private static final int PRIORITY = 3000;

  void register(@Observes Filters filters) {
    filters.register(
        routing -> {
          note();
          routing.next();
        },
        PRIORITY);
  }

  private static void note() {
    Context call = Vertx.currentContext();
    if (call != null && VertxContext.isDuplicatedContext(call)) {
      call.putLocal(KEY, ReadTurn.nanos());
    }
  }

  /// As [System#nanoTime]; now where it was not noted.
  static long nanos() {
    return noted().orElseGet(System::nanoTime);
  }

  /// The same; empty where it was not noted, as of what is no call.
  static OptionalLong noted() {
    Context call = Vertx.currentContext();
    @Nullable Long noted =
        call != null && VertxContext.isDuplicatedContext(call) ? call.getLocal(KEY) : null;
    return noted == null ? OptionalLong.empty() : OptionalLong.of(noted);
  }
}
