package dev.nunchi.data;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// From the values in a file's label column to names of labels.
///
/// Written as `value=name` with commas between, for example `0=부정,1=긍정`. A range of whole numbers
/// maps all of them, `1-4=부정`; an empty name drops the rows, `5-8=`, of multi-label data the label
/// alone. White space around values and names is cut. A value that is itself one of the names stays
/// as it is.
public final class LabelMapping {
  /// Every value is its own label.
  public static final LabelMapping IDENTITY = new LabelMapping(Map.of(), null);

  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})-(\\d{1,9})");
  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,18}(\\.\\d{1,18})?");
  private static final int MOST_VALUES = 1000;
  private static final Comparator<String> NUMERIC_ORDER =
      Comparator.<String, BigDecimal>comparing(BigDecimal::new)
          .thenComparing(Comparator.naturalOrder());

  private final Map<String, Optional<String>> names;
  private final @Nullable Set<String> allowed;

  private LabelMapping(Map<String, Optional<String>> names, @Nullable Set<String> allowed) {
    this.names = names;
    this.allowed = allowed;
  }

  /// The mapping that `text` writes down; blank is [#IDENTITY].
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` naming the part that is not understood
  public static LabelMapping parse(String text) {
    if (text.isBlank()) {
      return IDENTITY;
    }
    Map<String, Optional<String>> names = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String value = part.substring(0, Math.max(equals, 0)).strip();
      if (value.isEmpty()) {
        throw invalid("expected value=name as in 0=부정,1=긍정, found " + Source.shown(part));
      }
      String name = part.substring(equals + 1).strip();
      for (String single : expand(value)) {
        if (names.put(single, Optional.of(name).filter(n -> !n.isEmpty())) != null) {
          throw invalid("value %s is mapped twice".formatted(Source.shown(single)));
        }
      }
    }
    Set<String> targets = new LinkedHashSet<>();
    names.values().forEach(name -> name.ifPresent(targets::add));
    if (targets.isEmpty()) {
      throw invalid(Source.shown(text) + " drops every row");
    }
    return new LabelMapping(names, targets);
  }

  private static List<String> expand(String value) {
    Matcher range = RANGE.matcher(value);
    if (!range.matches()) {
      return List.of(value);
    }
    int first = Integer.parseInt(range.group(1));
    int last = Integer.parseInt(range.group(2));
    if (first > last || last - first >= MOST_VALUES) {
      throw invalid(
          "range %s has to run upwards over at most %d values"
              .formatted(Source.shown(value), MOST_VALUES));
    }
    List<String> values = new ArrayList<>();
    for (int number = first; number <= last; number++) {
      values.add(Integer.toString(number));
    }
    return values;
  }

  /// This mapping where only the labels of a model may come out of it.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` if this maps a value to a name that is not in
  ///   `labels`
  public LabelMapping restrictedTo(LabelSet labels) {
    for (Optional<String> name : names.values()) {
      if (name.isPresent() && labels.indexOf(name.get()).isEmpty()) {
        throw invalid(
            "label %s is not one of %s"
                .formatted(Source.shown(name.get()), Source.shown(labels.names())));
      }
    }
    return new LabelMapping(names, new LinkedHashSet<>(labels.names()));
  }

  /// The labels that a model of this data has: those of the mapping in its order or, where it names
  /// none, those that occur, in order of their numbers if all are numbers, else of their
  /// characters.
  ///
  /// @param examples as read with this mapping
  /// @throws NunchiException `INVALID_DATA` if none of them has a label
  public LabelSet labelSet(List<Example> examples) {
    if (allowed != null) {
      return LabelSet.of(allowed.toArray(String[]::new));
    }
    List<String> found =
        examples.stream().flatMap(example -> example.labels().stream()).distinct().toList();
    if (found.isEmpty()) {
      throw new NunchiException(Reason.INVALID_DATA, "None of the examples has a label");
    }
    boolean numeric = found.stream().allMatch(label -> NUMBER.matcher(label).matches());
    Comparator<String> order = numeric ? NUMERIC_ORDER : Comparator.naturalOrder();
    return LabelSet.of(found.stream().sorted(order).toArray(String[]::new));
  }

  boolean knows(String value) {
    return names.containsKey(value) || allowed == null || allowed.contains(value);
  }

  /// The label for a value.
  ///
  /// @param value one that this [#knows]
  /// @return empty where it is dropped
  Optional<String> labelOf(String value) {
    return names.getOrDefault(value, Optional.of(value));
  }

  /// The values that this knows, for a message.
  String expected() {
    Set<String> known = new LinkedHashSet<>(names.keySet());
    if (allowed != null) {
      known.addAll(allowed);
    }
    return "one of " + Source.shown(List.copyOf(known));
  }

  private static NunchiException invalid(String message) {
    return new NunchiException(Reason.INVALID_ARGUMENT, "Label mapping: " + message);
  }
}
