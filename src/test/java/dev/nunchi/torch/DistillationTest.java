package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Against PyTorch (`generate_distillation.py`) and finite differences.
class DistillationTest {
  private static final JsonNode FIXTURE = fixture();

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  static Stream<JsonNode> cases() {
    return FIXTURE.get("cases").valueStream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void mean_everyProblemType_isPyTorchs(JsonNode tried) {
    float[][] student = floats(tried.get("student"));
    Result result = result(loss(tried), student, targets(tried));
    assertEquals(tried.get("loss").doubleValue(), result.loss, 1e-5);
    double[][] expected = doubles(tried.get("gradient"));
    for (int row = 0; row < expected.length; row++) {
      for (int label = 0; label < expected[row].length; label++) {
        assertEquals(expected[row][label], result.gradient[row][label], 1e-6);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void mean_gradient_isThatOfFiniteDifferences(JsonNode tried) {
    float[][] student = floats(tried.get("student"));
    Loss loss = loss(tried);
    Targets targets = targets(tried);
    float[][] gradient = result(loss, student, targets).gradient;
    float step = 1f / 64;
    for (int row = 0; row < student.length; row++) {
      float before = student[row][0];
      student[row][0] = before + step;
      double above = result(loss, student, targets).loss;
      student[row][0] = before - step;
      double below = result(loss, student, targets).loss;
      student[row][0] = before;
      assertEquals((above - below) / (2 * step), gradient[row][0], 1e-3);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void mean_ofParts_isThatOfTheWhole(JsonNode tried) {
    float[][] student = floats(tried.get("student"));
    Loss loss = loss(tried);
    Targets targets = targets(tried);
    double whole = 0;
    // Both texts without a label are in the first part.
    for (int[] part : List.of(new int[] {1, 4}, new int[] {0, 2, 3, 5})) {
      Targets cut = targets.of(part);
      float[][] rows = Arrays.stream(part).mapToObj(i -> student[i]).toArray(float[][]::new);
      whole += result(loss, rows, cut).loss * loss.weight(cut) / loss.weight(targets);
    }
    assertEquals(tried.get("loss").doubleValue(), whole, 1e-5);
  }

  @Test
  void mean_teachersOwnLogits_hasNoSoftPart() {
    for (ProblemType problemType : ProblemType.values()) {
      int labels = problemType == ProblemType.REGRESSION ? 1 : 3;
      float[][] same = {Arrays.copyOf(new float[] {20, -3, 0.5f}, labels), new float[labels]};
      Targets.Distilled targets =
          new Targets.Distilled(
              new Targets.Labels(new int[][] {{}, {}}), new boolean[] {false, false}, same);
      Loss loss = new Distillation(CrossEntropy.PLAIN, 1, problemType, 0.5, 3);
      assertEquals(0, result(loss, same, targets).loss, 1e-6, problemType.toString());
    }
  }

  @Test
  void mean_targetsWithoutATeacher_isRefused() {
    Loss loss =
        new Distillation(CrossEntropy.PLAIN, 1, ProblemType.SINGLE_LABEL_CLASSIFICATION, 0.5, 2);
    Targets labels = new Targets.Labels(new int[][] {{0}});
    assertThrows(IllegalStateException.class, () -> result(loss, new float[][] {{1, 2}}, labels));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Distillation(loss, 1, ProblemType.SINGLE_LABEL_CLASSIFICATION, 0.5, 2));
  }

  private record Result(double loss, float[][] gradient) {}

  private static Result result(Loss loss, float[][] student, Targets targets) {
    try (PointerScope scope = new PointerScope()) {
      int labels = student[0].length;
      float[] flat = new float[student.length * labels];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = student[i / labels][i % labels];
      }
      Tensor logits = torch.tensor(flat).view(student.length, labels).set_requires_grad(true);
      Tensor mean = loss.mean(logits, targets);
      mean.backward();
      float[] gradient = new float[flat.length];
      logits.grad().contiguous().data_ptr_float().get(gradient);
      float[][] rows = new float[student.length][];
      for (int row = 0; row < rows.length; row++) {
        rows[row] = Arrays.copyOfRange(gradient, row * labels, (row + 1) * labels);
      }
      return new Result(mean.item_double(), rows);
    }
  }

  private static ProblemType problemType(JsonNode tried) {
    return ProblemType.valueOf(tried.get("problem_type").textValue().toUpperCase(Locale.ROOT));
  }

  private static Loss loss(JsonNode tried) {
    List<Double> weights = FIXTURE.get("weights").valueStream().map(JsonNode::doubleValue).toList();
    ProblemType problemType = problemType(tried);
    Loss own =
        switch (problemType) {
          case SINGLE_LABEL_CLASSIFICATION ->
              new CrossEntropy(weights, FIXTURE.get("label_smoothing").doubleValue(), 0);
          case MULTI_LABEL_CLASSIFICATION -> new BinaryCrossEntropy(weights);
          case REGRESSION -> new MeanSquaredError();
        };
    Targets labelled = own(problemType).of(labelledTexts());
    return new Distillation(
        own,
        own.weight(labelled) / labelled.size(),
        problemType,
        tried.get("alpha").doubleValue(),
        tried.get("temperature").doubleValue());
  }

  private static Targets targets(JsonNode tried) {
    List<Boolean> flags =
        FIXTURE.get("labelled").valueStream().map(JsonNode::booleanValue).toList();
    boolean[] labelled = new boolean[flags.size()];
    for (int i = 0; i < labelled.length; i++) {
      labelled[i] = flags.get(i);
    }
    return new Targets.Distilled(own(problemType(tried)), labelled, floats(tried.get("teacher")));
  }

  private static int[] labelledTexts() {
    return IntStream.range(0, FIXTURE.get("labelled").size())
        .filter(i -> FIXTURE.get("labelled").get(i).booleanValue())
        .toArray();
  }

  private static Targets own(ProblemType problemType) {
    return switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION ->
          new Targets.Labels(
              FIXTURE
                  .get("classes")
                  .valueStream()
                  .map(label -> new int[] {label.intValue()})
                  .toArray(int[][]::new));
      case MULTI_LABEL_CLASSIFICATION ->
          new Targets.Labels(
              FIXTURE
                  .get("sets")
                  .valueStream()
                  .map(set -> set.valueStream().mapToInt(JsonNode::intValue).toArray())
                  .toArray(int[][]::new));
      case REGRESSION ->
          new Targets.Values(
              FIXTURE.get("values").valueStream().mapToDouble(JsonNode::doubleValue).toArray());
    };
  }

  private static double[][] doubles(JsonNode rows) {
    return rows.valueStream()
        .map(row -> row.valueStream().mapToDouble(JsonNode::doubleValue).toArray())
        .toArray(double[][]::new);
  }

  private static float[][] floats(JsonNode rows) {
    List<float[]> floats = new ArrayList<>();
    for (double[] row : doubles(rows)) {
      float[] copy = new float[row.length];
      for (int i = 0; i < row.length; i++) {
        copy[i] = (float) row[i];
      }
      floats.add(copy);
    }
    return floats.toArray(float[][]::new);
  }

  private static JsonNode fixture() {
    try (InputStream in = DistillationTest.class.getResourceAsStream("distillation.json")) {
      return new ObjectMapper().readTree(Objects.requireNonNull(in));
    } catch (IOException e) {
      throw new IllegalStateException("distillation.json cannot be read", e);
    }
  }
}
