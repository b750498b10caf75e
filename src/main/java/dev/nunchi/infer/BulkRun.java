package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;

/// Many encodings at once: sorted by length, so that a batch holds near-equal lengths and little
/// padding, and answered in the order in which they were given.
///
/// @param workers the threads that call the backend, see [Workers]
/// @param batchSize most encodings in one call
public record BulkRun(Backend backend, int padTokenId, Executor workers, int batchSize) {
  /// Blocks until all are run.
  ///
  /// @throws RuntimeException what the backend threw
  public List<Run> run(List<Encoding> encodings) {
    List<Integer> byLength =
        IntStream.range(0, encodings.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> encodings.get(i).length()))
            .toList();
    Run[] runs = new Run[encodings.size()];
    List<CompletableFuture<Void>> batches =
        IntStream.iterate(0, from -> from < byLength.size(), from -> from + batchSize)
            .mapToObj(from -> byLength.subList(from, Math.min(from + batchSize, byLength.size())))
            .map(places -> CompletableFuture.runAsync(() -> run(encodings, places, runs), workers))
            .toList();
    // All of them, also where one failed: the backend may be closed after this.
    Futures.join(CompletableFuture.allOf(batches.toArray(CompletableFuture[]::new)));
    return Arrays.asList(runs);
  }

  private void run(List<Encoding> encodings, List<Integer> places, Run[] runs) {
    long startedAt = System.nanoTime();
    float[][] logits = backend.logits(places.stream().map(encodings::get).toList(), padTokenId);
    Duration inference = Duration.ofNanos(System.nanoTime() - startedAt);
    for (int i = 0; i < places.size(); i++) {
      runs[places.get(i)] = new Run(logits[i], Duration.ZERO, inference);
    }
  }
}
