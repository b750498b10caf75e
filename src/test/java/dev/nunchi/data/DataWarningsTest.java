package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DataWarningsTest {
  private static final LabelSet LABELS = LabelSet.of("부정", "긍정");

  @Test
  void warnings_smallData_nameEveryFault() {
    assertEquals(
        List.of(
            "Validation has texts of train in 2 of its 3 rows, word for word in 1, for example row"
                + " 5 of train (id 't5') and row 1 of validation (id 'v1'). Its scores will look"
                + " better than they are.",
            "Test has texts of train in 1 of its 3 rows, word for word in 1, for example row 5 of"
                + " train (id 't5') and row 1 of test (id 's1'). Its scores will look better than"
                + " they are.",
            "Test has texts of validation in 1 of its 3 rows, word for word in 1, for example row 1"
                + " of validation (id 'v1') and row 1 of test (id 's1'). Its scores will look"
                + " better than they are.",
            "Texts have two different labels in 6 rows, word for word in 3, within a split in 3,"
                + " for example '긍정' in row 5 of train (id 't5') and '부정' in row 1 of validation"
                + " (id 'v1'). A model can learn one of them only.",
            "The split train has fewer than 10 rows with the label '부정' (2), '중립' (1), '긍정' (3).",
            "The split validation has fewer than 10 rows with the label '부정' (1), '중립' (1), '긍정'"
                + " (1).",
            "The split test has no row with the label '중립'.",
            "The split test has fewer than 10 rows with the label '부정' (1), '긍정' (2).",
            "Of the tokens of the split train 25.0 % are unknown to the vocabulary, and the model"
                + " reads them all as one."),
        SmallData.report().warnings());
  }

  @Test
  void warnings_cleanData_areNone() {
    assertEquals(
        List.of(), report(split("train", 200, 10), split("validation", 10, 10)).warnings());
  }

  @Test
  void warnings_imbalanceOverTwenty_isSaidOfTheFirstSplitOnly() {
    assertEquals(
        List.of(
            "The split train has 21 times as many rows with the label '부정' as with '긍정' (2,100 and"
                + " 100): a high accuracy may say nothing about the rare one."),
        report(split("train", 2100, 100), split("test", 2100, 100)).warnings());
    assertEquals(List.of(), report(split("train", 2000, 100)).warnings());
  }

  @Test
  void warnings_unknownTokens_areSaidOverATwentiethAndExplainedWhereMost() {
    assertEquals(List.of(), unknown(0.05));
    assertEquals(
        List.of(
            "Of the tokens of the split train 5.1 % are unknown to the vocabulary, and the model"
                + " reads them all as one."),
        unknown(0.051));
    assertTrue(unknown(0.98).getFirst().contains("do_lower_case: false"));
  }

  private static List<String> unknown(double share) {
    List<Example> examples = split("train", 10, 10).examples();
    return report(new DataSplit("train", examples, 0, row -> 3, share)).warnings();
  }

  @Test
  void warnings_labelsThatDifferInCaseAlone_areNamed() {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      rows.add(new Example("1", "good " + "x".repeat(i % 2) + i, "Positive"));
      rows.add(new Example("2", "bad y" + i, "positive"));
    }
    assertEquals(
        List.of(
            "The labels 'Positive' and 'positive' differ in case alone; label_mapping makes one of"
                + " them."),
        DataReport.of(LabelSet.of("Positive", "positive"), List.of(new DataSplit("train", rows)))
            .warnings());
  }

  @Test
  void warnings_tenRowsAreEnough_nineAreNot() {
    assertEquals(List.of(), report(split("train", 10, 10)).warnings());
    assertEquals(
        List.of("The split train has fewer than 10 rows with the label '긍정' (9)."),
        report(split("train", 10, 9)).warnings());
  }

  @Test
  void warnings_labelsThatAreMissing_areListedTogether() {
    assertEquals(
        List.of("The split validation has no row with the label '부정' or '중립'."),
        DataReport.of(
                SmallData.LABELS,
                List.of(new DataSplit("validation", split("validation", 0, 12).examples())))
            .warnings());
  }

  @Test
  void warnings_splitWithoutRows_isNamedOnce() {
    assertEquals(
        List.of("The split validation has no row."),
        report(split("train", 20, 20), split("validation", 0, 0)).warnings());
  }

  @Test
  void warnings_rowsWithoutALabel_saySo() {
    List<Example> rows =
        List.of(new Example("1", "오늘 일정", List.of()), new Example("2", "오늘 일정", List.of("긍정")));
    List<String> warnings = report(new DataSplit("train", rows)).warnings();
    assertTrue(
        warnings
            .getFirst()
            .contains("example no label in row 1 of train (id '1') and '긍정' in row 2"),
        warnings::toString);
  }

  private static DataReport report(DataSplit... splits) {
    return DataReport.of(LABELS, List.of(splits));
  }

  /// So many rows, each with a text of its own.
  private static DataSplit split(String name, int negative, int positive) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < negative + positive; i++) {
      String word = String.valueOf((char) ('가' + i));
      examples.add(new Example("" + i, name + " " + word, i < negative ? "부정" : "긍정"));
    }
    return new DataSplit(name, examples);
  }
}
