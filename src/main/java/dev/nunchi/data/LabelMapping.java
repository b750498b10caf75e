package dev.nunchi.data;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.text.PlainName;
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
/// alone. A value that is itself one of the names stays as it is.
///
/// Values that a reader cannot tell apart are one, as [PlainName] has it, and so are a whole number
/// and the same with a fraction of zeros, as `1` and `1.0`.
public final class LabelMapping {
  /// Every value is its own label.
  public static final LabelMapping IDENTITY = new LabelMapping(Map.of(), null, List.of());

  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})-(\\d{1,9})");
  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,18}(\\.\\d{1,18})?");
  private static final Pattern WHOLE = Pattern.compile("(-?\\d{1,18})\\.0{1,18}");
  private static final int MOST_VALUES = 1000;
  private static final Comparator<String> NUMERIC_ORDER =
      Comparator.<String, BigDecimal>comparing(BigDecimal::new)
          .thenComparing(Comparator.naturalOrder());

  private final Map<String, Optional<String>> names;
  private final @Nullable Map<String, String> allowed;
  private final List<String> positions;

  /// @param names from the key of a value to its label
  /// @param allowed from the key of each label that may come out to the label; null for every one
  /// @param positions labels for which their numbers from 0 may stand, none for none
  private LabelMapping(
      Map<String, Optional<String>> names,
      @Nullable Map<String, String> allowed,
      List<String> positions) {
    this.names = names;
    this.allowed = allowed;
    this.positions = positions;
  }

  /// The labels of a model, and their numbers from 0, which data sets use in place of names; names
  /// alone where one of them is a number.
  public static LabelMapping ofModel(LabelSet labels) {
    LabelMapping names = IDENTITY.restrictedTo(labels);
    boolean numbers = labels.names().stream().anyMatch(name -> NUMBER.matcher(key(name)).matches());
    return numbers ? names : new LabelMapping(Map.of(), names.allowed, labels.names());
  }

  /// What two values have in common that are one.
  private static String key(String value) {
    String plain = PlainName.of(value);
    if (plain.indexOf('.') < 0) {
      return plain;
    }
    Matcher whole = WHOLE.matcher(plain);
    return whole.matches() ? whole.group(1) : plain;
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
      String value = key(part.substring(0, Math.max(equals, 0)));
      if (value.isEmpty()) {
        throw invalid("expected value=name as in 0=부정,1=긍정, found " + Source.shown(part));
      }
      String name = PlainName.of(part.substring(equals + 1));
      for (String single : expand(value)) {
        if (names.put(single, Optional.of(name).filter(n -> !n.isEmpty())) != null) {
          throw invalid("value %s is mapped twice".formatted(Source.shown(single)));
        }
      }
    }
    Map<String, String> targets = new LinkedHashMap<>();
    names.values().forEach(name -> name.ifPresent(n -> targets.putIfAbsent(key(n), n)));
    if (targets.isEmpty()) {
      throw invalid(Source.shown(text) + " drops every row");
    }
    return new LabelMapping(names, targets, List.of());
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
    Map<String, String> own = new LinkedHashMap<>();
    for (String label : labels.names()) {
      String other = own.put(key(label), label);
      if (other != null) {
        throw invalid(
            "labels %s and %s look alike; two labels need two names"
                .formatted(Source.visible(other), Source.visible(label)));
      }
    }
    Map<String, Optional<String>> restricted = new LinkedHashMap<>();
    names.forEach((value, name) -> {
      if (name.isPresent() && !own.containsKey(key(name.get()))) {
        throw invalid(
            "label %s is not one of %s"
                .formatted(Source.shown(name.get()), Source.shown(labels.names())));
      }
      restricted.put(value, name.map(n -> own.getOrDefault(key(n), n)));
    });
    return new LabelMapping(restricted, own, List.of());
  }

  /// The labels that a model of this data has: those of the mapping in its order or, where it names
  /// none, those that occur, in order of their numbers if all are numbers, else of their
  /// characters.
  ///
  /// @param examples as read with this mapping
  /// @throws NunchiException `INVALID_DATA` if none of them has a label
  public LabelSet labelSet(List<Example> examples) {
    if (allowed != null) {
      return LabelSet.of(allowed.values().toArray(String[]::new));
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

  /// Whether every value is known.
  boolean isOpen() {
    return allowed == null;
  }

  boolean knows(String value) {
    String key = key(value);
    return allowed == null
        || names.containsKey(key)
        || allowed.containsKey(key)
        || position(key).isPresent();
  }

  /// The label for a value.
  ///
  /// @param value one that this [#knows]
  /// @return empty where it is dropped
  Optional<String> labelOf(String value) {
    String key = key(value);
    Optional<String> name = names.get(key);
    if (name != null) {
      return name;
    }
    if (allowed == null) {
      return Optional.of(key);
    }
    String own = allowed.get(key);
    return own == null ? position(key) : Optional.of(own);
  }

  /// Takes down how a value that this knows was read, where it was not taken as it stands.
  void record(String value, long line, ReadingNotes notes) {
    String key = key(value);
    Optional<String> name = names.get(key);
    if (name == null && position(key).isPresent()) {
      notes.numbered(key, position(key).get(), line);
    } else if (!value.equals(key)) {
      notes.spelled(value, name == null ? labelOf(value).orElse(key) : key, line);
    }
  }

  /// Labels for which numbers may stand.
  List<String> positions() {
    return positions;
  }

  /// The label at the place that a value numbers.
  private Optional<String> position(String key) {
    for (int i = 0; i < positions.size(); i++) {
      if (key.equals(Integer.toString(i))) {
        return Optional.of(positions.get(i));
      }
    }
    return Optional.empty();
  }

  /// The values that this knows, for a message.
  String expected() {
    Set<String> known = new LinkedHashSet<>();
    for (int i = 0; i < positions.size(); i++) {
      known.add(Integer.toString(i));
    }
    known.addAll(names.keySet());
    if (allowed != null) {
      known.addAll(allowed.values());
    }
    return "one of " + Source.shown(List.copyOf(known));
  }

  private static NunchiException invalid(String message) {
    return new NunchiException(Reason.INVALID_ARGUMENT, "Label mapping: " + message);
  }
}
