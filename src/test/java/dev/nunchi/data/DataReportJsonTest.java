package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DataReportJsonTest {
  private static final JsonMapper MAPPER = new JsonMapper();

  private final JsonNode json = SmallData.report().toJson();

  @Test
  void toJson_split_hasEveryCount() throws JsonProcessingException {
    assertEquals(
        MAPPER.readTree(
            """
            {
              "name": "train", "rows": 6,
              "labels": {
                "부정": {"rows": 2, "share": 0.3333333333333333},
                "중립": {"rows": 1, "share": 0.16666666666666666},
                "긍정": {"rows": 3, "share": 0.5}
              },
              "unlabelled_rows": 0, "empty_texts_left_out": 1, "largest_to_smallest": 3.0,
              "characters": {
                "mean": 8.166666666666666, "median": 7, "percentile_90": 13, "percentile_95": 13,
                "percentile_99": 13, "longest": 13
              },
              "tokens": {
                "mean": 4.5, "median": 4, "percentile_90": 7, "percentile_95": 7,
                "percentile_99": 7, "longest": 7
              },
              "unknown_token_share": 0.25,
              "repeated_rows": {"exact": 1, "normalized": 2},
              "contradicted_rows": {"exact": 0, "normalized": 3}
            }
            """),
        json.get("splits").get(0));
    assertFalse(json.get("splits").get(1).has("tokens"));
    assertFalse(json.get("splits").get(1).has("unknown_token_share"));
  }

  @Test
  void toJson_overlapsAndContradictions_nameRows() throws JsonProcessingException {
    assertEquals(
        MAPPER.readTree(
            """
            {
              "first": "train", "second": "test", "rows": {"exact": 1, "normalized": 1},
              "examples": [[
                {"split": "train", "row": 5, "id": "t5", "labels": ["긍정"]},
                {"split": "test", "row": 1, "id": "s1", "labels": ["긍정"]}
              ]]
            }
            """),
        json.get("overlaps").get(1));
    assertEquals(
        MAPPER.readTree("{\"exact\": 3, \"normalized\": 6}"), json.at("/contradictions/rows"));
    assertEquals(
        MAPPER.readTree("{\"exact\": 0, \"normalized\": 3}"),
        json.at("/contradictions/rows_within_splits"));
    assertEquals("t4", json.at("/contradictions/examples/1/1/id").textValue());
  }

  @Test
  void toJson_warnings_areTheSentences() {
    assertEquals(
        SmallData.report().warnings(),
        json.get("warnings").valueStream().map(JsonNode::textValue).toList());
  }

  @Test
  void toJson_splitWithoutRows_leavesOutWhatIsNotThere() {
    JsonNode empty =
        DataReport.of(SmallData.LABELS, List.of(new DataSplit("validation", List.of())))
            .toJson()
            .at("/splits/0");
    assertFalse(empty.has("characters"));
    assertFalse(empty.has("largest_to_smallest"));
    assertEquals(0, empty.at("/labels/부정/share").doubleValue());
  }
}
