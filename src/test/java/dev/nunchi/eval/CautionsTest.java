package dev.nunchi.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CautionsTest {
  private static final LabelSet LABELS = LabelSet.of("부정", "긍정");

  @Test
  void of_fewTextsAllRight_saysHowFarThatReaches() {
    assertEquals(
        List.of(
            "The accuracy 1.0000 is that of 8 texts; with 95 % confidence it lies between 0.6756"
                + " and 1.0000."),
        Cautions.of(result(alternating(8), alternating(8))));
  }

  @Test
  void of_oneAnswerToAllTexts_namesIt() {
    assertEquals(
        List.of(
            "Every one of the 1,000 texts gets the label 긍정; the accuracy is that label's share."),
        Cautions.of(result(alternating(1000), ones(1000))));
  }

  @Test
  void of_oneLabelInTheData_saysNothingOfTheModel() {
    assertEquals(List.of(), Cautions.of(result(ones(500), ones(500))));
    assertEquals(List.of(), Cautions.of(result(ones(500), alternating(500))));
  }

  @Test
  void of_answersByChance_areCalledSo() {
    // In every four texts each pair of label and answer once.
    int[] answers = IntStream.range(0, 400).map(i -> i / 2 % 2).toArray();
    assertEquals(
        List.of(
            "Answers that have nothing to do with the 400 texts could look like these (Matthews"
                + " correlation 0.00)."),
        Cautions.of(result(alternating(400), answers)));
  }

  @Test
  void of_goodModelOnManyTexts_saysNothing() {
    int[] answers = alternating(5000);
    IntStream.range(0, 500).forEach(i -> answers[10 * i] ^= 1);
    assertEquals(List.of(), Cautions.of(result(alternating(5000), answers)));
  }

  @Test
  void of_severalLabelsSameForAllTexts_namesThem() {
    boolean[][] actual = new boolean[200][2];
    IntStream.range(0, 200).forEach(i -> actual[i][i % 2] = true);
    assertEquals(
        List.of("Every one of the 200 texts gets no label."),
        Cautions.of(MultiLabelResult.of(LABELS, actual, filled(200, 0.1, 0.2))));
    assertEquals(
        List.of("Every one of the 200 texts gets the same labels, 긍정."),
        Cautions.of(MultiLabelResult.of(LABELS, actual, filled(200, 0.1, 0.9))));
  }

  @Test
  void of_severalLabelsOnFewTexts_saysHowFarThatReaches() {
    boolean[][] actual = {{true, false}, {false, true}};
    double[][] right = {{0.9, 0.1}, {0.1, 0.9}};
    List<String> cautions = Cautions.of(MultiLabelResult.of(LABELS, actual, right));
    assertEquals(1, cautions.size());
    assertTrue(cautions.getFirst().startsWith("The accuracy 1.0000 is that of 2 texts;"));
  }

  @Test
  void ofTemperature_fewTextsOrMistakes_areSaid() {
    assertEquals(
        Optional.of(
            "The temperature 0.58 rests on 8 texts with 0 mistakes, which cannot say how far"
                + " confidences are to be trusted; 100 texts with 10 mistakes could."),
        Cautions.ofTemperature(0.58, 8, 0));
    assertTrue(Cautions.ofTemperature(0.2, 5000, 9).isPresent());
    assertEquals(Optional.empty(), Cautions.ofTemperature(1.0177, 5000, 530));
  }

  private static EvaluationResult result(int[] actual, int[] predicted) {
    return EvaluationResult.of(
        LABELS,
        actual,
        Arrays.stream(predicted)
            .mapToObj(label -> label == 0 ? new double[] {0.7, 0.3} : new double[] {0.3, 0.7})
            .toArray(double[][]::new));
  }

  private static int[] ones(int count) {
    return IntStream.generate(() -> 1).limit(count).toArray();
  }

  /// 긍정 and 부정 in turn.
  private static int[] alternating(int count) {
    return IntStream.range(0, count).map(i -> 1 - i % 2).toArray();
  }

  private static double[][] filled(int rows, double... row) {
    return IntStream.range(0, rows).mapToObj(i -> row.clone()).toArray(double[][]::new);
  }
}
