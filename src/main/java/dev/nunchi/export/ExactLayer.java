package dev.nunchi.export;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A linear layer that stays in fp32, as int8 would change too many labels or values.
///
/// @param name of the layer
/// @param effect how far [Gate#move] is where it alone is rounded
/// @param moreBytes what it takes beyond int8
/// @param share of the multiplications of all linear layers, which take about twice as long in fp32
///   on a processor without VNNI, and longer on one with it
record ExactLayer(String name, double effect, long moreBytes, double share) {
  private static final String HEADING = "stays in fp32";

  /// The layers that a model leaves in fp32 as a table, a line each, under a line of headings and
  /// over one that says what texts they rest on.
  static List<String> table(Quantization.Found found) {
    List<ExactLayer> layers = found.exact();
    int names = layers.stream().mapToInt(layer -> layer.name().length()).max().orElse(0);
    int width = Math.max(names, HEADING.length());
    String form = "%-" + width + "s  %12s  %9s  %8s";
    List<String> lines = new ArrayList<>();
    String moves =
        switch (found.agreement()) {
          case LabelAgreement _ -> "moves logits";
          case ValueAgreement _ -> "moves values";
        };
    lines.add(String.format(Locale.ROOT, form, HEADING, moves, "larger by", "of work"));
    for (ExactLayer layer : layers) {
      lines.add(
          String.format(
              Locale.ROOT,
              form,
              layer.name(),
              String.format(Locale.ROOT, "%.4f", layer.effect()),
              String.format(Locale.ROOT, "%.2f MB", layer.moreBytes() / 1e6),
              String.format(Locale.ROOT, "%.1f %%", 100 * layer.share())));
    }
    lines.add(found.split().account(found.asked()));
    return lines;
  }

  /// The same in two sentences.
  static String note(Quantization.Found found) {
    List<ExactLayer> layers = found.exact();
    return String.format(
        Locale.ROOT,
        "Int8 leaves %d linear layers in fp32, %.1f %% of the work of all and %.1f MB more, so that"
            + " %s stay: %s. %s",
        layers.size(),
        100 * layers.stream().mapToDouble(ExactLayer::share).sum(),
        layers.stream().mapToLong(ExactLayer::moreBytes).sum() / 1e6,
        switch (found.agreement()) {
          case LabelAgreement _ -> "labels";
          case ValueAgreement _ -> "values";
        },
        String.join(", ", layers.stream().map(ExactLayer::name).toList()),
        found.split().account(found.asked()));
  }
}
