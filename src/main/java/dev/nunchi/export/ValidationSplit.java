package dev.nunchi.export;

import dev.nunchi.Sha256;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// Which of the validation texts say what stays in fp32, and which judge the model that comes of
/// it.
///
/// What was chosen as some texts keep their labels with it keeps fewer of others. So texts are
/// divided, in the order of their digests: the same way each time, as if by lot whatever the order
/// of a file, and with a text that comes twice on one side.
///
/// @param search places of the texts that layers are chosen on
/// @param gate places of those that judge; the same ones where there are too few to divide
record ValidationSplit(List<Integer> search, List<Integer> gate) {
  /// With fewer different texts the judging half would be under [Agreement#ENOUGH_TEXTS].
  static final int ENOUGH_TO_DIVIDE = 2 * Agreement.ENOUGH_TEXTS;

  /// A step of the search looks at no more; the rest judges.
  private static final int MOST_SEARCH_TEXTS = 2000;

  ValidationSplit {
    search = List.copyOf(search);
    gate = List.copyOf(gate);
  }

  static ValidationSplit of(List<String> texts) {
    List<String> different =
        texts.stream().distinct().sorted(Comparator.comparing(Sha256::hex)).toList();
    if (different.size() < ENOUGH_TO_DIVIDE) {
      return whole(texts.size());
    }
    int count = Math.min(different.size() / 2, MOST_SEARCH_TEXTS);
    Set<String> looked = new HashSet<>(different.subList(0, count));
    return new ValidationSplit(
        places(texts, looked::contains), places(texts, text -> !looked.contains(text)));
  }

  /// Nothing is divided.
  static ValidationSplit whole(int texts) {
    List<Integer> all = IntStream.range(0, texts).boxed().toList();
    return new ValidationSplit(all, all);
  }

  private static List<Integer> places(List<String> texts, Predicate<String> of) {
    return IntStream.range(0, texts.size()).filter(i -> of.test(texts.get(i))).boxed().toList();
  }

  boolean isDivided() {
    return !search.equals(gate);
  }

  /// Says before the search what will be looked at.
  String plan() {
    return isDivided()
        ? String.format(
            Locale.ROOT,
            "%,d validation texts say what stays in fp32, and %,d others judge it",
            search.size(),
            gate.size())
        : String.format(
            Locale.ROOT,
            "%,d validation texts are too few to be divided (%,d different ones are enough): the"
                + " same ones say what stays in fp32 and judge it",
            gate.size(),
            ENOUGH_TO_DIVIDE);
  }

  /// Says after the search what the layers in fp32 rest on.
  ///
  /// @param asked how often the gate was asked until it held
  String account(int asked) {
    if (!isDivided()) {
      return String.format(
          Locale.ROOT,
          "They were chosen on the %,d validation texts that the figures are of, too few to be"
              + " divided (%,d different ones are enough); others may keep less.",
          gate.size(),
          ENOUGH_TO_DIVIDE);
    }
    return String.format(
        Locale.ROOT,
        "They were chosen on %,d validation texts and judged on %,d others, which the figures are"
            + " of%s.",
        search.size(),
        gate.size(),
        asked == 1
            ? ""
            : ", and which were asked %d times, each time with more in fp32".formatted(asked));
  }
}
