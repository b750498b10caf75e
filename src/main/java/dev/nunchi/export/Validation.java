package dev.nunchi.export;

import java.util.List;
import java.util.Set;

/// Texts by which a rounded model is compared with fp32, with what people gave them.
public sealed interface Validation {
  /// No texts, for no comparison.
  Validation NONE = new Labels(List.of());

  /// Those of a classifier.
  record Labels(List<LabelledText> labelled) implements Validation {
    public Labels {
      labelled = List.copyOf(labelled);
    }

    @Override
    public List<String> texts() {
      return labelled.stream().map(LabelledText::text).toList();
    }
  }

  /// Those of a regression.
  record Values(List<ValuedText> valued) implements Validation {
    public Values {
      valued = List.copyOf(valued);
    }

    @Override
    public List<String> texts() {
      return valued.stream().map(ValuedText::text).toList();
    }
  }

  /// A text and the names of the labels that it has.
  record LabelledText(String text, Set<String> labels) {}

  /// @param value finite
  record ValuedText(String text, double value) {}

  List<String> texts();
}
