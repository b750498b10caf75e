package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.Scores;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Answers of a model that gives a text any number of labels.
class AnswerFormatTest {
  private static final LabelSet LABELS = LabelSet.of("가격", "배송", "품질");
  private static final Prediction TWO = prediction(3, 2, -4);
  private static final Prediction NONE = prediction(-3, -2, -4);
  private static final Refusal REFUSAL =
      new Refusal(7, null, new NunchiException(Reason.INVALID_UTF8, "a.txt, line 7: no UTF-8"));

  private final StringWriter out = new StringWriter();

  @Test
  void tsv_severalLabels_namesAllAndHasTheirScores() {
    assertEquals(
        List.of(
            "text\tlabel\tconfidence\tpolarity\tscore_가격\tscore_배송\tscore_품질\ttoken_count"
                + "\ttruncated\terror",
            "싸고 빨라요\t가격|배송\t0.952574\t\t0.952574\t0.880797\t0.017986\t5\tfalse\t",
            "글쎄요\t\t0.119203\t\t0.047426\t0.119203\t0.017986\t5\tfalse\t",
            "\t\t\t\t\t\t\t\t\tINVALID_UTF8"),
        lines(AnswerFormat.TSV));
  }

  @Test
  void all_regression_haveTheValueInPlaceOfAConfidence() throws IOException {
    LabelSet polarity = new LabelSet(List.of(Label.of("polarity", 1)));
    Prediction prediction =
        new Prediction(
            polarity,
            List.of(-1.5f),
            Scores.of(new float[] {-1.5f}, ProblemType.REGRESSION, 1.25),
            5,
            false,
            0,
            false,
            List.of(),
            Duration.ZERO,
            Duration.ZERO);
    for (AnswerFormat format : AnswerFormat.values()) {
      format
          .writer(new PrintWriter(out), polarity, ProblemType.REGRESSION)
          .answer("별로", prediction);
    }
    List<String> lines = out.toString().lines().toList();
    assertEquals("polarity  -1.2000  -1.00  별로", lines.get(0));
    JsonNode json = new ObjectMapper().readTree(lines.get(1));
    assertEquals(-1.2, json.get("value").doubleValue(), 1e-7);
    assertEquals(-1, json.get("polarity").doubleValue());
    assertEquals("polarity", json.get("label").textValue());
    assertEquals(false, json.has("confidence"));
    assertEquals("text\tlabel\tvalue\tpolarity\ttoken_count\ttruncated\terror", lines.get(2));
    assertEquals("별로\tpolarity\t-1.200000\t-1.000000\t5\tfalse\t", lines.get(3));
  }

  @Test
  void table_severalLabels_namesAllAndTheLeastSure() {
    assertEquals(
        List.of(
            "가격|배송   88.1 %  싸고 빨라요",
            "-           -  글쎄요", "-           -    (refused: a.txt, line 7: no UTF-8)"),
        lines(AnswerFormat.TABLE));
  }

  @Test
  void jsonl_severalLabels_hasThemAsAnArray() throws IOException {
    List<String> lines = lines(AnswerFormat.JSONL);
    JsonNode two = new ObjectMapper().readTree(lines.get(0));
    assertEquals("[\"가격\",\"배송\"]", two.get("labels").toString());
    assertEquals("가격", two.get("label").textValue());
    JsonNode none = new ObjectMapper().readTree(lines.get(1));
    assertEquals("[]", none.get("labels").toString());
    assertEquals("null", none.get("label").toString());
    assertEquals(
        "{\"text\":null,\"error\":{\"line\":7,\"reason\":\"INVALID_UTF8\","
            + "\"message\":\"a.txt, line 7: no UTF-8\"}}",
        lines.get(2));
  }

  private List<String> lines(AnswerFormat format) {
    AnswerWriter writer =
        format.writer(new PrintWriter(out, true), LABELS, ProblemType.MULTI_LABEL_CLASSIFICATION);
    writer.answer("싸고 빨라요", TWO);
    writer.answer("글쎄요", NONE);
    writer.refusal(REFUSAL);
    return out.toString().lines().toList();
  }

  private static Prediction prediction(float... logits) {
    return new Prediction(
        LABELS,
        List.of(logits[0], logits[1], logits[2]),
        Scores.of(logits, ProblemType.MULTI_LABEL_CLASSIFICATION, 1),
        5,
        false,
        0,
        false,
        List.of(),
        Duration.ZERO,
        Duration.ZERO);
  }
}
