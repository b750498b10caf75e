package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// On made-up models whose logits move by so much for each layer that is rounded.
class ExactLayerSearchTest {
  private static final int TEXTS = 2000;

  /// Numbers of texts from here on are of calibration.
  private static final int CALIBRATION = 1_000_000;

  private final List<String> said = new ArrayList<>();
  private int models;

  @Test
  void find_noLayerChangesALabel_leavesNoneInFp32() throws IOException {
    Quantization.Found found = find(Map.of("a", 0.001, "b", 0.002, "c", 0.001), 0.995);
    assertEquals(List.of(), found.exact());
    assertEquals(Set.of("a", "b", "c", "d"), found.format().layers().keySet());
    assertTrue(found.agreement().holds());
    assertEquals(3, models, "fp32, and int8 on the search's texts and on the others");
    assertEquals(1000, found.agreement().texts());
    assertEquals(1000, found.figures().get("validation_layer_search_count"));
    assertEquals(List.of(), found.notes());
  }

  @Test
  void find_oneLayerChangesLabels_staysInFp32AndTheTableSaysSo() throws IOException {
    Quantization.Found found = find(Map.of("a", 0.001, "b", 0.05, "c", 0.001), 0.995);
    assertEquals(List.of("b"), found.exact().stream().map(ExactLayer::name).toList());
    assertEquals(Set.of("a", "c", "d"), found.format().layers().keySet());
    assertTrue(found.agreement().holds());
    List<String> table = ExactLayer.table(found);
    assertEquals(
        "stays in fp32  moves logits  larger by   of work".length(), table.get(1).length());
    assertEquals(
        "They were chosen on 1,000 validation texts and judged on 1,000 others, which the figures"
            + " are of.",
        table.get(2));
    assertTrue(table.get(1).matches("b +0\\.0250 +0\\.00 MB +25\\.0 %"), table.get(1));
    assertEquals(
        "Int8 leaves 1 linear layers in fp32, 25.0 % of the work of all and 0.0 MB more, so that"
            + " labels stay: b. "
            + table.get(2),
        ExactLayer.note(found));
    assertEquals(
        "1,000 validation texts say what stays in fp32, and 1,000 others judge it", said.get(0));
    assertTrue(said.get(1).startsWith("In int8 alone, on 1,000 validation texts"), said::toString);
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
    List<String> table = ExactLayer.table(found);
    assertEquals("stays in fp32  moves values  larger by   of work", table.getFirst());
    // The values are half of the logits.
    assertTrue(table.get(1).matches("b +0\\.0500 +0\\.00 MB +25\\.0 %"), table.get(1));
    assertEquals(
        "Int8 leaves 1 linear layers in fp32, 25.0 % of the work of all and 0.0 MB more, so that"
            + " values stay: b. "
            + table.get(2),
        ExactLayer.note(found));
    assertTrue(
        said.get(1).startsWith("In int8 alone, on 1,000 validation texts, whose values"),
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

  /// Layer b moves texts that the search does not look at, and no others.
  @Test
  void find_searchIsContentButTheOthersAreNot_goesOnUntilTheyAre() throws IOException {
    Gate gate = valueGate(TEXTS, 0.995);
    ValidationSplit split = split(gate);
    Set<Integer> unseen = Set.copyOf(split.gate());
    Quantization.Found found =
        find(
            Set.of("a", "b", "c", "d"),
            (layer, text) ->
                layer.equals("b") && (unseen.contains(text) || text >= CALIBRATION) ? 0.1 : 0.0001,
            gate);
    assertEquals(2, found.asked());
    assertEquals(Set.of("b"), exact(found));
    assertTrue(
        found
            .notes()
            .getFirst()
            .endsWith(
                "judged on 1,000 others, which the figures are of, and which were asked 2 times,"
                    + " each time with more in fp32."),
        found.notes()::toString);
  }

  /// One more, two more, four more: not one by one until luck has it.
  @Test
  void find_othersAreNeverContent_asksAFewTimesAndIsRefused() {
    Gate gate = valueGate(TEXTS, 0.995);
    Set<Integer> unseen = Set.copyOf(split(gate).gate());
    Set<String> layers =
        IntStream.range(0, 64).mapToObj("layer-%d"::formatted).collect(Collectors.toSet());
    NunchiException e =
        assertThrows(
            NunchiException.class,
            () -> find(layers, (_, text) -> unseen.contains(text) ? 0.1 : 0.0001, gate));
    assertEquals(Reason.FAILED_CHECK, e.reason());
    assertTrue(e.getMessage().startsWith("with 32 of 64 linear layers in fp32"), e.getMessage());
    assertEquals(
        List.of("In int8 alone", "1", "2", "4", "8", "16", "32"),
        said.stream()
            .filter(line -> line.contains(", judged on "))
            .map(line -> line.replaceFirst("(With (\\d+) in fp32|(In int8 alone)), .*", "$2$3"))
            .toList());
  }

  /// Layers that each move some texts by chance. Where the fewest layers are chosen that suit the
  /// texts that also judge, fewer of other texts than are asked for keep their value in nearly half
  /// of the models.
  @Test
  void find_layersMoveTextsByChance_mostlyKeepsAsManyUnseenTexts() throws IOException {
    int unseen = 20_000;
    Gate gate = valueGate(TEXTS, 0.995);
    int models = 60;
    int tooFew = 0;
    int atOnce = 0;
    for (int model = 0; model < models; model++) {
      int seed = model;
      Effects effects = (layer, text) -> byChance(seed, layer, text);
      Set<String> layers =
          IntStream.range(10, 50).mapToObj("layer-%d"::formatted).collect(Collectors.toSet());
      Quantization.Found found = find(layers, effects, gate);
      ValueAgreement judged = (ValueAgreement) found.agreement();
      long near =
          IntStream.range(TEXTS, TEXTS + unseen)
              .filter(text ->
                  Math.abs(
                          found.format().layers().keySet().stream()
                              .mapToDouble(layer -> effects.move(layer, text))
                              .sum())
                      <= ValueAgreement.NEAR * judged.spread())
              .count();
      tooFew += near < 0.995 * unseen ? 1 : 0;
      atOnce += found.asked() == 1 ? 1 : 0;
    }
    String figures = "%d of %d too few, %d at once".formatted(tooFew, models, atOnce);
    assertTrue(tooFew <= models / 5, figures);
    assertTrue(atOnce >= models / 2, figures);
  }

  /// A tenth of a standard deviation and more for some texts, each layer for fewer than the one
  /// before.
  private static double byChance(int seed, String layer, int text) {
    double share = 0.0025 * Math.pow(0.85, Integer.parseInt(layer.substring(6)) - 10);
    if (text >= CALIBRATION) {
      return share;
    }
    SplittableRandom random =
        new SplittableRandom((seed * 1_000_003L + layer.hashCode()) * 1_000_003L + text);
    return random.nextDouble() >= share ? 0 : random.nextBoolean() ? 0.05 : -0.05;
  }

  @Test
  void find_fewTexts_areNotDividedAndTheNoteSaysSo() throws IOException {
    Quantization.Found found =
        find(
            Set.of("a", "b", "c", "d"),
            (layer, text) -> layer.equals("b") ? text % 50 == 0 ? 0.2 : 0 : 0.0001,
            valueGate(300, 0.995));
    assertEquals(Set.of("b"), exact(found));
    assertEquals(300, found.agreement().texts());
    assertFalse(found.figures().containsKey("validation_layer_search_count"));
    assertEquals(
        "300 validation texts are too few to be divided (1,530 different ones are enough): the"
            + " same ones say what stays in fp32 and judge it",
        said.getFirst());
    assertTrue(
        found
            .notes()
            .getLast()
            .endsWith(
                "values stay: b. They were chosen on the 300 validation texts that the figures are"
                    + " of, too few to be divided (1,530 different ones are enough); others may"
                    + " keep less."),
        found.notes()::toString);
  }

  /// 299 of 300 are more than 99.5 %, but so they would often be where 99 % are.
  @Test
  void find_fewTextsOfWhichOneMoves_leavesItsLayerInFp32() throws IOException {
    Quantization.Found found =
        find(
            Set.of("a", "b", "c", "d"),
            (layer, text) ->
                layer.equals("b") ? text == 7 || text >= CALIBRATION ? 0.2 : 0 : 0.0001,
            valueGate(300, 0.995));
    assertEquals(Set.of("b"), exact(found));
  }

  private static Set<String> exact(Quantization.Found found) {
    return found.exact().stream().map(ExactLayer::name).collect(Collectors.toSet());
  }

  /// @param moves how far each layer moves the difference of a text's two logits
  private Quantization.Found find(Map<String, Double> moves, double accepted) throws IOException {
    List<LabelledText> validation =
        IntStream.range(0, TEXTS)
            .mapToObj(i -> new LabelledText("text " + i, Set.of(i % 2 == 0 ? "긍정" : "부정")))
            .toList();
    Manifest.Task task = manifest(ProblemType.SINGLE_LABEL_CLASSIFICATION).task();
    return find(
        Set.of("a", "b", "c", "d"),
        (layer, text) -> (text % 2 == 0 ? 1 : -1) * moves.getOrDefault(layer, 0.0),
        Gate.of(task, new Validation.Labels(validation), accepted));
  }

  /// @param moves how far each layer moves a text's logit, which is twice its value
  private Quantization.Found findForValues(Map<String, Double> moves, double accepted)
      throws IOException {
    return find(
        Set.of("a", "b", "c", "d"),
        (layer, text) -> (text % 2 == 0 ? 1 : -1) * moves.getOrDefault(layer, 0.0) / 2,
        valueGate(TEXTS, accepted));
  }

  private static Gate valueGate(int texts, double accepted) {
    List<ValuedText> validation =
        IntStream.range(0, texts)
            .mapToObj(i -> new ValuedText("text " + i, i % 4 < 2 ? 1 : -1))
            .toList();
    Manifest.Task task = manifest(ProblemType.REGRESSION).withTemperature(2).task();
    return Gate.of(task, new Validation.Values(validation), accepted);
  }

  private static ValidationSplit split(Gate gate) {
    return ValidationSplit.of(
        switch (gate) {
          case Gate.OfLabels labels -> labels.texts().stream().map(LabelledText::text).toList();
          case Gate.OfValues values -> values.texts().stream().map(ValuedText::text).toList();
        });
  }

  private Quantization.Found find(Set<String> names, Effects effects, Gate gate)
      throws IOException {
    List<Linear> layers =
        names.stream().sorted().map(name -> new Linear(name, 4, 4, false)).toList();
    Map<String, RoundedLayer> rounded = new HashMap<>();
    layers.forEach(layer ->
        rounded.put(
            layer.name(),
            new RoundedLayer(
                Rounding.undivided(new Range(-1, 1)), new float[] {1, 1, 1, 1}, new byte[16])));
    // The id of a text's first token is its number.
    ValidationSplit split = split(gate);
    int texts =
        split.isDivided() ? split.search().size() + split.gate().size() : split.gate().size();
    return new ExactLayerSearch(
            new ExactLayerSearch.Texts(encodings(CALIBRATION, 64), encodings(0, texts), split),
            layers,
            new MadeUp(effects, gate),
            gate,
            said::add)
        .find(rounded);
  }

  static Manifest manifest(ProblemType problemType) {
    LabelSet labels =
        problemType == ProblemType.REGRESSION ? LabelSet.of("polarity") : LabelSet.of("부정", "긍정");
    return Manifest.of("made-up", labels, problemType, Normalization.NONE, 8);
  }

  private static List<Encoding> encodings(int first, int count) {
    return IntStream.range(first, first + count).mapToObj(ExactLayerSearchTest::encoding).toList();
  }

  private static Encoding encoding(int number) {
    return new Encoding(new int[] {number}, new int[1], List.of(Span.NONE), 1, 0, false);
  }

  private interface Effects {
    /// How far a layer moves a text's margin, or its value.
    double move(String layer, int text);
  }

  private final class MadeUp implements ExactLayerSearch.Models {
    private final Effects effects;
    private final Gate gate;

    MadeUp(Effects effects, Gate gate) {
      this.effects = effects;
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

    /// Margins from -1 to 1 evenly, and values of a standard deviation of 0.29.
    private List<float[]> logits(Set<String> rounded, List<Encoding> encodings) {
      models++;
      return encodings.stream()
          .map(encoding -> {
            int number = encoding.inputIds()[0];
            double margin = (2.0 * (number % TEXTS) - TEXTS + 0.5) / TEXTS;
            double move = rounded.stream().mapToDouble(name -> effects.move(name, number)).sum();
            return switch (gate) {
              case Gate.OfLabels _ -> {
                double moved = margin + move;
                yield new float[] {(float) (-moved / 2), (float) (moved / 2)};
              }
              // The temperature is 2.
              case Gate.OfValues _ -> new float[] {(float) (margin + 2 * move)};
            };
          })
          .toList();
    }
  }
}
