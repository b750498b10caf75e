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
        PINNED
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
    assertTrue(table.contains("characters: mean / median / longest  8.2 / 7 / 13     -\n"), table);
    assertTrue(table.contains("texts of train in test: 0 (0)\n"), table);
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
