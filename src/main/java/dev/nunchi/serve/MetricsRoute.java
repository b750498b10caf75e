package dev.nunchi.serve;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Gives `/q/metrics`, as OpenMetrics or as the text that Prometheus had before.
///
/// One page is some ten KiB, and costs a millisecond. Quarkus itself makes one for each request, so
/// whoever asks for many and reads none keeps the processors busy and the heap full; here those who
/// ask at one time share one ([SharedAnswer]).
@Singleton
final class MetricsRoute {
  private static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private static final List<String> TAKEN_AS_OPEN_METRICS =
      List.of("", "*", "*/*", "application/*", "application/openmetrics-text");

  private final SharedAnswer<Buffer> openMetrics;
  private final SharedAnswer<Buffer> text;

  /// Away from the event loops, which would wait for whoever counts just then.
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("nunchi-metrics").factory());

  MetricsRoute(PrometheusMeterRegistry registry) {
    this.openMetrics = shared(registry, OPEN_METRICS);
    this.text = shared(registry, TEXT);
  }

  private SharedAnswer<Buffer> shared(PrometheusMeterRegistry registry, String type) {
    return new SharedAnswer<>(
        () -> Buffer.buffer(registry.scrape(type)),
        (task, delay) -> {
          Future<?> _ = worker.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        },
        System::nanoTime);
  }

  void stop(@Observes ShutdownEvent event) {
    worker.shutdown();
  }

  void register(@Observes Router router) {
    // Before the routes of Quarkus, and after all filters.
    router.route("/q/metrics").order(0).handler(this::answer);
    router.route("/q/metrics/*").order(0).handler(this::answer);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Nothing is left to do when the caller went.
  private void answer(RoutingContext context) {
    @Nullable String type = type(context.request().getHeader("accept"));
    if (type == null) {
      context.response().setStatusCode(406).end();
      return;
    }
    EventLoop loop = EventLoop.current();
    (type.equals(TEXT) ? text : openMetrics)
        .ask()
        .whenComplete((page, failure) ->
            loop.execute(() -> {
              HttpServerResponse response = context.response();
              if (response.closed() || response.ended()) {
                return;
              }
              if (page == null) {
                context.fail(failure);
              } else if (context.request().method().name().equals("HEAD")) {
                response
                    .putHeader("content-type", type)
                    .putHeader("content-length", Integer.toString(page.length()))
                    .end();
              } else {
                response.putHeader("content-type", type).end(page);
              }
            }));
  }

  /// The media type to answer with; null where none that there is is taken.
  private static @Nullable String type(@Nullable String accept) {
    List<String> taken =
        Arrays.stream((accept == null ? "" : accept).toLowerCase(Locale.ROOT).split(",", -1))
            .map(range -> range.replaceFirst(";.*", "").strip())
            .toList();
    // A browser takes anything too, and shows text.
    if (taken.contains("text/plain") || taken.contains("text/html")) {
      return TEXT;
    }
    if (taken.stream().anyMatch(TAKEN_AS_OPEN_METRICS::contains)) {
      return OPEN_METRICS;
    }
    return taken.contains("text/*") ? TEXT : null;
  }
}
