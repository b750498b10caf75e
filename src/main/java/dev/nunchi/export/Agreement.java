package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.eval.WilsonInterval;
import dev.nunchi.model.Precision;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// How a rounded model stands beside the one in fp32 on validation texts, and whether that is near
/// enough.
sealed interface Agreement permits LabelAgreement, ValueAgreement {
  /// Fewer than this cannot show the least share, even where all texts keep what fp32 gives them:
  /// what was counted lies within its 95 % interval ([Wilson
  /// 1927](https://doi.org/10.2307/2276774)).
  int ENOUGH_TEXTS = 765;

  /// The point that a normal number stays under with 80 %: about a standard error.
  double MARGIN = 0.8416;

  /// How many texts were compared.
  int texts();

  /// Texts that keep their label, or about their value.
  int kept();

  /// The least share of texts that have to keep it, in (0, 1].
  double accepted();

  /// Whether the rounded model is near enough to fp32.
  boolean holds();

  /// Whether it will likely be so on other texts: of all that are like these, as many as are
  /// accepted keep theirs with 80 % confidence, or all of these do, where there are too few to say.
  default boolean holdsWithMargin() {
    return holds()
        && (kept() == texts() || WilsonInterval.of(kept(), texts(), MARGIN).low() >= accepted());
  }

  /// The figures in one sentence.
  String sentence();

  /// What [#holds] asks for, after [#sentence].
  String wanted();

  /// Says what a reader of the figures should know: that the user took less, or that the texts are
  /// too few for the figures to mean much.
  ///
  /// @param precision of the rounded model
  List<String> notes(Precision precision);

  /// The figures under the names that a manifest's `quality` has them by.
  ///
  /// @param precision of the rounded model
  Map<String, Double> figures(Precision precision);

  /// @throws NunchiException `FAILED_CHECK` where the rounded model is too far from fp32
  default void require() {
    if (!holds()) {
      throw new NunchiException(Reason.FAILED_CHECK, refusal());
    }
  }

  /// Says what was measured, what was wanted, and what can be done.
  default String refusal() {
    return "%s; %s; --accept-agreement takes less".formatted(sentence(), wanted());
  }

  /// The name of a precision as it begins a sentence.
  static String sentenceName(Precision precision) {
    String name = precision.manifestName();
    return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }

  /// A share in percent, with as many digits as it has, of four.
  static String percent(double share) {
    String digits = String.format(Locale.ROOT, "%.4f", 100 * share);
    return digits.replaceFirst("(\\.\\d+?)0+$", "$1");
  }
}
