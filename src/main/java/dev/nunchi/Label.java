package dev.nunchi;

import java.util.OptionalDouble;

/// One class that a model can answer with.
///
/// @param name the label as callers see it, for example `긍정`; never blank
/// @param polarity where the label stands between wholly negative (-1) and wholly positive (+1);
///   empty where the label says nothing about sentiment. Of a regression, whose one label names its
///   value, the polarity that a value of 1 stands for
public record Label(String name, OptionalDouble polarity) {
  public Label {
    if (name.isBlank()) {
      throw new IllegalArgumentException("A label's name is blank");
    }
    if (polarity.isPresent() && !(Math.abs(polarity.getAsDouble()) <= 1)) {
      throw new IllegalArgumentException(
          "The polarity of label '%s' is %s; it lies in [-1, 1]"
              .formatted(name, polarity.getAsDouble()));
    }
  }

  /// A label without polarity.
  public static Label of(String name) {
    return new Label(name, OptionalDouble.empty());
  }

  public static Label of(String name, double polarity) {
    return new Label(name, OptionalDouble.of(polarity));
  }
}
