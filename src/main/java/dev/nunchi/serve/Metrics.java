package dev.nunchi.serve;

import dev.nunchi.Reason;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.Drift;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.Refusal;
import dev.nunchi.text.Truncation;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the server counts. Names and tags are part of its contract: `docs/metrics.md`.
@Singleton
final class Metrics {
  /// In place of the name of a model that has none.
  static final String NO_MODEL = "";

  private static final double[] CONFIDENCES = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1};
  private static final double[] UNKNOWN_SHARES = {0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1};

  private static final Duration[] REJECTION_TIMES =
      Stream.of(
              250, 500, 1_000, 2_000, 3_000, 4_000, 5_000, 7_500, 10_000, 25_000, 100_000,
              1_000_000)
          .map(micros -> Duration.ofNanos(1_000L * micros))
          .toArray(Duration[]::new);

  private static final Set<String> CALLS =
      Set.of(
          "nunchi.requests",
          "nunchi.rejections",
          "nunchi.rejection",
          "nunchi.stream.items",
          "nunchi.queue.wait",
          "nunchi.inference",
          "nunchi.tokens",
          "nunchi.labels",
          "nunchi.confidence",
          "nunchi.unknown.token.share",
          "nunchi.truncations");

  private final MeterRegistry registry;

  // Looking up a meter by its tags costs more than counting, and a timer's is made anew for it.
  private final Map<Call, Counter> calls = new ConcurrentHashMap<>();
  private final Map<Rejection, RejectionMeters> rejections = new ConcurrentHashMap<>();
  private final Map<String, ModelMeters> byModel = new ConcurrentHashMap<>();

  /// Names of the models that are served; locked while a meter of one is made, or those of one are
  /// removed.
  private final Set<String> names = new HashSet<>();

  private record Rejection(Protocol protocol, String reason) {}

  private record RejectionMeters(Counter count, Timer time) {}

  private record Call(Protocol protocol, String method, Status.Code code) {}

  /// Those of the texts that a model answers.
  private record ModelMeters(
      Timer queueWait,
      Timer inference,
      Counter tokens,
      DistributionSummary unknownTokenShare,
      DistributionSummary confidence,
      Map<String, Counter> labels,
      Map<Truncation, Counter> truncations) {}

  Metrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /// A call that was answered or refused.
  void request(Protocol protocol, String method, Status.Code code) {
    calls
        .computeIfAbsent(
            new Call(protocol, method, code),
            call ->
                registry.counter(
                    "nunchi.requests",
                    "protocol",
                    protocol.tag(),
                    "method",
                    method,
                    "code",
                    code.name()))
        .increment();
  }

  /// A call that has no answer, and whose refusal is sent now: to be told while it runs.
  void request(Protocol protocol, String method, Failure failure) {
    request(protocol, method, failure.code());
    RejectionMeters meters = rejection(protocol, failure.reason());
    meters.count().increment();
    if (failure.code() != Status.Code.CANCELLED) {
      Arrival.noted().ifPresent(came -> recordWhenSent(meters.time(), came));
    }
  }

  /// What an event loop writes while it reads is sent when it has read, and what it writes else a
  /// task later, see [JoinedWrites].
  private static void recordWhenSent(Timer timer, long came) {
    Context call = Vertx.currentContext();
    Handler<Void> sent = _ -> timer.record(System.nanoTime() - came, TimeUnit.NANOSECONDS);
    if (ReadTurn.isOn()) {
      call.runOnContext(sent);
    } else {
      call.runOnContext(_ -> call.runOnContext(sent));
    }
  }

  /// An answer that was given, counted, and could not be kept until its caller takes it.
  void withdrawn(Protocol protocol, Reason reason) {
    rejection(protocol, reason.name()).count().increment();
  }

  /// An item of a stream that was answered.
  void item(Status.Code code) {
    registry.counter("nunchi.stream.items", "code", code.name()).increment();
  }

  /// An item of a stream that has no answer but an error.
  void item(Failure failure) {
    item(failure.code());
    rejection(Protocol.GRPC, failure.reason()).count().increment();
  }

  private RejectionMeters rejection(Protocol protocol, String reason) {
    return rejections.computeIfAbsent(
        new Rejection(protocol, reason),
        _ -> {
          Tags tags = Tags.of("protocol", protocol.tag(), "reason", reason);
          return new RejectionMeters(
              registry.counter("nunchi.rejections", tags),
              Timer.builder("nunchi.rejection")
                  .tags(tags)
                  .serviceLevelObjectives(REJECTION_TIMES)
                  .register(registry));
        });
  }

  /// Spans of traced calls, of which as many were made, sent or lost.
  Counter spans(String outcome) {
    return registry.counter("nunchi.trace.spans", "outcome", outcome);
  }

  /// A model that was opened and is served.
  void loaded(String model) {
    loads(model, "refused");
    loads(model, "served").increment();
  }

  /// A directory that was refused.
  ///
  /// @param model the name that it was to have, or [#NO_MODEL]
  void notLoaded(String model) {
    loads(model, "served");
    loads(model, "refused").increment();
  }

  private Counter loads(String model, String outcome) {
    return registry.counter("nunchi.model.loads", "model", model, "outcome", outcome);
  }

  /// Forgets every call and answer so far, as when the server had called itself.
  void forgetCalls(ModelRegistry models) {
    registry.getMeters().stream()
        .filter(meter -> CALLS.contains(meter.getId().getName()))
        .forEach(registry::remove);
    calls.clear();
    rejections.clear();
    byModel.clear();
    models.all().forEach(model -> model.drift().ifPresent(Drift::forget));
  }

  /// A text that a model answered: one that is served, or it went while the text waited, and has no
  /// meters any more.
  void answered(ServedModel served, Truncation truncation, Prediction prediction) {
    String model = served.name();
    ofServed(model, byModel, model, this::metersOf)
        .ifPresent(meters -> answered(model, meters, truncation, prediction));
    served.drift().ifPresent(drift -> drift.add(prediction));
  }

  private ModelMeters metersOf(String model) {
    return new ModelMeters(
        timer("nunchi.queue.wait", model),
        timer("nunchi.inference", model),
        registry.counter("nunchi.tokens", "model", model),
        summary("nunchi.unknown.token.share", model, UNKNOWN_SHARES),
        summary("nunchi.confidence", model, CONFIDENCES),
        new ConcurrentHashMap<>(),
        new ConcurrentHashMap<>());
  }

  private void answered(
      String model, ModelMeters meters, Truncation truncation, Prediction prediction) {
    meters.queueWait().record(prediction.queueDuration());
    meters.inference().record(prediction.inferenceDuration());
    meters.tokens().increment(prediction.tokenCount());
    ofServed(
            model,
            meters.labels(),
            prediction.best().name(),
            label -> registry.counter("nunchi.labels", "model", model, "label", label))
        .ifPresent(Counter::increment);
    meters.unknownTokenShare().record(prediction.unknownTokenShare());
    if (prediction.value().isEmpty()) {
      meters.confidence().record(prediction.confidence());
    }
    if (prediction.truncated()) {
      ofServed(model, meters.truncations(), truncation, policy -> truncations(model, policy))
          .ifPresent(Counter::increment);
    }
  }

  private Counter truncations(String model, Truncation policy) {
    return registry.counter(
        "nunchi.truncations", "model", model, "policy", policy.name().toLowerCase(Locale.ROOT));
  }

  /// What `made` has for a key, or what `make` makes of it; nothing where it would have to be made
  /// for a model that went, as nobody would remove it again.
  private <K, M> Optional<M> ofServed(
      String model, Map<K, M> made, K key, Function<? super K, ? extends M> make) {
    @Nullable M known = made.get(key);
    if (known != null) {
      return Optional.of(known);
    }
    synchronized (names) {
      return names.contains(model)
          ? Optional.of(made.computeIfAbsent(key, make))
          : Optional.empty();
    }
  }

  /// Reports what waits for each model from now on, what it takes, and what was refused; of a model
  /// that went nothing more.
  void observe(ModelRegistry models) {
    models.observe(
        new ModelRegistry.Observer() {
          @Override
          public void came(ServedModel model) {
            String name = model.name();
            synchronized (names) {
              names.add(name);
            }
            Gauge.builder(
                    "nunchi.queue.size", models, all -> of(all, name, Classifier::waitingCount))
                .tag("model", name)
                .register(registry);
            Gauge.builder(
                    "nunchi.queue.predicted.seconds",
                    models,
                    all -> of(all, name, each -> seconds(each.expectedQueueDuration().toNanos())))
                .tag("model", name)
                .register(registry);
            counter(
                models,
                "nunchi.worker.seconds",
                name,
                each -> seconds(each.times().takenNanos()),
                Tags.empty());
            counter(
                models,
                "nunchi.worker.predicted.seconds",
                name,
                each -> seconds(each.times().expectedNanos()),
                Tags.empty());
            counter(models, "nunchi.batches", name, each -> each.times().batches(), Tags.empty());
            counter(models, "nunchi.batch.texts", name, each -> each.times().texts(), Tags.empty());
            counter(
                models, "nunchi.batch.tokens", name, each -> each.times().tokens(), Tags.empty());
            counter(
                models,
                "nunchi.batch.padding.tokens",
                name,
                each -> each.times().paddingTokens(),
                Tags.empty());
            for (Drift.Aspect aspect : Drift.Aspect.values()) {
              Gauge.builder("nunchi.drift.index", models, all -> drift(all, name, aspect))
                  .tag("model", name)
                  .tag("aspect", aspect.name().toLowerCase(Locale.ROOT))
                  .register(registry);
            }
            for (Refusal why : Refusal.values()) {
              counter(
                  models,
                  "nunchi.admission.refusals",
                  name,
                  each -> each.refusedCount(why),
                  Tags.of("cause", why.name().toLowerCase(Locale.ROOT)));
            }
          }

          @Override
          public void went(ServedModel model) {
            synchronized (names) {
              names.remove(model.name());
              byModel.remove(model.name());
              registry.getMeters().stream()
                  .filter(meter -> model.name().equals(meter.getId().getTag("model")))
                  .forEach(registry::remove);
            }
          }
        });
  }

  /// Reports how many streams are open, and how much they hold, from now on.
  void observe(OpenStreams streams) {
    Gauge.builder("nunchi.streams.open", streams, OpenStreams::count).register(registry);
    Gauge.builder("nunchi.stream.items.unanswered", streams, OpenStreams::unansweredCount)
        .register(registry);
  }

  /// Reports how many connections are open, from now on.
  void observe(Doors doors) {
    Gauge.builder("nunchi.connections.open", doors, Doors::count).register(registry);
    for (OpenConnection.Cause cause : OpenConnection.Cause.values()) {
      closed(cause, 0);
    }
  }

  /// A connection that the server closed.
  void closed(OpenConnection.Cause cause) {
    closed(cause, 1);
  }

  private void closed(OpenConnection.Cause cause, int connections) {
    registry
        .counter("nunchi.connections.closed", "cause", cause.name().toLowerCase(Locale.ROOT))
        .increment(connections);
  }

  private void counter(
      ModelRegistry models,
      String name,
      String model,
      ToDoubleFunction<Classifier> count,
      Tags tags) {
    FunctionCounter.builder(name, models, all -> of(all, model, count))
        .tags(tags.and("model", model))
        .register(registry);
  }

  /// Of the model that has the name now; 0 where none has it.
  private static double of(ModelRegistry models, String name, ToDoubleFunction<Classifier> count) {
    return models.named(name).map(model -> count.applyAsDouble(model.classifier())).orElse(0.0);
  }

  /// No number where it is not known how the model answers texts like those that it is for.
  private static double drift(ModelRegistry models, String name, Drift.Aspect aspect) {
    return models
        .named(name)
        .flatMap(ServedModel::drift)
        .map(drift -> drift.index(aspect))
        .orElse(Double.NaN);
  }

  private static double seconds(long nanos) {
    return nanos / 1e9;
  }

  private DistributionSummary summary(String name, String model, double[] buckets) {
    return DistributionSummary.builder(name)
        .tag("model", model)
        .serviceLevelObjectives(buckets)
        .register(registry);
  }

  private Timer timer(String name, String model) {
    return Timer.builder(name)
        .tag("model", model)
        .serviceLevelObjectives(
            Duration.ofMillis(1),
            Duration.ofMillis(2),
            Duration.ofMillis(5),
            Duration.ofMillis(10),
            Duration.ofMillis(25),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofSeconds(1))
        .register(registry);
  }
}
