package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.data.Example;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TeachingTest {
  @Test
  void wanted_labelsSpelledOtherwiseAndInAnotherOrder_standInTheStudents() {
    // The first label in the single jamo of macOS.
    String decomposed = java.text.Normalizer.normalize("부정", java.text.Normalizer.Form.NFD);
    Teaching teaching =
        teaching(ProblemType.SINGLE_LABEL_CLASSIFICATION, 3, LabelSet.of("긍정 ", "중립", decomposed));
    assertArrayEquals(
        new float[][] {{3, 1, 2}, {6, 4, 5}},
        teaching.wanted(new float[][] {{1, 2, 3}, {4, 5, 6}}));
    assertEquals(
        "temperature 2.0, weight 0.5 beside the labels, 3 texts, 2 of them without a label",
        teaching.manner());
  }

  @Test
  void wanted_regression_isTheValueThatTheTeacherAnswers() {
    Teaching teaching = teaching(ProblemType.REGRESSION, 0.5, LabelSet.of("LABEL_0"));
    assertArrayEquals(new float[][] {{2}}, teaching.wanted(new float[][] {{1}}));
    assertFalse(teaching.provenance().containsKey("distillation_temperature"));
  }

  @Test
  void of_labelsThatAreSome_isRefused() {
    assertThrows(
        NunchiException.class,
        () -> teaching(ProblemType.SINGLE_LABEL_CLASSIFICATION, 1, LabelSet.of("부정", "긍정")));
    assertThrows(
        NunchiException.class, () -> teaching(ProblemType.REGRESSION, 1, LabelSet.of("stars")));
  }

  private static Teaching teaching(ProblemType problemType, double temperature, LabelSet labels) {
    Teacher.Description teacher =
        FakeTeacher.described(
            "fake", problemType, temperature, labels.names().toArray(String[]::new));
    boolean regression = problemType == ProblemType.REGRESSION;
    Example text = new Example("1", "글", regression ? "0.5" : "부정");
    Example unlabelled = new Example("2", "글", List.of());
    return Teaching.of(
        teacher,
        RecipeReader.read(
            "ngrams",
            Map.of("teacher", "fake", "problem_type", problemType.name().toLowerCase(Locale.ROOT))),
        new TrainingTexts(
            List.of(text),
            List.of(unlabelled, unlabelled),
            List.of(),
            regression ? LabelSet.of("polarity") : LabelSet.of("부정", "긍정", "중립"),
            problemType,
            new TrainingTexts.EmptyRows(0, 0, 0),
            List.of()));
  }
}
