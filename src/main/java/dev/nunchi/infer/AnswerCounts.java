package dev.nunchi.infer;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.model.AnswerProfile;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Counts answers by label, confidence and unknown tokens, in the ranges of an [AnswerProfile]. For
/// one thread at a time.
public final class AnswerCounts {
  private final LabelSet set;
  private final long[] labels;
  private final long[] confidence = new long[AnswerProfile.CONFIDENCES.size() + 1];
  private final long[] unknownTokens = new long[AnswerProfile.UNKNOWN_SHARES.size() + 1];

  /// @param set labels of the model that answers
  public AnswerCounts(LabelSet set) {
    this.set = set;
    this.labels = new long[set.size()];
  }

  public void add(Prediction prediction) {
    labels[prediction.scores().best()]++;
    confidence[AnswerProfile.range(AnswerProfile.CONFIDENCES, prediction.confidence())]++;
    unknownTokens[
        AnswerProfile.range(AnswerProfile.UNKNOWN_SHARES, prediction.unknownTokenShare())]++;
  }

  /// Answers that were counted.
  long count() {
    return Arrays.stream(labels).sum();
  }

  public AnswerProfile profile() {
    Map<String, Long> byLabel = new LinkedHashMap<>();
    for (Label label : set.labels()) {
      byLabel.put(label.name(), labels[byLabel.size()]);
    }
    return new AnswerProfile(byLabel, boxed(confidence), boxed(unknownTokens));
  }

  private static List<Long> boxed(long[] counts) {
    return Arrays.stream(counts).boxed().toList();
  }
}
