package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class DataReportTableTest {
  @Test
  void describe_smallData_isATableAndWhatSplitsShare() {
    assertEquals(
        """
                                                    train   validation         test
        rows                                            6            3            3
          부정                                 2   33.3 %   1   33.3 %   1   33.3 %
          중립                                 1   16.7 %   1   33.3 %   0    0.0 %
          긍정                                 3   50.0 %   1   33.3 %   2   66.7 %
          empty texts, left out                         1            0            0
          largest to smallest                         3.0          1.0          2.0
        characters: mean / median / longest  8.2 / 7 / 13  8.0 / 8 / 9  3.0 / 1 / 7
          90 / 95 / 99 % have up to          13 / 13 / 13    9 / 9 / 9    7 / 7 / 7
        tokens: mean / median / longest       4.5 / 4 / 7            -            -
          90 / 95 / 99 % have up to             7 / 7 / 7            -            -
          unknown to the vocabulary                25.0 %            -            -
        repeated texts (word for word)              2 (1)        0 (0)        0 (0)
        with two labels (word for word)             3 (0)        0 (0)        0 (0)
        rows of validation with a text of train: 2 (1)
        rows of test with a text of train: 1 (1)
        rows of test with a text of validation: 1 (1)
        rows with two labels in all: 6 (3)
        Case, spaces, punctuation and long runs of a character do not count; in brackets they do.
        """,
        SmallData.report().describe());
  }

  @Test
  void describe_withoutTokens_hasNoSuchLines() {
    String table =
        DataReport.of(SmallData.LABELS, List.of(SmallData.VALIDATION, SmallData.TEST)).describe();
    assertFalse(table.contains("tokens"));
  }

  @Test
  void describe_splitWithoutRows_hasDashes() {
    String table =
        DataReport.of(LabelSet.of("긍정"), List.of(SmallData.TRAIN, new DataSplit("test", List.of())))
            .describe();
    assertTrue(
        table.contains("characters: mean / median / longest  8.2 / 7 / 13           -\n"), table);
    assertTrue(table.contains("rows of test with a text of train: 0 (0)\n"), table);
  }

  @Test
  void describe_manyLabels_showsTheMostFrequentOfTheFirstSplit() {
    List<Example> rows = new ArrayList<>();
    for (int label = 0; label < 44; label++) {
      for (int row = 0; row <= label; row++) {
        rows.add(new Example("1", "글", List.of("감정" + label)));
      }
    }
    LabelSet labels =
        LabelSet.of(IntStream.range(0, 44).mapToObj(i -> "감정" + i).toArray(String[]::new));
    String table = DataReport.of(labels, List.of(new DataSplit("train", rows))).describe();
    assertTrue(table.contains("감정43"));
    assertTrue(table.contains("감정32"));
    assertFalse(table.contains("감정31"));
    assertTrue(table.contains("  and 32 rarer labels\n"));
  }

  @Test
  void describe_rowsWithoutALabel_areCounted() {
    String table =
        DataReport.of(
                LabelSet.of("긍정"),
                List.of(new DataSplit("train", List.of(new Example("1", "글", List.of())))))
            .describe();
    assertTrue(table.contains("without a label"));
  }

  @Test
  void describe_labelsAndIdsWithControlCharacters_areTame() {
    List<Example> rows =
        List.of(new Example("\u001B[2J", "글", "긍\n정"), new Example("2", "글", "부정"));
    String table =
        DataReport.of(LabelSet.of("부정"), List.of(new DataSplit("train", rows))).describe();
    assertFalse(table.contains("\u001B"));
    assertTrue(table.contains("긍 정"));
  }
}
