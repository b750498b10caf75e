package dev.nunchi.data;

import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/// Examples under the name of their split, for a [DataReport].
///
/// @param name for example `validation`
/// @param emptyTexts rows that were left out because their text is empty
/// @param tokenCount from the index of an example to the number of its tokens; null where tokens
///   are not reported
/// @param unknownShare share of the tokens of the texts that the vocabulary does not have, in [0,
///   1]; null where tokens are not reported
/// @param labelled whether the texts should have labels, whose absence is then said
public record DataSplit(
    String name,
    List<Example> examples,
    long emptyTexts,
    @Nullable IntUnaryOperator tokenCount,
    @Nullable Double unknownShare,
    boolean labelled) {

  /// Of labelled texts.
  public DataSplit(
      String name,
      List<Example> examples,
      long emptyTexts,
      @Nullable IntUnaryOperator tokenCount,
      @Nullable Double unknownShare) {
    this(name, examples, emptyTexts, tokenCount, unknownShare, true);
  }

  /// Without tokens.
  public DataSplit(String name, List<Example> examples) {
    this(name, examples, 0, null, null);
  }
}
