package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Linear;
import dev.nunchi.text.Encoding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Finds the linear layers that have to stay in fp32 so that a rounded model keeps its labels, or
/// its values: as few as do it, from the head of an order by how far each moves them for its work.
///
/// The order comes from rounding each layer alone. How many of it are needed is found by halving,
/// on the texts of a [ValidationSplit] that are for it, and with a margin: the fewest that do it
/// there are often those that do it by luck. The others judge. Where they refuse, one more layer
/// stays in fp32, then two more, then four, and they are asked again: a few times at most, so that
/// it is not they that choose. The same checkpoint and texts give the same layers.
final class ExactLayerSearch {
  /// Multiplications that finding the order may take: a minute or two of two cores.
  private static final double ORDER_BUDGET = 2e12;

  private static final int MOST_ORDER_TEXTS = 64;
  private static final int LEAST_ORDER_TEXTS = 8;

  /// With more of the work in fp32, nothing worth having is left of int8.
  private static final double MOST_EXACT_WORK = 0.5;

  private final Texts texts;
  private final List<Linear> layers;
  private final Models models;
  private final Gate gate;
  private final Consumer<String> progress;
  private List<float[]> exactLogits = List.of();

  /// @param validation in the order of the gate's texts
  /// @param split of their places
  record Texts(List<Encoding> calibration, List<Encoding> validation, ValidationSplit split) {}

  /// The model in fp32, and with some layers rounded.
  interface Models {
    List<float[]> exact(List<Encoding> encodings);

    List<float[]> rounded(Map<String, RoundedLayer> layers, List<Encoding> encodings)
        throws IOException;
  }

  /// @param layers those that can be rounded
  ExactLayerSearch(
      Texts texts, List<Linear> layers, Models models, Gate gate, Consumer<String> progress) {
    this.texts = texts;
    this.layers = layers;
    this.models = models;
    this.gate = gate;
    this.progress = progress;
  }

  /// @param rounded how each layer is rounded, by its name
  /// @throws NunchiException `FAILED_CHECK` where too much changes with as many layers in fp32 as
  ///   may be
  Quantization.Found find(Map<String, RoundedLayer> rounded) throws IOException {
    exactLogits = models.exact(texts.validation());
    if (layers.isEmpty()) {
      Agreement all = agreement(rounded, ValidationSplit.whole(exactLogits.size()).gate());
      all.require();
      return found(rounded, all, List.of(), 1);
    }
    progress.accept(texts.split().plan());
    int asked = 0;
    if (passes(rounded, List.of())) {
      asked++;
      Agreement all = judged(rounded, List.of());
      if (all.holds()) {
        return found(rounded, all, List.of(), asked);
      }
    }
    progress.accept(
        "Looking which of %d linear layers should stay in fp32 …".formatted(layers.size()));
    List<ExactLayer> order = order(rounded);
    int count = fewest(rounded, order);
    int more = 1;
    while (true) {
      List<ExactLayer> exact = order.subList(0, count);
      asked++;
      Agreement agreement = judged(rounded, exact);
      if (agreement.holds()) {
        return found(rounded, agreement, exact, asked);
      }
      if (count == order.size()) {
        throw refused(agreement, count);
      }
      count = Math.min(count + more, order.size());
      more *= 2;
    }
  }

  private Quantization.Found found(
      Map<String, RoundedLayer> rounded, Agreement agreement, List<ExactLayer> exact, int asked) {
    return new Quantization.Found(
        new NumberFormat.Int8(without(rounded, exact)),
        agreement,
        List.copyOf(exact),
        texts.split(),
        asked);
  }

  private NunchiException refused(Agreement agreement, int exact) {
    return new NunchiException(
        Reason.FAILED_CHECK,
        "with %d of %d linear layers in fp32, beyond which int8 gains nothing, %s"
            .formatted(exact, layers.size(), agreement.refusal()));
  }

  /// The least number from the head of the order, of one or more, with which the search's texts
  /// pass; all of the order where none does.
  private int fewest(Map<String, RoundedLayer> rounded, List<ExactLayer> order) throws IOException {
    int failing = 0;
    int passing = Math.min(1, order.size());
    while (passing < order.size() && !passes(rounded, order.subList(0, passing))) {
      failing = passing;
      passing = Math.min(2 * passing, order.size());
    }
    while (passing - failing > 1) {
      int middle = (failing + passing) / 2;
      if (passes(rounded, order.subList(0, middle))) {
        passing = middle;
      } else {
        failing = middle;
      }
    }
    return passing;
  }

  private boolean passes(Map<String, RoundedLayer> rounded, List<ExactLayer> exact)
      throws IOException {
    Agreement agreement = agreement(without(rounded, exact), texts.split().search());
    progress.accept("%s, %s".formatted(with(exact), agreement.sentence()));
    return agreement.holdsWithMargin();
  }

  private Agreement judged(Map<String, RoundedLayer> rounded, List<ExactLayer> exact)
      throws IOException {
    Agreement agreement = agreement(without(rounded, exact), texts.split().gate());
    progress.accept("%s, judged %s".formatted(with(exact), agreement.sentence()));
    return agreement;
  }

  private static String with(List<ExactLayer> exact) {
    return exact.isEmpty() ? "In int8 alone" : "With %d in fp32".formatted(exact.size());
  }

  private static Map<String, RoundedLayer> without(
      Map<String, RoundedLayer> rounded, List<ExactLayer> exact) {
    Map<String, RoundedLayer> rest = new LinkedHashMap<>(rounded);
    exact.forEach(layer -> rest.remove(layer.name()));
    return rest;
  }

  private Agreement agreement(Map<String, RoundedLayer> rounded, List<Integer> places)
      throws IOException {
    return gate.agreement(
        places,
        places.stream().map(exactLogits::get).toList(),
        models.rounded(rounded, places.stream().map(texts.validation()::get).toList()));
  }

  /// The layers that move most for their work first, as many as may stay in fp32.
  private List<ExactLayer> order(Map<String, RoundedLayer> rounded) throws IOException {
    double work = layers.stream().mapToDouble(ExactLayerSearch::work).sum();
    List<Encoding> sample = sample(work);
    List<float[]> exact = models.exact(sample);
    List<ExactLayer> measured = new ArrayList<>();
    for (Linear layer : layers) {
      Map<String, RoundedLayer> alone =
          Map.of(layer.name(), Objects.requireNonNull(rounded.get(layer.name()), layer.name()));
      double effect = gate.move(exact, models.rounded(alone, sample));
      long moreBytes = (long) layer.in() * layer.out() * (Float.BYTES - Byte.BYTES);
      measured.add(new ExactLayer(layer.name(), effect, moreBytes, work(layer) / work));
      if (measured.size() % 12 == 0) {
        progress.accept("%d of %d layers measured".formatted(measured.size(), layers.size()));
      }
    }
    measured.sort(
        Comparator.comparingDouble(
            (ExactLayer layer) -> -layer.effect() * layer.effect() / layer.share()));
    int count = 0;
    double share = 0;
    while (count < measured.size() && share + measured.get(count).share() <= MOST_EXACT_WORK) {
      share += measured.get(count).share();
      count++;
    }
    return measured.subList(0, count);
  }

  private static double work(Linear layer) {
    return (double) layer.in() * layer.out();
  }

  /// Calibration texts, as many as the budget allows.
  private List<Encoding> sample(double work) {
    double tokens = texts.calibration().stream().mapToInt(Encoding::length).average().orElse(1);
    int count =
        (int)
            Math.clamp(
                ORDER_BUDGET / (work * layers.size() * tokens),
                LEAST_ORDER_TEXTS,
                MOST_ORDER_TEXTS);
    return evenly(texts.calibration().size(), count).stream()
        .map(texts.calibration()::get)
        .toList();
  }

  private static List<Integer> evenly(int size, int most) {
    int count = Math.min(size, most);
    return IntStream.range(0, count).map(i -> (int) ((long) i * size / count)).boxed().toList();
  }
}
