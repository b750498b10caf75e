package dev.nunchi.data;

import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/// Examples under the name of their split, for a [DataReport].
///
/// @param name for example `validation`
/// @param tokenCount from the index of an example to the number of its tokens; null where tokens
///   are not reported
public record DataSplit(
    String name, List<Example> examples, @Nullable IntUnaryOperator tokenCount) {

  /// Without tokens.
  public DataSplit(String name, List<Example> examples) {
    this(name, examples, null);
  }
}
