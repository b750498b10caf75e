package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.PaddedBatch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Execution(ExecutionMode.CONCURRENT)
class TorchTrainerTest {
  private static final Path STEPS = Path.of("src/test/resources/dev/nunchi/torch/steps.json");
  private static final double LEARNING_RATE = 2e-3;
  private static final double ADAGRAD_RATE = 1e-2;
  private static final String NGRAM_TABLE = "classifier.weight";
  private static final Targets NGRAM_LABELS = new Targets.Labels(new int[][] {{0}, {1}, {2}, {0}});

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = ".*_NF4")
  void tenSteps_withoutDropout_followPyTorch(TinyCheckpoint tiny) throws IOException {
    String name = tiny.path().getFileName().toString();
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.FP32))) {
      TinyCheckpoint.Case ragged = ragged(tiny);
      assertFollows(
          expected(name), trainer, ragged.batch(), labels(ragged, checkpoint), LEARNING_RATE);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = ".*_NF4")
  void accumulate_bf16_isNearPyTorchsLossInFp32(TinyCheckpoint tiny) throws IOException {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.BF16))) {
      TinyCheckpoint.Case ragged = ragged(tiny);
      double loss = trainer.accumulate(ragged.batch(), labels(ragged, checkpoint), 1);
      JsonNode expected = expected(tiny.path().getFileName().toString());
      assertEquals(expected.get("losses").get(0).doubleValue(), loss, 2e-2);
    }
  }

  /// A table with more rows than a batch has tokens has a sparse gradient.
  @Test
  void steps_fewTokensOfALargeTable_learnWhatTheSameTextsTeachManyTimes() throws IOException {
    float[] once = tableAfterThreeSteps(1);
    float[] manyTimes = tableAfterThreeSteps(40);
    assertArrayEquals(manyTimes, once, 1e-4f);
  }

  private static float[] tableAfterThreeSteps(int times) throws IOException {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.LLAMA.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.FP32))) {
      for (int step = 0; step < 3; step++) {
        trainer.accumulate(texts(100 * step, times), labels(2 * times), 1);
        trainer.clip();
        trainer.step(LEARNING_RATE);
      }
      return values(network, "model.embed_tokens.weight");
    }
  }

  /// Two texts of eight tokens, one after the other, from `first` on.
  private static PaddedBatch texts(int first, int times) {
    long[] ids = new long[2 * 8 * times];
    Arrays.setAll(ids, i -> first + i % 16);
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    return new PaddedBatch(2 * times, 8, ids, mask, new long[ids.length]);
  }

  private static Targets labels(int count) {
    int[][] labels = new int[count][];
    Arrays.setAll(labels, i -> new int[] {i % 2});
    return new Targets.Labels(labels);
  }

  @Test
  void tenSteps_adagrad_followPyTorch() throws IOException {
    TinyCheckpoint tiny = TinyCheckpoint.BERT;
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        TorchTrainer trainer = new TorchTrainer(network, adagrad(1.0))) {
      TinyCheckpoint.Case ragged = ragged(tiny);
      Targets labels = labels(ragged, checkpoint);
      assertFollows(expected("bert-tiny-adagrad"), trainer, ragged.batch(), labels, ADAGRAD_RATE);
    }
  }

  @Test
  void tenSteps_adagradOfATableOfNgrams_followPyTorch() throws IOException {
    JsonNode expected = expected("ngram-linear-adagrad");
    try (TorchNetwork network = ngrams(expected);
        TorchTrainer trainer = new TorchTrainer(network, adagrad(0))) {
      assertFollows(expected, trainer, texts(expected), NGRAM_LABELS, ADAGRAD_RATE);
    }
  }

  @Test
  void clip_sparseGradients_scalesThem() throws IOException {
    JsonNode expected = expected("ngram-linear-adagrad");
    try (TorchNetwork network = ngrams(expected);
        TorchTrainer trainer = new TorchTrainer(network, adagrad(0.1))) {
      trainer.accumulate(texts(expected), NGRAM_LABELS, 0.5);
      trainer.accumulate(texts(expected), NGRAM_LABELS, 0.5);
      double norm = expected.get("gradient_norms").get(0).doubleValue();
      assertEquals(norm, trainer.clip(), 1e-3 * norm);
      assertEquals(0.1, trainer.clip(), 1e-5);
    }
  }

  @Test
  void state_adagradRestored_goesOnTheSame() throws IOException {
    JsonNode expected = expected("ngram-linear-adagrad");
    PaddedBatch batch = texts(expected);
    try (Arena arena = Arena.ofConfined();
        TorchNetwork network = ngrams(expected);
        TorchTrainer trainer = new TorchTrainer(network, adagrad(0))) {
      trainer.accumulate(batch, NGRAM_LABELS, 1);
      trainer.step(ADAGRAD_RATE);
      Weights weights = Weights.of(CopiedWeights.of(network.weights(), arena), "network");
      Weights state = Weights.of(CopiedWeights.of(trainer.state(), arena), "trainer");
      try (TorchNetwork second = new TorchNetwork(network.network(), weights);
          TorchTrainer resumed = new TorchTrainer(second, adagrad(0))) {
        resumed.restore(state, 1, 0);
        trainer.accumulate(batch, NGRAM_LABELS, 1);
        trainer.step(ADAGRAD_RATE);
        resumed.accumulate(batch, NGRAM_LABELS, 1);
        resumed.step(ADAGRAD_RATE);
        assertArrayEquals(values(network, NGRAM_TABLE), values(second, NGRAM_TABLE));
      }
    }
  }

  @Test
  void step_adamWOfATableOfNgrams_lowersTheLoss() throws IOException {
    JsonNode expected = expected("ngram-linear-adagrad");
    PaddedBatch batch = texts(expected);
    try (TorchNetwork network = ngrams(expected);
        TorchTrainer trainer = new TorchTrainer(network, settings(1, 0))) {
      double first = trainer.accumulate(batch, NGRAM_LABELS, 1);
      trainer.clip();
      trainer.step(0.1);
      assertEquals(true, trainer.accumulate(batch, NGRAM_LABELS, 1) < first - 0.1);
    }
  }

  /// The step in one batch, and in parts of one text and of three, follow the same fixture: that of
  /// all four texts together.
  @ParameterizedTest
  @EnumSource
  void tenSteps_inUnequalParts_followPyTorchsWhole(Objective objective) throws IOException {
    for (List<int[]> cuts : List.of(List.of(new int[] {0, 4}), UNEQUAL_HALVES)) {
      try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
          TorchNetwork network =
              new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
          TorchTrainer trainer = new TorchTrainer(network, settings(objective.loss))) {
        JsonNode expected = expected(objective.fixture);
        PaddedBatch whole = ragged(TinyCheckpoint.BERT).batch();
        for (int step = 0; step < expected.get("losses").size(); step++) {
          double loss = 0;
          for (int[] cut : cuts) {
            Targets labels = objective.targets.of(IntStream.range(cut[0], cut[1]).toArray());
            double share = objective.loss.weight(labels) / objective.loss.weight(objective.targets);
            loss += trainer.accumulate(rows(whole, cut[0], cut[1]), labels, share) * share;
          }
          double norm = trainer.clip();
          trainer.step(LEARNING_RATE);
          assertEquals(expected.get("losses").get(step).doubleValue(), loss, 1e-4, "step " + step);
          double expectedNorm = expected.get("gradient_norms").get(step).doubleValue();
          assertEquals(expectedNorm, norm, 1e-3 * expectedNorm, "step " + step);
        }
      }
    }
  }

  /// The step in one batch, and in parts, of the model whose value is the first of its labels.
  @Test
  void tenSteps_regression_followPyTorch() throws IOException {
    Targets wanted = new Targets.Values(new double[] {-1, -1 / 3.0, 1 / 3.0, 1});
    JsonNode expected = expected("bert-tiny-regression");
    for (List<int[]> cuts : List.of(List.of(new int[] {0, 4}), UNEQUAL_HALVES)) {
      try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
          TorchNetwork network =
              new TorchNetwork(oneLabel(checkpoint), firstLabel(checkpoint.weights(), checkpoint));
          TorchTrainer trainer = new TorchTrainer(network, settings(new MeanSquaredError()))) {
        PaddedBatch whole = ragged(TinyCheckpoint.BERT).batch();
        for (int step = 0; step < expected.get("losses").size(); step++) {
          double loss = 0;
          for (int[] cut : cuts) {
            double share = (cut[1] - cut[0]) / 4.0;
            Targets part = wanted.of(IntStream.range(cut[0], cut[1]).toArray());
            loss += trainer.accumulate(rows(whole, cut[0], cut[1]), part, share) * share;
          }
          double norm = trainer.clip();
          trainer.step(LEARNING_RATE);
          assertEquals(expected.get("losses").get(step).doubleValue(), loss, 1e-4, "step " + step);
          double expectedNorm = expected.get("gradient_norms").get(step).doubleValue();
          assertEquals(expectedNorm, norm, 1e-3 * expectedNorm, "step " + step);
        }
      }
    }
  }

  private static Network oneLabel(CheckpointDirectory checkpoint) {
    ObjectNode config = checkpoint.config().deepCopy();
    config.put("hidden_dropout_prob", 0);
    config.put("attention_probs_dropout_prob", 0);
    config.putObject("id2label").put("0", "polarity");
    return Network.of(config);
  }

  /// The weights where the head has its first row alone.
  private static Weights firstLabel(Weights weights, CheckpointDirectory checkpoint) {
    Map<String, Weight> first = new LinkedHashMap<>();
    for (String name : weights.names()) {
      Weight weight = weights.get(name);
      if (name.equals(checkpoint.network().outputWeight())
          || checkpoint.network().outputBias().filter(name::equals).isPresent()) {
        List<Integer> shape = new ArrayList<>(weight.shape());
        long bytes = weight.data().byteSize() / shape.getFirst();
        shape.set(0, 1);
        weight = new Weight(weight.type(), shape, weight.data().asSlice(0, bytes));
      }
      first.put(name, weight);
    }
    return Weights.of(first, "the first label");
  }

  private static final List<int[]> UNEQUAL_HALVES = List.of(new int[] {0, 1}, new int[] {1, 4});

  /// What is minimised over the four texts of a fixture.
  enum Objective {
    PLAIN("bert-tiny", new CrossEntropy(List.of(), 0.1, 0), new int[][] {{0}, {1}, {2}, {0}}),
    WEIGHTED(
        "bert-tiny-weighted",
        new CrossEntropy(List.of(1.0, 4.0, 9.0), 0.1, 0),
        new int[][] {{0}, {1}, {2}, {0}}),
    SEVERAL_LABELS(
        "bert-tiny-several-labels",
        new BinaryCrossEntropy(List.of(1.0, 4.0, 9.0)),
        new int[][] {{}, {0}, {0, 1}, {0, 1, 2}});

    private final String fixture;
    private final Loss loss;
    private final Targets targets;

    Objective(String fixture, Loss loss, int[][] labels) {
      this.fixture = fixture;
      this.loss = loss;
      this.targets = new Targets.Labels(labels);
    }
  }

  private static PaddedBatch rows(PaddedBatch batch, int from, int to) {
    int seq = batch.seq();
    return new PaddedBatch(
        to - from,
        seq,
        Arrays.copyOfRange(batch.inputIds(), from * seq, to * seq),
        Arrays.copyOfRange(batch.attentionMask(), from * seq, to * seq),
        Arrays.copyOfRange(batch.tokenTypeIds(), from * seq, to * seq));
  }

  @Test
  void step_frozenLayers_keepTheirWeightsBitForBit() {
    Set<String> learnt = learnt(new Freezing(1, 0), 2);
    assertEquals(true, learnt.contains("classifier.weight"));
    assertEquals(true, learnt.contains("bert.pooler.dense.weight"));
    assertEquals(true, learnt.contains("bert.encoder.layer.1.output.dense.weight"));
    assertEquals(false, learnt.contains("bert.encoder.layer.0.output.dense.weight"));
    assertEquals(false, learnt.contains("bert.embeddings.word_embeddings.weight"));
  }

  @Test
  void step_gradualUnfreezing_addsALayerFromTheTopAtATime() {
    Freezing gradual = new Freezing(0, 2);
    String[] fromTheTop = {
      "classifier.bias",
      "bert.encoder.layer.1.output.dense.weight",
      "bert.encoder.layer.0.output.dense.weight",
      "bert.embeddings.word_embeddings.weight"
    };
    for (int layers = 0; layers < 4; layers++) {
      for (int steps = 2 * layers + 1; steps <= 2 * layers + 2; steps++) {
        Set<String> learnt = learnt(gradual, steps);
        for (int i = 0; i < 4; i++) {
          assertEquals(i <= layers, learnt.contains(fromTheTop[i]), steps + " " + fromTheTop[i]);
        }
      }
    }
  }

  @Test
  void freezing_moreLayersThanThereAre_isRefused() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path())) {
      new Freezing(2, 0).requireFits(checkpoint.network());
      NunchiException refused =
          assertThrows(
              NunchiException.class, () -> new Freezing(3, 0).requireFits(checkpoint.network()));
      assertEquals("freeze_layers is 3, but the network has 2 layers", refused.getMessage());
    }
  }

  /// The parameters that some steps change.
  private static Set<String> learnt(Freezing freezing, int steps) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        TorchTrainer trainer =
            new TorchTrainer(
                network,
                new TorchTrainer.Settings(
                    ComputeType.BF16,
                    CrossEntropy.PLAIN,
                    new OptimizerSettings.AdamW(0.9, 0.98, 1e-6, 0.1, 1),
                    1.0,
                    Averaging.NONE,
                    freezing,
                    false,
                    1))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.BERT);
      for (int step = 0; step < steps; step++) {
        trainer.accumulate(ragged.batch(), labels(ragged, checkpoint), 1);
        trainer.clip();
        trainer.step(LEARNING_RATE);
      }
      return network.weights().entrySet().stream()
          .filter(entry ->
              entry.getValue().data().mismatch(checkpoint.weights().get(entry.getKey()).data())
                  >= 0)
          .map(Map.Entry::getKey)
          .collect(Collectors.toSet());
    }
  }

  /// The mean of the weights after steps 3, 5 and 7, and before them the weights.
  @Test
  void withAverage_stochastic_isTheMeanOfTheStepsThatAreTakenIn() throws IOException {
    JsonNode expected = expected("ngram-linear-adagrad");
    PaddedBatch batch = texts(expected);
    try (TorchNetwork network = ngrams(expected);
        TorchTrainer trainer =
            new TorchTrainer(
                network,
                new TorchTrainer.Settings(
                    ComputeType.FP32,
                    CrossEntropy.PLAIN,
                    new OptimizerSettings.Adagrad(1e-4),
                    0,
                    new Averaging.Stochastic(3, 2),
                    Freezing.NONE,
                    false,
                    1))) {
      float[] sum = new float[values(network, NGRAM_TABLE).length];
      for (int step = 1; step <= 8; step++) {
        trainer.accumulate(batch, NGRAM_LABELS, 1);
        trainer.step(ADAGRAD_RATE);
        float[] now = values(network, NGRAM_TABLE);
        int taken = step < 3 ? 0 : (step - 1) / 2;
        for (int i = 0; i < sum.length; i++) {
          sum[i] += step >= 3 && step % 2 == 1 ? now[i] : 0;
        }
        float[][] averaged = new float[1][];
        trainer.withAverage(() -> averaged[0] = values(network, NGRAM_TABLE));
        for (int i = 0; i < sum.length; i++) {
          assertEquals(taken == 0 ? now[i] : sum[i] / taken, averaged[0][i], 1e-6, "step " + step);
        }
        assertArrayEquals(now, values(network, NGRAM_TABLE));
      }
    }
  }

  @Test
  void bf16_steps_lowerTheLoss() {
    try (CheckpointDirectory checkpoint =
            CheckpointDirectory.open(TinyCheckpoint.ELECTRA_PROJECTED.path());
        TorchNetwork network = new TorchNetwork(checkpoint.network(), checkpoint.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.BF16))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.ELECTRA_PROJECTED);
      Targets labels = labels(ragged, checkpoint);
      double first = trainer.accumulate(ragged.batch(), labels, 1);
      trainer.clip();
      trainer.step(LEARNING_RATE);
      double last = first;
      for (int step = 0; step < 40; step++) {
        last = trainer.accumulate(ragged.batch(), labels, 1);
        trainer.clip();
        trainer.step(LEARNING_RATE);
      }
      assertEquals(true, last < 0.7 * first, first + " to " + last);
    }
  }

  @Test
  void accumulate_bf16InParts_castsTheWeightsAnewAfterEachStep() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(ComputeType.BF16))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.BERT);
      Targets labels = labels(ragged, checkpoint);
      double whole = trainer.accumulate(ragged.batch(), labels, 1);
      double norm = trainer.clip();
      trainer.step(0);
      double parts = 0;
      for (int[] cut : UNEQUAL_HALVES) {
        double share = (cut[1] - cut[0]) / 4.0;
        parts +=
            share
                * trainer.accumulate(
                    rows(ragged.batch(), cut[0], cut[1]),
                    labels.of(IntStream.range(cut[0], cut[1]).toArray()),
                    share);
      }
      assertEquals(whole, parts, 1e-2);
      assertEquals(norm, trainer.clip(), 2e-2 * norm);
      trainer.step(0.1);
      double after = trainer.accumulate(ragged.batch(), labels, 1);
      assertEquals(true, Math.abs(after - whole) > 0.1, whole + ", then " + after);
    }
  }

  @Test
  void step_layerwiseDecay_scalesTheFirstUpdateOfEachLayer() {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        // Without epsilon and decay the first update of Adam is the rate times the gradient's sign.
        TorchTrainer trainer = new TorchTrainer(network, settings(0.5, 0))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.BERT);
      trainer.accumulate(ragged.batch(), labels(ragged, checkpoint), 1);
      trainer.step(1e-3);
      assertEquals(1e-3, largestChange(checkpoint, network, "classifier.weight"), 1e-6);
      assertEquals(
          0.5e-3,
          largestChange(checkpoint, network, "bert.encoder.layer.1.output.dense.weight"),
          1e-6);
      assertEquals(
          0.25e-3,
          largestChange(checkpoint, network, "bert.encoder.layer.0.output.dense.weight"),
          1e-6);
      assertEquals(
          0.125e-3,
          largestChange(checkpoint, network, "bert.embeddings.position_embeddings.weight"),
          1e-6);
    }
  }

  @Test
  void withAverage_afterSteps_isTheMovingAverageAndThenTheWeightsAgain() {
    String name = "classifier.bias";
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path());
        TorchNetwork network = new TorchNetwork(withoutDropout(checkpoint), checkpoint.weights());
        TorchTrainer trainer = new TorchTrainer(network, settings(1, 0.9))) {
      TinyCheckpoint.Case ragged = ragged(TinyCheckpoint.BERT);
      Targets labels = labels(ragged, checkpoint);
      float[] average = values(checkpoint.weights().get(name));
      for (int step = 1; step <= 12; step++) {
        trainer.accumulate(ragged.batch(), labels, 1);
        trainer.step(1e-2);
        float[] weights = values(network, name);
        float share = (float) (1 - Math.min(0.9, (1.0 + step) / (10.0 + step)));
        for (int i = 0; i < average.length; i++) {
          average[i] += share * (weights[i] - average[i]);
        }
      }
      float[] before = values(network, name);
      trainer.withAverage(() -> assertArrayEquals(average, values(network, name), 1e-6f));
      assertArrayEquals(before, values(network, name));
    }
  }

  private static void assertFollows(
      JsonNode expected, TorchTrainer trainer, PaddedBatch batch, Targets labels, double rate) {
    for (int step = 0; step < expected.get("losses").size(); step++) {
      double loss = trainer.accumulate(batch, labels, 1);
      double norm = trainer.clip();
      trainer.step(rate);
      assertEquals(expected.get("losses").get(step).doubleValue(), loss, 1e-4, "step " + step);
      double expectedNorm = expected.get("gradient_norms").get(step).doubleValue();
      assertEquals(expectedNorm, norm, 1e-3 * expectedNorm, "step " + step);
    }
  }

  private static JsonNode expected(String name) throws IOException {
    return new ObjectMapper().readTree(STEPS.toFile()).get(name);
  }

  private static TorchNetwork ngrams(JsonNode expected) {
    Network network = Network.of(expected.get("config"));
    return new TorchNetwork(network, Weights.NONE);
  }

  private static PaddedBatch texts(JsonNode expected) {
    List<List<Integer>> texts =
        new ObjectMapper()
            .convertValue(expected.get("texts"), new TypeReference<List<List<Integer>>>() {});
    int seq = texts.stream().mapToInt(List::size).max().orElseThrow();
    long[] ids = new long[texts.size() * seq];
    long[] mask = new long[ids.length];
    for (int text = 0; text < texts.size(); text++) {
      for (int i = 0; i < texts.get(text).size(); i++) {
        ids[text * seq + i] = texts.get(text).get(i);
        mask[text * seq + i] = 1;
      }
    }
    return new PaddedBatch(texts.size(), seq, ids, mask, new long[ids.length]);
  }

  private static double largestChange(
      CheckpointDirectory checkpoint, TorchNetwork network, String name) {
    float[] before = values(checkpoint.weights().get(name));
    float[] after = values(network, name);
    double largest = 0;
    for (int i = 0; i < before.length; i++) {
      largest = Math.max(largest, Math.abs(after[i] - before[i]));
    }
    return largest;
  }

  private static float[] values(TorchNetwork network, String name) {
    return values(Objects.requireNonNull(network.weights().get(name)));
  }

  private static float[] values(Weight weight) {
    return weight.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static TorchTrainer.Settings settings(double layerwiseDecay, double averageDecay) {
    return new TorchTrainer.Settings(
        ComputeType.FP32,
        CrossEntropy.PLAIN,
        new OptimizerSettings.AdamW(0.9, 0.999, 1e-12, 0, layerwiseDecay),
        0,
        averageDecay > 0 ? new Averaging.Exponential(averageDecay) : Averaging.NONE,
        Freezing.NONE,
        false,
        1);
  }

  private static TorchTrainer.Settings settings(ComputeType type) {
    return settings(type, new CrossEntropy(List.of(), 0.1, 0));
  }

  private static TorchTrainer.Settings settings(Loss loss) {
    return settings(ComputeType.FP32, loss);
  }

  private static TorchTrainer.Settings settings(ComputeType type, Loss loss) {
    return new TorchTrainer.Settings(
        type,
        loss,
        new OptimizerSettings.AdamW(0.9, 0.98, 1e-6, 0.1, 1),
        1.0,
        Averaging.NONE,
        Freezing.NONE,
        false,
        1);
  }

  private static TorchTrainer.Settings adagrad(double maxGradNorm) {
    return new TorchTrainer.Settings(
        ComputeType.FP32,
        new CrossEntropy(List.of(), 0.1, 0),
        new OptimizerSettings.Adagrad(1e-4),
        maxGradNorm,
        Averaging.NONE,
        Freezing.NONE,
        false,
        1);
  }

  private static Network withoutDropout(CheckpointDirectory checkpoint) {
    ObjectNode config = checkpoint.config().deepCopy();
    for (String key :
        List.of(
            "hidden_dropout_prob",
            "attention_probs_dropout_prob",
            "dropout",
            "attention_dropout",
            "seq_classif_dropout",
            "cls_dropout")) {
      config.put(key, 0);
    }
    return Network.of(config);
  }

  private static TinyCheckpoint.Case ragged(TinyCheckpoint tiny) {
    return tiny.cases().stream()
        .filter(one -> one.name().equals("ragged"))
        .findFirst()
        .orElseThrow();
  }

  private static Targets labels(TinyCheckpoint.Case batch, CheckpointDirectory checkpoint) {
    int[][] labels = new int[batch.batch().batch()][];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = new int[] {i % checkpoint.network().labels()};
    }
    return new Targets.Labels(labels);
  }
}
