package dev.nunchi.serve;

import dev.nunchi.infer.Prediction;
import dev.nunchi.text.Truncation;
import io.grpc.Status;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Locale;

/// What the server counts. Names and tags are part of its contract: `docs/metrics.md`.
@Singleton
final class Metrics {
  private final MeterRegistry registry;

  Metrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /// A call that was answered or refused.
  void request(Protocol protocol, String method, Status.Code code) {
    registry
        .counter(
            "nunchi.requests", "protocol", protocol.tag(), "method", method, "code", code.name())
        .increment();
  }

  /// A call that has no answer.
  void request(Protocol protocol, String method, Failure failure) {
    request(protocol, method, failure.code());
    registry
        .counter("nunchi.rejections", "protocol", protocol.tag(), "reason", failure.reason())
        .increment();
  }

  /// An item of a stream that was answered.
  void item(Status.Code code) {
    registry.counter("nunchi.stream.items", "code", code.name()).increment();
  }

  /// An item of a stream that has no answer but an error.
  void item(Failure failure) {
    item(failure.code());
    registry
        .counter("nunchi.rejections", "protocol", Protocol.GRPC.tag(), "reason", failure.reason())
        .increment();
  }

  /// A text that a model answered.
  void answered(String model, Truncation truncation, Prediction prediction) {
    timer("nunchi.queue.wait", model).record(prediction.queueDuration());
    timer("nunchi.inference", model).record(prediction.inferenceDuration());
    registry.counter("nunchi.tokens", "model", model).increment(prediction.tokenCount());
    registry
        .counter("nunchi.labels", "model", model, "label", prediction.best().name())
        .increment();
    if (prediction.truncated()) {
      String policy = truncation.name().toLowerCase(Locale.ROOT);
      registry.counter("nunchi.truncations", "model", model, "policy", policy).increment();
    }
  }

  /// Reports how many texts wait for each model from now on, and of a model that went nothing more.
  void observe(ModelRegistry models) {
    models.observe(
        new ModelRegistry.Observer() {
          @Override
          public void came(ServedModel model) {
            Gauge.builder("nunchi.queue.size", models, all -> all.waitingCount(model.name()))
                .tag("model", model.name())
                .register(registry);
          }

          @Override
          public void went(ServedModel model) {
            registry.getMeters().stream()
                .filter(meter -> model.name().equals(meter.getId().getTag("model")))
                .forEach(registry::remove);
          }
        });
  }

  /// Reports how many streams are open, and how much they hold, from now on.
  void observe(OpenStreams streams) {
    Gauge.builder("nunchi.streams.open", streams, OpenStreams::count).register(registry);
    Gauge.builder("nunchi.stream.items.unanswered", streams, OpenStreams::unansweredCount)
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
