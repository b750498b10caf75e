package dev.nunchi.eval;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// All that one evaluation of a regression tells.
///
/// @param name what the value is called
/// @param groups texts of about the same answer, ascending
/// @param mistakes the texts whose answers are furthest off, the worst first
public record RegressionReport(
    Subject subject,
    String name,
    RegressionResult result,
    List<Group> groups,
    List<ValuedText> mistakes,
    LearningCurves curves) {
  private static final int MOST_GROUPS = 10;
  private static final int MOST_MISTAKES = 30;

  public RegressionReport {
    groups = List.copyOf(groups);
    mistakes = List.copyOf(mistakes);
  }

  /// Texts of about the same answer: where answers can be trusted, their mean is that of the
  /// values.
  ///
  /// @param count at least 1
  /// @param answer mean
  /// @param actual mean of what people gave
  /// @param absoluteError mean
  public record Group(int count, double answer, double actual, double absoluteError) {
    private static Group of(List<ValuedText> texts) {
      return new Group(
          texts.size(),
          texts.stream().mapToDouble(ValuedText::answer).average().orElseThrow(),
          texts.stream().mapToDouble(ValuedText::actual).average().orElseThrow(),
          texts.stream().mapToDouble(text -> Math.abs(text.error())).average().orElseThrow());
    }
  }

  /// Measures what a model said.
  ///
  /// @param texts at least one
  public static RegressionReport of(
      Subject subject, String name, List<ValuedText> texts, LearningCurves curves) {
    return new RegressionReport(
        subject,
        name,
        RegressionResult.of(
            texts.stream().mapToDouble(ValuedText::actual).toArray(),
            texts.stream().mapToDouble(ValuedText::answer).toArray()),
        groups(texts),
        texts.stream()
            .filter(text -> text.error() != 0)
            .sorted(Comparator.comparingDouble((ValuedText t) -> Math.abs(t.error())).reversed())
            .limit(MOST_MISTAKES)
            .toList(),
        curves);
  }

  private static List<Group> groups(List<ValuedText> texts) {
    List<ValuedText> sorted =
        texts.stream().sorted(Comparator.comparingDouble(ValuedText::answer)).toList();
    int count = Math.min(MOST_GROUPS, sorted.size());
    List<Group> groups = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int from = (int) ((long) i * sorted.size() / count);
      int to = (int) ((long) (i + 1) * sorted.size() / count);
      groups.add(Group.of(sorted.subList(from, to)));
    }
    return groups;
  }
}
