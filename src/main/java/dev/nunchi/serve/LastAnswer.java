package dev.nunchi.serve;

import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/// HTTP/1.1 has no GOAWAY: an answer says that it is its connection's last, which is closed when it
/// has been given.
final class LastAnswer {
  private LastAnswer() {}

  /// Has the answer of a request say so where that is the case when it begins; nothing over HTTP/2.
  static void sayIf(BooleanSupplier isLast, RoutingContext context) {
    if (context.request().version() == HttpVersion.HTTP_2) {
      return;
    }
    AtomicBoolean said = new AtomicBoolean();
    context.addHeadersEndHandler(_ -> {
      if (isLast.getAsBoolean()) {
        said.set(true);
        context.response().putHeader("connection", "close");
      }
    });
    context.addEndHandler(_ -> {
      if (said.get()) {
        context.request().connection().close();
      }
    });
  }
}
