package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How many texts of a run have no answer.
final class Refusals {
  private long texts;
  private long refused;
  private @Nullable NunchiException first;

  void add(Refusal refusal) {
    first = first == null ? refusal.why() : first;
    refused++;
  }

  /// A text more, refused or not.
  void counted() {
    texts++;
  }

  /// What a user is told at the end; null where every text has an answer.
  @Nullable NunchiException summary() {
    if (first == null) {
      return null;
    }
    return new NunchiException(
        first.reason(),
        refused == 1
            ? first.getMessage() + others()
            : String.format(
                Locale.ROOT,
                "%,d of %,d texts have no answer, the first of them: %s",
                refused,
                texts,
                first.getMessage()),
        first);
  }

  private String others() {
    return switch ((int) Math.min(texts, 3)) {
      case 1 -> "";
      case 2 -> "; the other text has its answer";
      default -> String.format(Locale.ROOT, "; the other %,d texts have their answers", texts - 1);
    };
  }
}
