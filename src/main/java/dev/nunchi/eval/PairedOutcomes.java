package dev.nunchi.eval;

/// What became of the same texts with two models: each text is right with both, with one, or with
/// neither.
public record PairedOutcomes(long bothRight, long firstAlone, long secondAlone, long neither) {
  /// Counts them.
  ///
  /// @param first whether the first model is right, of each text; at least one
  /// @param second the same of the second
  public static PairedOutcomes of(boolean[] first, boolean[] second) {
    if (first.length != second.length || first.length == 0) {
      throw new IllegalArgumentException(
          "%d outcomes beside %d".formatted(first.length, second.length));
    }
    long[] counts = new long[4];
    for (int i = 0; i < first.length; i++) {
      counts[(first[i] ? 0 : 2) + (second[i] ? 0 : 1)]++;
    }
    return new PairedOutcomes(counts[0], counts[1], counts[2], counts[3]);
  }

  public long count() {
    return bothRight + firstAlone + secondAlone + neither;
  }

  public double firstAccuracy() {
    return (double) (bothRight + firstAlone) / count();
  }

  public double secondAccuracy() {
    return (double) (bothRight + secondAlone) / count();
  }

  /// The first model's accuracy less the second's.
  public double difference() {
    return (double) (firstAlone - secondAlone) / count();
  }

  /// Where that difference lies with 95 % confidence.
  public DifferenceInterval interval() {
    return DifferenceInterval.of(this);
  }

  /// McNemar's exact test: how likely it is that texts split at least as unevenly between the two
  /// models, of those that one alone has right, if each were as likely to go either way; two-sided.
  ///
  /// The number of texts that the first has alone is binomial with a half then (McNemar 1947, "Note
  /// on the sampling error of the difference between correlated proportions or percentages"). Texts
  /// that both have right, or neither, say nothing about which is better. 1 where there are no
  /// others.
  public double mcNemar() {
    long texts = firstAlone + secondAlone;
    long fewer = Math.min(firstAlone, secondAlone);
    // Logarithms, as 2 to the minus 1,075 is no double any more.
    double logTerm = -texts * Math.log(2);
    double tail = 0;
    for (long k = 0; k <= fewer; k++) {
      tail += Math.exp(logTerm);
      logTerm += Math.log((double) (texts - k) / (k + 1));
    }
    return Math.min(1, 2 * tail);
  }
}
