package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.data.Example;
import dev.nunchi.model.OutputDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;

/// Asks a teacher about texts whose scores are not kept yet, and keeps them.
///
/// Texts of near-equal length go together, the longest first, so that what does not fit into memory
/// fails at once. Which texts share a batch depends on the texts alone: the same are scored the
/// same again. Batches run side by side in rounds of about a second, after each of which the
/// scoring can be stopped; what is scored is written every minute, and where the scoring ends,
/// however it does.
final class Scoring {
  private static final int BATCH = 32;
  private static final Duration ROUND = Duration.ofSeconds(1);
  private static final Duration KEPT_EVERY = Duration.ofMinutes(1);
  private static final int MOST_BATCHES_OF_ROUND = 1024;

  private final Teacher teacher;
  private final KeptScores kept;
  private final TrainingListener listener;
  private final LongSupplier nanoTime;
  private final List<Example> missing = new ArrayList<>();
  private final List<KeptScores.Key> keys = new ArrayList<>();

  /// @param texts that have to have scores
  Scoring(Teacher teacher, KeptScores kept, List<Example> texts, TrainingListener listener) {
    this(teacher, kept, texts, listener, System::nanoTime);
  }

  Scoring(
      Teacher teacher,
      KeptScores kept,
      List<Example> texts,
      TrainingListener listener,
      LongSupplier nanoTime) {
    this.teacher = teacher;
    this.kept = kept;
    this.listener = listener;
    this.nanoTime = nanoTime;
    Set<KeptScores.Key> seen = new HashSet<>();
    texts.stream()
        .sorted(Comparator.comparingInt(text -> -text.text().length()))
        .forEachOrdered(text -> {
          KeptScores.Key key = kept.key(text);
          if (!kept.has(key) && seen.add(key)) {
            missing.add(text);
            keys.add(key);
          }
        });
  }

  /// How many texts have to be scored, each different one once.
  int missing() {
    return missing.size();
  }

  /// Scores until all are, or until `stop` is requested.
  ///
  /// @param directory of the scores; made where it does not exist
  /// @return how many texts were scored
  /// @throws NunchiException where the teacher refuses a text, or the scores cannot be kept; those
  ///   before it are
  int run(Path directory, StopSignal stop) {
    long work = missing.stream().mapToLong(Scoring::work).sum();
    long worked = 0;
    int done = 0;
    int truncated = 0;
    int round = 1;
    try (OutputDirectory held = OutputDirectory.open(directory, OutputDirectory.Existing.REPLACE);
        KeptScores keeping = kept;
        Teacher.Scorer scorer = teacher.open();
        ExecutorService callers =
            Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      long savedAt = nanoTime.getAsLong();
      while (done < missing.size() && !stop.isRequested()) {
        long began = nanoTime.getAsLong();
        int end = Math.min(missing.size(), done + round * BATCH);
        truncated += score(scorer, callers, done, end);
        worked += missing.subList(done, end).stream().mapToLong(Scoring::work).sum();
        done = end;
        long now = nanoTime.getAsLong();
        listener.scored(done, missing.size(), (double) worked / work);
        round = next(round, now - began);
        if (now - savedAt >= KEPT_EVERY.toNanos()) {
          keeping.save();
          savedAt = now;
        }
      }
    }
    if (truncated > 0) {
      listener.warned(
          String.format(
              Locale.ROOT,
              "The teacher read head and tail alone of %,d of %,d texts, which are longer than its"
                  + " %d tokens",
              truncated,
              done,
              teacher.description().maxLength()));
    }
    return done;
  }

  /// @param callers threads that wait for the teacher
  /// @return how many of the texts are longer than the teacher reads
  private int score(Teacher.Scorer scorer, ExecutorService callers, int from, int to) {
    List<CompletableFuture<Teacher.Scored>> batches = new ArrayList<>();
    for (int start = from; start < to; start += BATCH) {
      List<Example> batch = missing.subList(start, Math.min(start + BATCH, to));
      batches.add(CompletableFuture.supplyAsync(() -> scorer.score(batch), callers));
    }
    int truncated = 0;
    int start = from;
    for (CompletableFuture<Teacher.Scored> batch : batches) {
      Teacher.Scored scored = joined(batch);
      kept.put(keys.subList(start, start + scored.logits().length), scored.logits());
      truncated += scored.truncated();
      start += scored.logits().length;
    }
    return truncated;
  }

  private static Teacher.Scored joined(CompletableFuture<Teacher.Scored> batch) {
    try {
      return batch.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof NunchiException refused) {
        throw refused;
      }
      throw e;
    }
  }

  private static int next(int round, long nanos) {
    if (nanos < ROUND.toNanos()) {
      return Math.min(2 * round, MOST_BATCHES_OF_ROUND);
    }
    return nanos > 4 * ROUND.toNanos() ? Math.max(1, round / 2) : round;
  }

  /// About as long as the text takes: each has some special tokens too.
  private static long work(Example text) {
    return text.text().length() + 4L;
  }
}
