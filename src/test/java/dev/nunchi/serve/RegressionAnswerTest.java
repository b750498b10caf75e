package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.infer.Backend;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.ClassifierSettings;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Workers;
import dev.nunchi.model.Manifest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Span;
import dev.nunchi.text.Truncation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What both front ends say of a model that gives a value.
class RegressionAnswerTest {
  private static final LabelSet POLARITY = new LabelSet(List.of(Label.of("polarity", 1)));

  /// Minus a half for each token.
  private static final Backend BACKEND =
      new Backend() {
        @Override
        public float[][] logits(PaddedBatch batch) {
          return IntStream.range(0, batch.batch())
              .mapToObj(row -> new float[] {-0.5f * tokens(batch, row)})
              .toArray(float[][]::new);
        }

        private static int tokens(PaddedBatch batch, int row) {
          return (int)
              IntStream.range(row * batch.seq(), (row + 1) * batch.seq())
                  .filter(i -> batch.attentionMask()[i] == 1)
                  .count();
        }

        @Override
        public void close() {}
      };

  private final ServedModel model =
      new ServedModel(
          "values",
          new LoadedModel(
              Manifest.of("values", POLARITY, ProblemType.REGRESSION, Normalization.STANDARD, 24),
              24,
              "cpu",
              new Classifier(
                  (text, _, _) -> words(text),
                  BACKEND,
                  new ClassifierSettings(
                      "values",
                      POLARITY,
                      ProblemType.REGRESSION,
                      1,
                      0,
                      new Workers(OptionalInt.of(1), 8).on(InferenceOptions.Device.CPU)))));

  private final Classification classification =
      new Classification(
          new ModelRegistry(List.of(model)),
          new Limits(100, 6, 1000, 4, 4, 8),
          Allowances.unlimited(),
          new Metrics(new SimpleMeterRegistry()));

  @AfterEach
  void close() {
    model.loaded().close();
  }

  @Test
  void classify_regression_answersWithTheValueUnderItsName() throws Exception {
    Answer answer = classification.classify(query(OptionalDouble.empty()), Deadline.NONE).get();
    ClassifyResponse response = GrpcMessages.response(answer);
    assertEquals("polarity", response.getLabel());
    assertEquals(-1.5, response.getValue());
    assertEquals(-1, response.getPolarity());
    assertEquals(0, response.getConfidence());
    assertEquals("polarity", response.getScores(0).getLabel());
    assertEquals(-1.5, response.getScores(0).getScore());
    assertEquals(-0.5, response.getEvidence(0).getWeight());
    JsonNode json = new ObjectMapper().valueToTree(JsonAnswer.of(answer));
    assertEquals(-1.5, json.get("value").doubleValue());
    assertEquals(-1, json.get("polarity").doubleValue());
    assertFalse(json.has("confidence"));
  }

  @Test
  void classify_regressionAskedToAbstain_isRefusedByTheField() {
    ExecutionException failed =
        assertThrows(
            ExecutionException.class,
            () -> classification.classify(query(OptionalDouble.of(0.5)), Deadline.NONE).get());
    NunchiException refused = assertInstanceOf(NunchiException.class, failed.getCause());
    assertEquals("abstain_below", refused.field());
  }

  @Test
  void model_regression_saysSo() {
    Limits limits = new Limits(100, 6, 1000, 4, 4, 8);
    assertEquals(
        dev.nunchi.sentiment.v1.ProblemType.PROBLEM_TYPE_REGRESSION,
        GrpcMessages.model(model, limits, true).getProblemType());
    assertEquals("regression", JsonModel.of(model, limits, true).problemType());
  }

  private static Query query(OptionalDouble abstainBelow) {
    return new Query("정말 별로 예요", "", "", Truncation.REJECT, 0, abstainBelow, OptionalInt.of(1));
  }

  /// One token for each word.
  private static Encoding words(String text) {
    List<Span> spans = new ArrayList<>();
    for (String word : text.split(" ", -1)) {
      int start = text.indexOf(word);
      spans.add(new Span(start, start + word.length()));
    }
    int[] ids = Collections.nCopies(spans.size(), 1).stream().mapToInt(Integer::intValue).toArray();
    return new Encoding(ids, new int[ids.length], spans, ids.length, 0, false);
  }
}
