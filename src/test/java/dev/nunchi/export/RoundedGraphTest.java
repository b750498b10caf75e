package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.OnnxValues;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.FloatWeights;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.Span;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A network in which one channel of every attention is 500 times as large as the others, and the
/// layer after it undoes that: in fp32 the same network as without.
class RoundedGraphTest {
  private static final float FACTOR = 500;

  @TempDir Path temporary;
  private final CheckpointDirectory checkpoint =
      CheckpointDirectory.open(TinyCheckpoint.BERT.path());
  private final Network network = checkpoint.network();
  private final Weights weights = withOutliers();
  private final List<Encoding> encodings = encodings(60);

  @AfterEach
  void close() {
    checkpoint.close();
  }

  @Test
  void graph_oneChannelFarLargerThanOthers_keepsLabelsOnlyDivided() throws IOException {
    List<float[]> exact = logits(new NumberFormat.Float32());
    List<float[]> plain = logits(new NumberFormat.Int8(layers(true)));
    List<float[]> divided = logits(new NumberFormat.Int8(layers(false)));
    assertTrue(changedLabels(exact, plain) > 0, "plain int8 keeps the labels");
    assertEquals(0, changedLabels(exact, divided));
  }

  @Test
  void graph_someLayersInFp32_answersAloneAsInABatch() throws IOException {
    Map<String, RoundedLayer> layers = layers(false);
    List<String> names = new ArrayList<>(layers.keySet());
    Collections.sort(names);
    for (int i = 0; i < names.size(); i += 3) {
      layers.remove(names.get(i));
    }
    try (OnnxValues model = write(OnnxOps.graph(network, weights, new NumberFormat.Int8(layers)))) {
      for (int from = 0; from < encodings.size(); from += 12) {
        List<Encoding> texts = encodings.subList(from, from + 12);
        float[] together = logits(model, texts);
        int labels = together.length / texts.size();
        for (int i = 0; i < texts.size(); i++) {
          assertArrayEquals(
              logits(model, texts.subList(i, i + 1)),
              Arrays.copyOfRange(together, i * labels, (i + 1) * labels));
        }
      }
    }
  }

  /// @param plain whether every input is rounded as it stands, from its least to its greatest
  ///   number
  private Map<String, RoundedLayer> layers(boolean plain) throws IOException {
    OnnxOps.ObservedGraph observed = OnnxOps.observed(network, weights);
    Path directory = Files.createTempDirectory(temporary, "observed");
    Path graph = directory.resolve("model.onnx");
    observed.graph().write(graph, directory.resolve("model.onnx.data"));
    Map<String, InputSample> samples =
        InputSamples.of(graph, observed.uses(), encodings, network.padTokenId(), temporary);
    Map<String, List<Linear>> sharing = new LinkedHashMap<>();
    observed
        .uses()
        .forEach(
            use -> sharing.computeIfAbsent(use.output(), _ -> new ArrayList<>()).add(use.layer()));
    Map<String, RoundedLayer> layers = new HashMap<>();
    sharing.forEach((output, group) -> {
      InputSample sample = Objects.requireNonNull(samples.get(output));
      Map<String, RoundedLayer> best = RoundingSearch.best(sample, group, weights);
      if (plain) {
        Rounding input = Rounding.undivided(range(sample));
        group.forEach(layer -> layers.put(layer.name(), plain(layer, input)));
      } else {
        layers.putAll(best);
      }
    });
    return layers;
  }

  private static Range range(InputSample sample) {
    float low = 0;
    float high = 0;
    for (int channel = 0; channel < sample.width(); channel++) {
      low = Math.min(low, sample.least()[channel]);
      high = Math.max(high, sample.greatest()[channel]);
    }
    return new Range(low, high);
  }

  private RoundedLayer plain(Linear layer, Rounding input) {
    float[] weight = FloatWeights.floats(weights.get(layer.weight()));
    float[] ones = new float[layer.in()];
    Arrays.fill(ones, 1);
    float[] steps = new float[layer.out()];
    for (int row = 0; row < steps.length; row++) {
      float[] numbers = Arrays.copyOfRange(weight, row * layer.in(), (row + 1) * layer.in());
      steps[row] = RoundedRow.step(numbers, ones);
    }
    return new RoundedLayer(input, steps, RoundedRow.numbers(weight, steps));
  }

  private List<float[]> logits(NumberFormat format) throws IOException {
    try (OnnxValues model = write(OnnxOps.graph(network, weights, format))) {
      return encodings.stream().map(encoding -> logits(model, List.of(encoding))).toList();
    }
  }

  private OnnxValues write(GraphWriter graph) throws IOException {
    Path directory = Files.createTempDirectory(temporary, "graph");
    Path file = directory.resolve("model.onnx");
    graph.write(file, directory.resolve("model.onnx.data"));
    return OnnxValues.open(file);
  }

  private float[] logits(OnnxValues model, List<Encoding> texts) {
    return Objects.requireNonNull(
        model.run(PaddedBatch.of(texts, network.padTokenId()), Set.of("logits")).get("logits"));
  }

  /// Of the texts that are not in doubt; random weights often are.
  private static long changedLabels(List<float[]> some, List<float[]> others) {
    long changed = 0;
    for (int i = 0; i < some.size(); i++) {
      float[] sorted = some.get(i).clone();
      Arrays.sort(sorted);
      boolean sure = sorted[sorted.length - 1] - sorted[sorted.length - 2] > 0.1;
      changed += sure && best(some.get(i)) != best(others.get(i)) ? 1 : 0;
    }
    return changed;
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  /// Of random tokens and lengths.
  private List<Encoding> encodings(int count) {
    Random random = new Random(2);
    List<Encoding> encodings = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = 3 + random.nextInt(14);
      int[] ids = random.ints(length, 5, network.vocabularySize()).toArray();
      encodings.add(
          new Encoding(
              ids, new int[length], Collections.nCopies(length, Span.NONE), length, 0, false));
    }
    return encodings;
  }

  private Weights withOutliers() {
    Map<String, Weight> changed = new HashMap<>();
    network
        .parameters()
        .forEach(
            parameter -> changed.put(parameter.name(), checkpoint.weights().get(parameter.name())));
    for (String name : List.copyOf(changed.keySet())) {
      Weight weight = Objects.requireNonNull(changed.get(name));
      float[] numbers = FloatWeights.floats(weight);
      int width = weight.shape().getLast();
      for (int i = 0; i < numbers.length; i++) {
        if (name.endsWith("attention.self.value.weight") && i / width == 1
            || name.endsWith("attention.self.value.bias") && i == 1) {
          numbers[i] *= FACTOR;
        } else if (name.endsWith("attention.output.dense.weight") && i % width == 1) {
          numbers[i] /= FACTOR;
        }
      }
      MemorySegment data = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, numbers);
      changed.put(name, new Weight(ElementType.F32, weight.shape(), data));
    }
    return Weights.of(changed, "the test");
  }
}
