package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/// Examples parted into three, the labels in the same proportions in each.
///
/// A row's side follows from the seed and the set of rows, not from their order: within a stratum
/// the texts are put in the order of a hash of seed and text, and from its front the test split
/// takes its number, then validation, then train what is left. Each part keeps the order of the
/// input.
///
/// A stratum is the rows with one label; in multi-label data those with one set of labels, where a
/// set that fewer than 10 rows have counts under its rarest label. The number of rows of a split is
/// its size over all rows; it is dealt out to the strata by the method of the largest remainder
/// (ties to the one that comes first by its characters), and at least one row of each is left for
/// train.
///
/// Rows with the same text, character for character, go to one side together; with labels that
/// differ they count under the most frequent. A group that is larger than what its split still
/// lacks is passed over, so a split never has more rows than was asked for, and with many repeated
/// texts it may have fewer.
public record Split(List<Example> train, List<Example> validation, List<Example> test) {
  private enum Side {
    TRAIN,
    VALIDATION,
    TEST
  }

  /// Rows with one text.
  private record Group(String text, String stratum, int rows, long hash) {}

  public Split {
    train = List.copyOf(train);
    validation = List.copyOf(validation);
    test = List.copyOf(test);
  }

  /// Splits by label.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` if nothing would be left to train on
  public static Split stratified(
      List<Example> examples, SplitSize validation, SplitSize test, long seed) {
    return stratified(examples, validation, test, seed, example -> example);
  }

  /// Splits by the ranges that the values of a regression lie in.
  ///
  /// @throws NunchiException as [#stratified]
  public static Split byValue(
      List<Example> examples, SplitSize validation, SplitSize test, long seed) {
    return stratified(examples, validation, test, seed, ValueRanges.of(examples)::inRange);
  }

  private static Split stratified(
      List<Example> examples,
      SplitSize validation,
      SplitSize test,
      long seed,
      UnaryOperator<Example> counted) {
    long rows = examples.size();
    long validationRows = validation.of(rows);
    long testRows = test.of(rows);
    if (validationRows + testRows >= rows) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "Of %d rows, %d for validation and %d for test leave none to train on"
              .formatted(rows, validationRows, testRows));
    }
    Map<String, List<Group>> strata =
        groups(examples.stream().map(counted).toList(), seed).stream()
            .sorted(Comparator.comparingLong(Group::hash).thenComparing(Group::text))
            .collect(Collectors.groupingBy(Group::stratum, TreeMap::new, Collectors.toList()));
    Map<String, Long> testQuota = quotas(strata, Map.of(), testRows, rows);
    Map<String, Long> validationQuota = quotas(strata, testQuota, validationRows, rows);

    Map<String, Side> sides = new HashMap<>();
    strata.forEach((stratum, groups) -> {
      take(groups, testQuota.getOrDefault(stratum, 0L), Side.TEST, sides);
      take(groups, validationQuota.getOrDefault(stratum, 0L), Side.VALIDATION, sides);
    });
    Map<Side, List<Example>> parts =
        examples.stream()
            .collect(
                Collectors.groupingBy(example -> sides.getOrDefault(example.text(), Side.TRAIN)));
    return new Split(
        parts.getOrDefault(Side.TRAIN, List.of()),
        parts.getOrDefault(Side.VALIDATION, List.of()),
        parts.getOrDefault(Side.TEST, List.of()));
  }

  private static List<Group> groups(List<Example> examples, long seed) {
    Map<String, List<Example>> byText =
        examples.stream().collect(Collectors.groupingBy(Example::text));
    Strata strata = Strata.of(examples);
    TextDigest digest = new TextDigest();
    List<Group> groups = new ArrayList<>(byText.size());
    byText.forEach((text, rows) -> {
      long hash = ByteBuffer.wrap(digest.of(seed, text)).getLong();
      groups.add(new Group(text, majority(rows, strata), rows.size(), hash));
    });
    return groups;
  }

  private static String majority(List<Example> rows, Strata strata) {
    Map<String, Integer> counts = new TreeMap<>();
    rows.forEach(row -> counts.merge(strata.nameOf(row), 1, Integer::sum));
    String best = strata.nameOf(rows.getFirst());
    for (Map.Entry<String, Integer> entry : counts.entrySet()) {
      int lead = entry.getValue() - counts.getOrDefault(best, 0);
      if (lead > 0 || (lead == 0 && entry.getKey().compareTo(best) < 0)) {
        best = entry.getKey();
      }
    }
    return best;
  }

  /// The method of the largest remainder; `taken` and one row of each stratum stay out of it.
  private static Map<String, Long> quotas(
      Map<String, List<Group>> strata, Map<String, Long> taken, long wanted, long rows) {
    Map<String, Long> quotas = new TreeMap<>();
    Map<String, Long> room = new TreeMap<>();
    Map<String, Long> remainders = new TreeMap<>();
    long left = wanted;
    for (Map.Entry<String, List<Group>> entry : strata.entrySet()) {
      String stratum = entry.getKey();
      long stratumRows = entry.getValue().stream().mapToLong(Group::rows).sum();
      long free = stratumRows - 1 - taken.getOrDefault(stratum, 0L);
      long quota = Math.min(wanted * stratumRows / rows, free);
      quotas.put(stratum, quota);
      room.put(stratum, free - quota);
      remainders.put(stratum, wanted * stratumRows % rows);
      left -= quota;
    }
    List<String> order =
        remainders.keySet().stream()
            .sorted(Comparator.comparing(remainders::get, Comparator.reverseOrder()))
            .toList();
    while (left > 0 && room.values().stream().anyMatch(free -> free > 0)) {
      for (String stratum : order) {
        if (left > 0 && room.getOrDefault(stratum, 0L) > 0) {
          quotas.merge(stratum, 1L, Long::sum);
          room.merge(stratum, -1L, Long::sum);
          left--;
        }
      }
    }
    return quotas;
  }

  private static void take(List<Group> groups, long quota, Side side, Map<String, Side> sides) {
    long left = quota;
    for (Group group : groups) {
      if (group.rows() <= left && sides.putIfAbsent(group.text(), side) == null) {
        left -= group.rows();
      }
    }
  }
}
