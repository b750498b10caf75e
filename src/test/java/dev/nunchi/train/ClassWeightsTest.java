package dev.nunchi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.torch.BinaryCrossEntropy;
import dev.nunchi.torch.CrossEntropy;
import dev.nunchi.torch.Loss;
import dev.nunchi.torch.Targets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassWeightsTest {
  private static final LabelSet LABELS = LabelSet.of("부정", "중립", "긍정");
  private static final Targets ACTUAL =
      new Targets.Labels(new int[][] {{0}, {0}, {0}, {0}, {1}, {2}, {2}, {2}});

  @Test
  void loss_balanced_isThatOfScikitLearn() throws JsonProcessingException {
    assertEquals(List.of(8 / (3.0 * 4), 8 / (3.0 * 1), 8 / (3.0 * 3)), weights("\"balanced\""));
  }

  @Test
  void loss_balancedOfSeveralLabels_weighsPresenceAsMuchAsAbsence() throws JsonProcessingException {
    int[][] actual = {{0, 2}, {0}, {}, {0, 2}, {0}};
    Recipe.Loss loss = new Recipe.Loss(0, new ObjectMapper().readTree("\"balanced\""), 0, false);
    Loss made =
        new ClassWeights(loss, LABELS)
            .loss(ProblemType.MULTI_LABEL_CLASSIFICATION, new Targets.Labels(actual));
    // The second label occurs nowhere.
    assertEquals(
        List.of(1 / 4.0, 1.0, 3 / 2.0),
        assertInstanceOf(BinaryCrossEntropy.class, made).positiveWeights());
  }

  @Test
  void loss_named_standsInTheOrderOfTheLabels() throws JsonProcessingException {
    assertEquals(List.of(1.0, 2.5, 0.5), weights("{\"긍정\": 0.5, \"부정\": 1, \"중립\": 2.5}"));
  }

  @Test
  void loss_notGiven_isPlain() throws JsonProcessingException {
    assertEquals(List.of(), weights("null"));
  }

  @Test
  void loss_labelMissingOrUnknown_isRefused() {
    for (String given : List.of("{\"부정\": 1, \"긍정\": 1}", "{\"부정\": 1, \"중립\": 1, \"좋음\": 1}")) {
      NunchiException failure = assertThrows(NunchiException.class, () -> weights(given));
      assertTrue(
          failure.getMessage().startsWith("class_weights should have a weight for each of 부정, 중립"),
          failure.getMessage());
    }
  }

  private static List<Double> weights(String json) throws JsonProcessingException {
    Recipe.Loss loss = new Recipe.Loss(0, new ObjectMapper().readTree(json), 0, false);
    Loss made =
        new ClassWeights(loss, LABELS).loss(ProblemType.SINGLE_LABEL_CLASSIFICATION, ACTUAL);
    return assertInstanceOf(CrossEntropy.class, made).classWeights();
  }
}
