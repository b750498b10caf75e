package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.export.Validation.ValuedText;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.Precision;
import dev.nunchi.nn.Linear;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Span;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// On made-up models whose logits move by so much for each layer that is rounded.
class ExactLayerSearchTest {
  private static final int TEXTS = 1000;
  private final List<String> said = new ArrayList<>();
  private int models;

  @Test
  void find_noLayerChangesALabel_leavesNoneInFp32() throws IOException {
    Quantization.Found found = find(Map.of("a", 0.001, "b", 0.002, "c", 0.001), 0.995);
    assertEquals(List.of(), found.exact());
    assertEquals(Set.of("a", "b", "c", "d"), found.format().layers().keySet());
    assertTrue(found.agreement().holds());
    assertEquals(2, models, "fp32 and int8");
  }

  @Test
  void find_oneLayerChangesLabels_staysInFp32AndTheTableSaysSo() throws IOException {
    Quantization.Found found = find(Map.of("a", 0.001, "b", 0.05, "c", 0.001), 0.995);
    assertEquals(List.of("b"), found.exact().stream().map(ExactLayer::name).toList());
    assertEquals(Set.of("a", "c", "d"), found.format().layers().keySet());
    assertTrue(found.agreement().holds());
    List<String> table = ExactLayer.table(found.exact(), found.agreement());
    assertEquals(
        "stays in fp32  moves logits  larger by   of work".length(), table.get(1).length());
    assertTrue(table.get(1).matches("b +0\\.0250 +0\\.00 MB +25\\.0 %"), table.get(1));
    assertEquals(
        "Int8 leaves 1 linear layers in fp32, 25.0 % of the work of all and 0.0 MB more, so that"
            + " labels stay: b.",
        ExactLayer.note(found.exact(), found.agreement()));
    assertTrue(
        said.getFirst().startsWith("In int8 alone, on 1,000 validation texts"), said::toString);
  }

  @Test
  void find_severalLayers_takesThoseThatMoveMostAndNoMore() throws IOException {
    Quantization.Found found = find(Map.of("a", 0.002, "b", 0.02, "c", 0.05), 0.995);
    assertEquals(List.of("c", "b"), found.exact().stream().map(ExactLayer::name).toList());
  }

  @Test
  void find_moreThanHalfOfTheWork_isRefusedSayingWhatIsMissing() {
    NunchiException e =
        assertThrows(
            NunchiException.class,
            () -> find(Map.of("a", 0.05, "b", 0.05, "c", 0.05, "d", 0.05), 0.995));
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(
        e.getMessage()
            .startsWith("with 2 of 4 linear layers in fp32, beyond which int8 gains nothing, on"),
        e.getMessage());
    assertTrue(
        e.getMessage()
            .endsWith(
                "it should be at least 99.5 %, at most 1 and at most 0.2 points;"
                    + " --accept-agreement takes less"),
        e.getMessage());
  }

  @Test
  void find_lessAccepted_leavesNoneInFp32AndNotesIt() throws IOException {
    Quantization.Found found = find(Map.of("a", 0.001, "b", 0.05, "c", 0.001), 0.9);
    assertEquals(List.of(), found.exact());
    assertEquals(
        0.9, found.agreement().figures(Precision.INT8).get("accepted_label_agreement_with_fp32"));
    assertEquals(1, found.agreement().notes(Precision.INT8).size());
    assertTrue(
        found
            .agreement()
            .notes(Precision.INT8)
            .getFirst()
            .startsWith("Int8 was accepted with 90.0 % of the labels of fp32, not 99.5 %"),
        found.agreement().notes(Precision.INT8)::toString);
  }

  @Test
  void findForValues_noLayerMovesThemFar_leavesNoneInFp32() throws IOException {
    Quantization.Found found = findForValues(Map.of("a", 0.001, "b", 0.002, "c", 0.001), 0.995);
    assertEquals(List.of(), found.exact());
    assertTrue(found.agreement().holds());
  }

  @Test
  void findForValues_oneLayerMovesThem_staysInFp32AndTheTableSaysSo() throws IOException {
    Quantization.Found found = findForValues(Map.of("a", 0.001, "b", 0.1, "c", 0.001), 0.995);
    assertEquals(List.of("b"), found.exact().stream().map(ExactLayer::name).toList());
    assertEquals(Set.of("a", "c", "d"), found.format().layers().keySet());
    assertTrue(found.agreement().holds());
    List<String> table = ExactLayer.table(found.exact(), found.agreement());
    assertEquals("stays in fp32  moves values  larger by   of work", table.getFirst());
    // The values are half of the logits.
    assertTrue(table.get(1).matches("b +0\\.0500 +0\\.00 MB +25\\.0 %"), table.get(1));
    assertEquals(
        "Int8 leaves 1 linear layers in fp32, 25.0 % of the work of all and 0.0 MB more, so that"
            + " values stay: b.",
        ExactLayer.note(found.exact(), found.agreement()));
    assertTrue(
        said.getFirst().startsWith("In int8 alone, on 1,000 validation texts, whose values"),
        said::toString);
  }

  @Test
  void findForValues_severalLayers_takesThoseThatMoveMostAndNoMore() throws IOException {
    Quantization.Found found = findForValues(Map.of("a", 0.002, "b", 0.05, "c", 0.1), 0.995);
    assertEquals(List.of("c", "b"), found.exact().stream().map(ExactLayer::name).toList());
  }

  @Test
  void findForValues_moreThanHalfOfTheWork_isRefusedSayingWhatIsMissing() {
    NunchiException e =
        assertThrows(
            NunchiException.class,
            () -> findForValues(Map.of("a", 0.1, "b", 0.1, "c", 0.1, "d", 0.1), 0.995));
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(
        e.getMessage()
            .startsWith("with 2 of 4 linear layers in fp32, beyond which int8 gains nothing, on"),
        e.getMessage());
    assertTrue(
        e.getMessage()
            .endsWith(
                "it should be at least 99.5 %, at most 1, at most 3.0 %, at least 0.9900 and at"
                    + " most 0.0014; --accept-agreement takes less"),
        e.getMessage());
  }

  @Test
  void findForValues_lessAccepted_leavesNoneInFp32() throws IOException {
    Map<String, Double> moves = Map.of("a", 0.001, "b", 0.04, "c", 0.001);
    assertEquals(1, findForValues(moves, 0.995).exact().size());
    assertEquals(List.of(), findForValues(moves, 0.9).exact());
  }

  /// @param moves how far each layer moves the difference of a text's two logits
  private Quantization.Found find(Map<String, Double> moves, double accepted) throws IOException {
    List<LabelledText> validation =
        IntStream.range(0, TEXTS)
            .mapToObj(i -> new LabelledText("text " + i, Set.of(i % 2 == 0 ? "긍정" : "부정")))
            .toList();
    Manifest.Task task = manifest(ProblemType.SINGLE_LABEL_CLASSIFICATION).task();
    return find(moves, Gate.of(task, new Validation.Labels(validation), accepted));
  }

  /// @param moves how far each layer moves a text's logit, which is twice its value
  private Quantization.Found findForValues(Map<String, Double> moves, double accepted)
      throws IOException {
    List<ValuedText> validation =
        IntStream.range(0, TEXTS)
            .mapToObj(i -> new ValuedText("text " + i, i % 4 < 2 ? 1 : -1))
            .toList();
    Manifest.Task task = manifest(ProblemType.REGRESSION).withTemperature(2).task();
    return find(moves, Gate.of(task, new Validation.Values(validation), accepted));
  }

  private Quantization.Found find(Map<String, Double> moves, Gate gate) throws IOException {
    Map<String, Double> all = new HashMap<>(moves);
    all.putIfAbsent("d", 0.0);
    List<Linear> layers =
        all.keySet().stream().sorted().map(name -> new Linear(name, 4, 4, false)).toList();
    Map<String, RoundedLayer> rounded = new HashMap<>();
    layers.forEach(layer ->
        rounded.put(
            layer.name(),
            new RoundedLayer(
                Rounding.undivided(new Range(-1, 1)), new float[] {1, 1, 1, 1}, new byte[16])));
    // The id of a text's first token is its number.
    List<Encoding> encodings =
        IntStream.range(0, TEXTS).mapToObj(ExactLayerSearchTest::encoding).toList();
    return new ExactLayerSearch(
            new ExactLayerSearch.Texts(encodings, encodings),
            layers,
            new MadeUp(all, gate),
            gate,
            said::add)
        .find(rounded);
  }

  static Manifest manifest(ProblemType problemType) {
    LabelSet labels =
        problemType == ProblemType.REGRESSION ? LabelSet.of("polarity") : LabelSet.of("부정", "긍정");
    return Manifest.of("made-up", labels, problemType, Normalization.NONE, 8);
  }

  private static Encoding encoding(int number) {
    return new Encoding(new int[] {number}, new int[1], List.of(Span.NONE), 1, 0, false);
  }

  private final class MadeUp implements ExactLayerSearch.Models {
    private final Map<String, Double> moves;
    private final Gate gate;

    MadeUp(Map<String, Double> moves, Gate gate) {
      this.moves = moves;
      this.gate = gate;
    }

    @Override
    public List<float[]> exact(List<Encoding> encodings) {
      return logits(Set.of(), encodings);
    }

    @Override
    public List<float[]> rounded(Map<String, RoundedLayer> layers, List<Encoding> encodings) {
      return logits(layers.keySet(), encodings);
    }

    /// Margins from -1 to 1 evenly, those of even texts moved one way and the others the other.
    private List<float[]> logits(Set<String> rounded, List<Encoding> encodings) {
      models++;
      double move = rounded.stream().mapToDouble(name -> moves.getOrDefault(name, 0.0)).sum();
      return encodings.stream()
          .map(encoding -> {
            long number = encoding.inputIds()[0];
            double margin = (2.0 * number - TEXTS + 0.5) / TEXTS;
            double moved = margin + (number % 2 == 0 ? move : -move);
            return switch (gate) {
              case Gate.OfLabels _ -> new float[] {(float) (-moved / 2), (float) (moved / 2)};
              case Gate.OfValues _ -> new float[] {(float) moved};
            };
          })
          .toList();
    }
  }
}
