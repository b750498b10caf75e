package dev.nunchi.serve;

import io.smallrye.common.vertx.VertxContext;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// What is counted of a call while it runs, for its line in the access log and its trace: never a
/// text.
///
/// It lies in the Vert.x context of the call, where the access log or tracing puts it if either is
/// on. Safe for several threads.
final class CallRecord {
  private static final String KEY = CallRecord.class.getName();
  private static final CallRecord UNREAD = new CallRecord();

  private final Set<String> models = new LinkedHashSet<>();
  private final AtomicLong textBytes = new AtomicLong();
  private final AtomicLong textCount = new AtomicLong();
  private final AtomicLong tokenCount = new AtomicLong();
  private volatile @Nullable String reason;
  private volatile @Nullable CallTrace trace;

  /// The record of the call that runs on this thread, or one that nobody reads.
  static CallRecord current() {
    Context context = Vertx.currentContext();
    CallRecord record =
        context != null && VertxContext.isDuplicatedContext(context) ? context.getLocal(KEY) : null;
    return record == null ? UNREAD : record;
  }

  /// The record of the call that runs on this thread, made if it has none.
  static CallRecord begin() {
    CallRecord record = current();
    if (record != UNREAD) {
      return record;
    }
    record = new CallRecord();
    Context context = Vertx.currentContext();
    if (context != null && VertxContext.isDuplicatedContext(context)) {
      context.putLocal(KEY, record);
    }
    return record;
  }

  /// The call is traced.
  void traced(CallTrace trace) {
    this.trace = trace;
  }

  /// Null where calls are not traced.
  @Nullable CallTrace trace() {
    return trace;
  }

  /// @param model the name of a model that is served
  void asked(String model, String text) {
    if (this == UNREAD) {
      return;
    }
    synchronized (models) {
      models.add(model);
    }
    textCount.incrementAndGet();
    textBytes.addAndGet(text.getBytes(StandardCharsets.UTF_8).length);
  }

  void answered(int tokens) {
    tokenCount.addAndGet(tokens);
  }

  void refused(String reason) {
    // What nobody reads is shared by all calls; it does not matter what it holds.
    this.reason = reason;
  }

  /// The models' names with commas between, in the order in which they were asked; null for none.
  @Nullable String models() {
    synchronized (models) {
      return models.isEmpty() ? null : String.join(",", models);
    }
  }

  long textCount() {
    return textCount.get();
  }

  long textBytes() {
    return textBytes.get();
  }

  long tokenCount() {
    return tokenCount.get();
  }

  @Nullable String reason() {
    return reason;
  }
}
