package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.model.Manifest;
import dev.nunchi.text.Normalization;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated("it changes the default locale")
class ModelCardTest {
  private static final Manifest MANIFEST =
      Manifest.of(
              "m",
              new LabelSet(List.of(Label.of("부정", -1), Label.of("긍정", 1))),
              ProblemType.SINGLE_LABEL_CLASSIFICATION,
              Normalization.STANDARD,
              512)
          .withTemperature(1.0177);

  private final Locale before = Locale.getDefault();

  @AfterEach
  void restore() {
    Locale.setDefault(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"de-DE", "ar-EG", "fa-IR", "hi-IN-u-nu-deva"})
  void markdown_inAnyLocale_isTheSame(String locale) {
    Manifest measured = measured(List.of("The accuracy is that of 8 texts."));
    Locale.setDefault(Locale.ROOT);
    String expected = card(measured);
    Locale.setDefault(Locale.forLanguageTag(locale));
    assertEquals(expected, card(measured));
    assertTrue(expected.contains("| validation accuracy | 0.8940 |"), expected);
    assertTrue(expected.contains("| validation count | 5,000 |"), expected);
    assertTrue(expected.contains("부정 (-1), 긍정 (+1)"), expected);
    assertTrue(expected.contains("| 1.018 |"), expected);
  }

  @Test
  void markdown_notes_standBelowTheFigures() {
    assertTrue(
        card(measured(List.of("One.", "Two.")))
            .endsWith("\nBefore you trust the figures:\n\n- One.\n- Two.\n"));
    assertFalse(card(measured(List.of())).contains("trust"));
  }

  private static Manifest measured(List<String> notes) {
    return MANIFEST.withOrigin(
        new Manifest.Origin(
            Map.of("validation_accuracy", 0.894, "validation_count", 5000.0), Map.of(), notes));
  }

  private static String card(Manifest manifest) {
    return new ModelCard(RecipeReader.read("nsmc-small", Map.of()), manifest).markdown();
  }
}
