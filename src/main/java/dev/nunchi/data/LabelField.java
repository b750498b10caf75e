package dev.nunchi.data;

import dev.nunchi.ProblemType;

/// What the label column of a file holds.
enum LabelField {
  /// The column is not read and need not be there.
  UNREAD,
  /// One label a text.
  ONE,
  /// Any number of labels a text.
  SEVERAL;

  /// Parts the labels of one text in a table; JSONL has arrays for them.
  static final String SEPARATOR = "|";

  static LabelField of(ProblemType problemType) {
    return switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION -> ONE;
      case MULTI_LABEL_CLASSIFICATION -> SEVERAL;
    };
  }
}
