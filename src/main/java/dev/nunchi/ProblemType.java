package dev.nunchi;

import java.util.Locale;

/// What the logits of a classifier mean; named as in `problem_type` of a Hugging Face
/// `config.json`.
public enum ProblemType {
  /// One label for each text: softmax, cross-entropy.
  SINGLE_LABEL_CLASSIFICATION,
  /// Any number of labels for each text: a sigmoid and binary cross-entropy for each label.
  MULTI_LABEL_CLASSIFICATION;

  /// The name in `config.json`, for example `single_label_classification`.
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
