package dev.nunchi.serve;

import dev.nunchi.infer.RunListener;
import dev.nunchi.infer.RunReport;
import dev.nunchi.infer.RunReport.Share;
import io.grpc.Status;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The span of one call, and those of what was done for its texts below it: `nunchi.queue`,
/// `nunchi.encode` and `nunchi.run`.
///
/// Texts of one call that were run together share these, so a batch of 64 has as many as it had
/// runs; and a call has those of 32 runs at most, of a long stream its first ones. All runs are
/// counted. Where a run served several calls, the span in the first one's trace links to those in
/// the others', and theirs to it.
///
/// Spans hold sizes, names and reasons: never a text, and of what the backend threw its class
/// alone. Safe for several threads.
final class CallTrace {
  private static final Logger LOG = Logger.getLogger(CallTrace.class);

  /// Runs of one call that have spans.
  static final int MOST_RUNS = 32;

  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("nunchi.model.name");
  private static final AttributeKey<String> REVISION =
      AttributeKey.stringKey("nunchi.model.revision");
  private static final AttributeKey<Long> TEXTS = AttributeKey.longKey("nunchi.text_count");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("nunchi.reason");
  private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");

  private final Tracer tracer;
  private final Span span;
  private final Context below;

  /// Nanoseconds since 1970 at which [System#nanoTime] was 0.
  private final long epoch;

  private final Map<ServedModel, ModelTrace> byModel = new IdentityHashMap<>();
  private final AtomicInteger runs = new AtomicInteger();

  /// @param span of the call, which [#end] ends
  /// @param parent of the call's span
  CallTrace(Tracer tracer, Span span, Context parent, long epoch) {
    this.tracer = tracer;
    this.span = span;
    this.below = parent.with(span);
    this.epoch = epoch;
  }

  /// 32 digits in hexadecimal, also where the trace is not sampled.
  String traceId() {
    return span.getSpanContext().getTraceId();
  }

  /// 16 digits of the call's span.
  String spanId() {
    return span.getSpanContext().getSpanId();
  }

  /// Whether anything of it is kept.
  boolean isSampled() {
    return span.isRecording();
  }

  /// Hears of the call's texts for a model; null where the trace is not sampled.
  @Nullable RunListener listener(ServedModel model) {
    if (!isSampled()) {
      return null;
    }
    synchronized (byModel) {
      return byModel.computeIfAbsent(model, ModelTrace::new);
    }
  }

  /// An item of a stream has no answer but an error. The number of events has the SDK's bound.
  void refusedItem(String reason) {
    if (isSampled()) {
      span.addEvent("nunchi.item.refused", Attributes.of(REASON, reason));
    }
  }

  /// The call has ended.
  ///
  /// @param outcome in the terms of its protocol
  void end(Ended outcome, CallRecord record) {
    span.setAllAttributes(outcome.attributes());
    @Nullable String models = record.models();
    if (models != null) {
      span.setAttribute(MODEL, models)
          .setAttribute(TEXTS, record.textCount())
          .setAttribute("nunchi.text_bytes", record.textBytes())
          .setAttribute("nunchi.token_count", record.tokenCount())
          .setAttribute("nunchi.run_count", runs.get());
    }
    if (outcome.reason() != null) {
      span.setAttribute(REASON, outcome.reason());
    }
    if (outcome.error() != null) {
      span.setAttribute(ERROR, outcome.error()).setStatus(StatusCode.ERROR);
    }
    span.end(at(System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  /// @param reason as in the errors that callers read, or null
  /// @param error what makes the span one of an error, by OpenTelemetry's conventions; null where
  ///   nothing does, as where it is the caller's
  record Ended(Attributes attributes, @Nullable String reason, @Nullable String error) {}

  /// Whether a gRPC code is an error of the server.
  static boolean isServerError(Status.Code code) {
    return switch (code) {
      case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
      case OK,
          CANCELLED,
          INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          RESOURCE_EXHAUSTED,
          FAILED_PRECONDITION,
          ABORTED,
          OUT_OF_RANGE,
          UNAUTHENTICATED ->
          false;
    };
  }

  private long at(long nanoTime) {
    return epoch + nanoTime;
  }

  private Span start(String name, long began) {
    return tracer
        .spanBuilder(name)
        .setParent(below)
        .setStartTimestamp(at(began), TimeUnit.NANOSECONDS)
        .startSpan();
  }

  private void end(Span child, long ended) {
    child.end(at(ended), TimeUnit.NANOSECONDS);
  }

  /// What a call asked of one model.
  private final class ModelTrace implements RunListener {
    private final ServedModel model;

    ModelTrace(ServedModel model) {
      this.model = model;
    }

    @Override
    public void encoded(int texts, long began, long ended) {
      guarded(() -> {
        if (runs.get() < MOST_RUNS) {
          end(start("nunchi.encode", began).setAttribute(TEXTS, (long) texts), ended);
        }
      });
    }

    @Override
    public void expired(long acceptedAt, long now) {
      guarded(() -> {
        if (runs.getAndIncrement() < MOST_RUNS) {
          Span queue = start("nunchi.queue", acceptedAt).setAttribute("nunchi.expired", true);
          end(queue.setAttribute(MODEL, model.name()), now);
        }
      });
    }

    @Override
    public void ran(RunReport run) {
      guarded(() -> trace(run));
    }

    private CallTrace call() {
      return CallTrace.this;
    }

    /// The first one's span stays open until the others are there to be linked to.
    private static void trace(RunReport run) {
      @Nullable CallTrace first = null;
      @Nullable Span shared = null;
      for (Share share : run.shares()) {
        if (share.listener() instanceof ModelTrace other) {
          @Nullable Span own =
              other.trace(run, share, shared == null ? null : shared.getSpanContext());
          if (own != null && shared == null) {
            shared = own;
            first = other.call();
          } else if (own != null && shared != null) {
            shared.addLink(own.getSpanContext());
            other.call().end(own, run.endedAt());
          }
        }
      }
      if (first != null && shared != null) {
        first.end(shared, run.endedAt());
      }
    }

    /// @param shared the run's span in another call's trace; null where this is the first
    /// @return the run's span, which has begun; null where there is none
    private @Nullable Span trace(RunReport run, Share share, @Nullable SpanContext shared) {
      if (runs.getAndIncrement() >= MOST_RUNS) {
        return null;
      }
      end(
          start("nunchi.queue", share.acceptedAt()).setAttribute(MODEL, model.name()),
          run.takenAt());
      if (run.encodedTexts() > 0) {
        end(
            start("nunchi.encode", run.takenAt()).setAttribute(TEXTS, (long) run.encodedTexts()),
            run.encodedAt());
      }
      if (share.texts() == 0) {
        return null;
      }
      SpanBuilder builder =
          tracer
              .spanBuilder("nunchi.run")
              .setParent(below)
              .setStartTimestamp(at(run.encodedAt()), TimeUnit.NANOSECONDS)
              .setAttribute(MODEL, model.name())
              .setAttribute(REVISION, model.manifest().proof().revision())
              .setAttribute(TEXTS, (long) share.texts())
              .setAttribute("nunchi.batch.size", run.texts())
              .setAttribute("nunchi.batch.token_count", run.tokens())
              .setAttribute("nunchi.batch.padding_token_count", run.paddingTokens())
              .setAttribute("nunchi.batch.alone", run.alone());
      if (shared != null) {
        builder.addLink(shared);
      }
      Span own = builder.startSpan();
      if (run.failure() != null) {
        own.setAttribute(ERROR, run.failure().getClass().getName()).setStatus(StatusCode.ERROR);
      }
      return own;
    }

    /// Nobody's answer depends on a trace.
    private static void guarded(Runnable work) {
      try {
        work.run();
      } catch (RuntimeException e) {
        LOG.debug("A call could not be traced", e);
      }
    }
  }
}
