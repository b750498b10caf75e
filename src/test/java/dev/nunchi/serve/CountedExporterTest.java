package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CountedExporterTest {
  private final AtomicLong clock = new AtomicLong(7);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Counter sent = registry.counter("sent");
  private final Counter failed = registry.counter("failed");
  private final Collector collector = new Collector();
  private final CountedExporter exporter =
      new CountedExporter(collector, "http://collector", sent, failed, clock::get);
  private final List<String> logged = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          logged.add(ExtLogRecord.wrap(record).getFormattedMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private static final class Collector implements SpanExporter {
    private boolean answers = true;
    private boolean breaks;

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      if (breaks) {
        throw new IllegalArgumentException("broken");
      }
      return answers ? CompletableResultCode.ofSuccess() : CompletableResultCode.ofFailure();
    }

    @Override
    public CompletableResultCode flush() {
      return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  @BeforeEach
  void listen() {
    Logger.getLogger(CountedExporter.class.getName()).addHandler(handler);
  }

  @AfterEach
  void listenNoMore() {
    Logger.getLogger(CountedExporter.class.getName()).removeHandler(handler);
  }

  @Test
  void export_collectorAnswers_countsAndSaysNothing() {
    export(3);
    export(4);
    assertEquals(7, sent.count());
    assertEquals(0, failed.count());
    assertEquals(List.of(), logged);
  }

  @Test
  void export_collectorIsAway_saysSoOnceAMinuteAndWhenItIsBack() {
    collector.answers = false;
    export(3);
    clock.addAndGet(Duration.ofSeconds(59).toNanos());
    export(4);
    clock.addAndGet(Duration.ofSeconds(1).toNanos());
    export(5);
    collector.answers = true;
    export(6);
    export(1);
    assertEquals(12, failed.count());
    assertEquals(7, sent.count());
    assertEquals(
        List.of(
            "Traces do not reach http://collector: 3 spans are lost so far; calls go on",
            "Traces do not reach http://collector: 12 spans are lost so far; calls go on",
            "Traces reach http://collector again"),
        logged);
  }

  @Test
  void export_whatThrows_isLostAndCounted() {
    collector.breaks = true;
    export(3);
    assertEquals(3, failed.count());
    assertEquals(1, logged.size(), logged::toString);
  }

  @Test
  void export_collectorComesAndGoes_saysNoMoreThanOnceAMinute() {
    for (int i = 0; i < 100; i++) {
      collector.answers = i % 2 == 1;
      export(1);
    }
    assertEquals(2, logged.size(), logged::toString);
  }

  private void export(int spans) {
    exporter.export(Arrays.asList(new SpanData[spans]));
  }
}
