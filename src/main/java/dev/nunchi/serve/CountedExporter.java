package dev.nunchi.serve;

import io.micrometer.core.instrument.Counter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/// Counts the spans that reached the collector and those that did not, and says in the log, once a
/// minute at most, that they do not.
///
/// Safe for several threads.
final class CountedExporter implements SpanExporter {
  private static final Logger LOG = Logger.getLogger(CountedExporter.class);
  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final SpanExporter exporter;
  private final String endpoint;
  private final Counter sent;
  private final Counter failed;
  private final LongSupplier nanoClock;

  private boolean failing;
  private long lost;
  private long saidAt;

  /// @param endpoint as people are told it
  CountedExporter(
      SpanExporter exporter,
      String endpoint,
      Counter sent,
      Counter failed,
      LongSupplier nanoClock) {
    this.exporter = exporter;
    this.endpoint = endpoint;
    this.sent = sent;
    this.failed = failed;
    this.nanoClock = nanoClock;
    this.saidAt = nanoClock.getAsLong() - QUIET_NANOS;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode result = exported(spans);
    return result.whenComplete(() -> count(spans.size(), result.isSuccess()));
  }

  /// What throws is a failure as any other.
  private CompletableResultCode exported(Collection<SpanData> spans) {
    try {
      return exporter.export(spans);
    } catch (RuntimeException e) {
      LOG.debug("Spans could not be sent", e);
      return CompletableResultCode.ofFailure();
    }
  }

  private synchronized void count(int spans, boolean success) {
    if (success) {
      sent.increment(spans);
      if (failing) {
        failing = false;
        LOG.infof("Traces reach %s again", endpoint);
      }
      return;
    }
    failed.increment(spans);
    lost += spans;
    long now = nanoClock.getAsLong();
    if (now - saidAt >= QUIET_NANOS) {
      failing = true;
      saidAt = now;
      LOG.warnf("Traces do not reach %s: %d spans are lost so far; calls go on", endpoint, lost);
    }
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
