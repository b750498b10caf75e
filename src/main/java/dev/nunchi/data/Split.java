package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Examples parted into three, the labels in the same proportions in each.
///
/// A row's side follows from the seed and the set of rows, not from their order: within a label the
/// texts are put in the order of a hash of seed and text, and from its front the test split takes
/// its number, then validation, then train what is left. Each part keeps the order of the input.
///
/// The number of rows of a split is its size over all rows; it is dealt out to the labels by the
/// method of the largest remainder (ties to the label that comes first by its characters), and at
/// least one row of each label is left for train.
///
/// Rows with the same text, character for character, go to one side together; with several labels
/// among them they count under the most frequent. A group that is larger than what its split still
/// lacks is passed over, so a split never has more rows than was asked for, and with many repeated
/// texts it may have fewer.
public record Split(List<Example> train, List<Example> validation, List<Example> test) {
  private enum Side {
    TRAIN,
    VALIDATION,
    TEST
  }

  /// Rows with one text.
  private record Group(String text, String label, int rows, long hash) {}

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
    long rows = examples.size();
    long validationRows = validation.of(rows);
    long testRows = test.of(rows);
    if (validationRows + testRows >= rows) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "Of %d rows, %d for validation and %d for test leave none to train on"
              .formatted(rows, validationRows, testRows));
    }
    Map<String, List<Group>> byLabel =
        groups(examples, seed).stream()
            .sorted(Comparator.comparingLong(Group::hash).thenComparing(Group::text))
            .collect(Collectors.groupingBy(Group::label, TreeMap::new, Collectors.toList()));
    Map<String, Long> testQuota = quotas(byLabel, Map.of(), testRows, rows);
    Map<String, Long> validationQuota = quotas(byLabel, testQuota, validationRows, rows);

    Map<String, Side> sides = new HashMap<>();
    byLabel.forEach((label, groups) -> {
      take(groups, testQuota.getOrDefault(label, 0L), Side.TEST, sides);
      take(groups, validationQuota.getOrDefault(label, 0L), Side.VALIDATION, sides);
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
    MessageDigest sha256 = sha256();
    List<Group> groups = new ArrayList<>(byText.size());
    byText.forEach((text, rows) -> {
      sha256.update(ByteBuffer.allocate(Long.BYTES).putLong(0, seed));
      byte[] digest = sha256.digest(text.getBytes(StandardCharsets.UTF_8));
      groups.add(new Group(text, majority(rows), rows.size(), ByteBuffer.wrap(digest).getLong()));
    });
    return groups;
  }

  private static String majority(List<Example> rows) {
    Map<String, Integer> counts = new TreeMap<>();
    rows.forEach(row -> counts.merge(row.label(), 1, Integer::sum));
    String best = rows.getFirst().label();
    for (Map.Entry<String, Integer> entry : counts.entrySet()) {
      int lead = entry.getValue() - counts.getOrDefault(best, 0);
      if (lead > 0 || (lead == 0 && entry.getKey().compareTo(best) < 0)) {
        best = entry.getKey();
      }
    }
    return best;
  }

  /// The method of the largest remainder; `taken` and one row of each label stay out of it.
  private static Map<String, Long> quotas(
      Map<String, List<Group>> byLabel, Map<String, Long> taken, long wanted, long rows) {
    Map<String, Long> quotas = new TreeMap<>();
    Map<String, Long> room = new TreeMap<>();
    Map<String, Long> remainders = new TreeMap<>();
    long left = wanted;
    for (Map.Entry<String, List<Group>> entry : byLabel.entrySet()) {
      String label = entry.getKey();
      long labelRows = entry.getValue().stream().mapToLong(Group::rows).sum();
      long free = labelRows - 1 - taken.getOrDefault(label, 0L);
      long quota = Math.min(wanted * labelRows / rows, free);
      quotas.put(label, quota);
      room.put(label, free - quota);
      remainders.put(label, wanted * labelRows % rows);
      left -= quota;
    }
    List<String> order =
        remainders.keySet().stream()
            .sorted(Comparator.comparing(remainders::get, Comparator.reverseOrder()))
            .toList();
    while (left > 0 && room.values().stream().anyMatch(free -> free > 0)) {
      for (String label : order) {
        if (left > 0 && room.getOrDefault(label, 0L) > 0) {
          quotas.merge(label, 1L, Long::sum);
          room.merge(label, -1L, Long::sum);
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

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }
}
