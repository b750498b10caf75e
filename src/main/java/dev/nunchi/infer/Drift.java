package dev.nunchi.infer;

import dev.nunchi.LabelSet;
import dev.nunchi.model.AnswerProfile;
import java.util.stream.Stream;

/// How far the texts that a model answers now are from those by which it was measured: the
/// population stability index of its last answers against a reference
/// ([AnswerProfile#stabilityIndex]).
///
/// The last answers are those of a window that was filled, and of the one that fills: 5,000 to
/// 10,000 of them. Safe for use by several threads.
public final class Drift {
  /// Below so many answers nothing is said: chance alone would make an index.
  static final int FEWEST = 1_000;

  static final int WINDOW = 5_000;

  /// In what texts may have changed.
  public enum Aspect {
    /// How many get each label.
    LABEL,
    /// How sure the model is.
    CONFIDENCE,
    /// How much its vocabulary does not have.
    UNKNOWN_TOKENS
  }

  private final AnswerProfile reference;
  private final LabelSet labels;
  private AnswerCounts now;
  private AnswerProfile before;

  /// @param reference of the model whose labels these are
  public Drift(AnswerProfile reference, LabelSet labels) {
    this.reference = reference;
    this.labels = labels;
    this.now = new AnswerCounts(labels);
    this.before = now.profile();
  }

  public synchronized void add(Prediction prediction) {
    now.add(prediction);
    if (now.count() == WINDOW) {
      before = now.profile();
      now = new AnswerCounts(labels);
    }
  }

  /// Forgets all answers so far.
  public synchronized void forget() {
    now = new AnswerCounts(labels);
    before = now.profile();
  }

  /// The index of the last answers; no number as long as they are few, and of a regression, whose
  /// one label has no score, for all but the unknown tokens.
  public synchronized double index(Aspect aspect) {
    if (labels.size() == 1 && aspect != Aspect.UNKNOWN_TOKENS) {
      return Double.NaN;
    }
    AnswerProfile current = now.profile();
    if (current.count() + before.count() < FEWEST) {
      return Double.NaN;
    }
    long[] expected = counts(reference, aspect);
    long[] actual = counts(current, aspect);
    long[] earlier = counts(before, aspect);
    for (int i = 0; i < actual.length; i++) {
      actual[i] += earlier[i];
    }
    return AnswerProfile.stabilityIndex(expected, actual);
  }

  private long[] counts(AnswerProfile profile, Aspect aspect) {
    Stream<Long> counts =
        switch (aspect) {
          case LABEL ->
              labels.labels().stream()
                  .map(label -> profile.labels().getOrDefault(label.name(), 0L));
          case CONFIDENCE -> profile.confidence().stream();
          case UNKNOWN_TOKENS -> profile.unknownTokens().stream();
        };
    return counts.mapToLong(Long::longValue).toArray();
  }
}
