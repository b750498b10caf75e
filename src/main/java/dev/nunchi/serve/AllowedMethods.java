package dev.nunchi.serve;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.regex.Pattern;

/// Answers a method that a path does not take, and `OPTIONS`, with those that it takes: the header
/// `Allow`, which the framework leaves out of the one and has for all paths together in the other.
@Singleton
final class AllowedMethods {
  // After authentication, and before whatever answers.
  private static final int PRIORITY = 150;

  private static final Pattern RELOAD = Pattern.compile("/v1/models/[^/:]+:reload");
  private static final Pattern MODEL = Pattern.compile("/v1/models/[^/]+");
  private static final List<String> READ = List.of("GET", "HEAD", "OPTIONS");
  private static final List<String> CALL = List.of("POST", "OPTIONS");

  private final Metrics metrics;
  private final Playground playground;

  AllowedMethods(Metrics metrics, Playground playground) {
    this.metrics = metrics;
    this.playground = playground;
  }

  void register(@Observes Filters filters) {
    filters.register(this::check, PRIORITY);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Nothing is left to do when the caller went.
  private void check(RoutingContext context) {
    List<String> allowed = allowed(CallName.path(context.request()));
    String method = context.request().method().name();
    boolean asked = method.equals("OPTIONS");
    if (allowed.isEmpty() || (allowed.contains(method) && !asked)) {
      context.next();
      return;
    }
    String names = String.join(", ", allowed);
    context.response().putHeader("allow", names);
    if (asked) {
      context.response().setStatusCode(204).end();
    } else {
      FailureResponse.send(
          context,
          Failure.ofHttp(405, "This path does not take this method; it takes " + names),
          metrics);
    }
  }

  /// Those of a path that is served; empty for other paths, and for health and metrics, which look
  /// at no method.
  private List<String> allowed(String path) {
    if (path.equals("/v1/classify")
        || path.equals("/v1/classify:batch")
        || RELOAD.matcher(path).matches()) {
      return CALL;
    }
    if (path.equals("/v1/models") || MODEL.matcher(path).matches() || playground.serves(path)) {
      return READ;
    }
    return GrpcEntrance.isServicePath(path) ? CALL : List.of();
  }
}
