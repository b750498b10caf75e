package dev.nunchi.infer;

import dev.nunchi.text.PaddedBatch;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// A model in two sessions: one whose calls use a core each, and one whose calls use several, for a
/// text that has them all to itself, which so has its answer sooner.
///
/// The second one is opened in the background when the first such text comes, which does without,
/// and is not asked for again where it cannot be opened. Safe for several threads; [#close] waits
/// for the calls in flight.
final class LoneTextModel implements Backend {
  private static final Logger LOG = Logger.getLogger(LoneTextModel.class);

  private final Backend model;
  private final Supplier<Backend> opener;
  private final Executor background;
  private @Nullable CompletableFuture<@Nullable Backend> wide;
  private boolean closed;

  /// @param model owned by this from now on
  /// @param opener opens the session of several cores, or throws
  LoneTextModel(Backend model, Supplier<Backend> opener) {
    this(model, opener, task -> Thread.ofPlatform().daemon().name("nunchi-lone").start(task));
  }

  /// @param background runs the opener, or throws
  LoneTextModel(Backend model, Supplier<Backend> opener, Executor background) {
    this.model = model;
    this.opener = opener;
    this.background = background;
  }

  @Override
  public float[][] logits(PaddedBatch batch) {
    return model.logits(batch);
  }

  @Override
  public float[][] logitsOfLoneText(PaddedBatch batch) {
    @Nullable Backend known = wide().getNow(null);
    return (known == null ? model : known).logits(batch);
  }

  @Override
  public boolean isFasterAlone() {
    @Nullable CompletableFuture<@Nullable Backend> known;
    synchronized (this) {
      known = wide;
    }
    return known != null && known.getNow(null) != null;
  }

  private synchronized CompletableFuture<@Nullable Backend> wide() {
    CompletableFuture<@Nullable Backend> known = wide;
    if (known == null) {
      known = new CompletableFuture<>();
      wide = known;
      if (closed) {
        known.complete(null);
      } else {
        begin(known);
      }
    }
    return known;
  }

  /// Who closes this waits for what it comes to, also where there is no thread to be had.
  @SuppressWarnings("CatchThrowable")
  private void begin(CompletableFuture<@Nullable Backend> opening) {
    try {
      background.execute(() -> opening.complete(open()));
    } catch (Throwable e) {
      opening.complete(without(e));
    }
  }

  // Whatever goes wrong here, the texts have another session.
  @SuppressWarnings("CatchThrowable")
  private @Nullable Backend open() {
    try {
      return opener.get();
    } catch (Throwable e) {
      return without(e);
    }
  }

  private static @Nullable Backend without(Throwable reason) {
    LOG.warnf("A text that is alone is computed on one core: %s", reason.getMessage());
    return null;
  }

  @Override
  public void close() {
    @Nullable CompletableFuture<@Nullable Backend> opened;
    synchronized (this) {
      closed = true;
      opened = wide;
    }
    @Nullable Backend known = opened == null ? null : opened.join();
    if (known != null) {
      known.close();
    }
    model.close();
  }
}
