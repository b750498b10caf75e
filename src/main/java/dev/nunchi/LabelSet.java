package dev.nunchi;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// The labels of one model in the order of its logits.
public final class LabelSet {
  private final List<Label> labels;
  private final Map<String, Integer> indices = new HashMap<>();

  /// @throws IllegalArgumentException if `labels` is empty or a name occurs twice
  public LabelSet(List<Label> labels) {
    if (labels.isEmpty()) {
      throw new IllegalArgumentException("A label set has at least one label");
    }
    this.labels = List.copyOf(labels);
    for (int i = 0; i < labels.size(); i++) {
      if (indices.put(labels.get(i).name(), i) != null) {
        throw new IllegalArgumentException(
            "Label '%s' occurs twice".formatted(labels.get(i).name()));
      }
    }
  }

  /// Labels without polarity.
  public static LabelSet of(String... names) {
    return new LabelSet(List.of(names).stream().map(Label::of).toList());
  }

  public int size() {
    return labels.size();
  }

  public Label get(int index) {
    return labels.get(index);
  }

  public OptionalInt indexOf(String name) {
    Integer index = indices.get(name);
    return index == null ? OptionalInt.empty() : OptionalInt.of(index);
  }

  public List<Label> labels() {
    return labels;
  }

  public List<String> names() {
    return labels.stream().map(Label::name).toList();
  }

  /// Whether every label has a polarity, so that an answer can have one.
  public boolean hasPolarity() {
    return labels.stream().allMatch(label -> label.polarity().isPresent());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LabelSet that && labels.equals(that.labels);
  }

  @Override
  public int hashCode() {
    return labels.hashCode();
  }

  @Override
  public String toString() {
    return labels.toString();
  }
}
