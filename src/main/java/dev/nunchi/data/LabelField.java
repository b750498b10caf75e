package dev.nunchi.data;

import dev.nunchi.ProblemType;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What the label column of a file holds.
enum LabelField {
  /// The column is not read and need not be there.
  UNREAD,
  /// One label a text.
  ONE,
  /// Any number of labels a text.
  SEVERAL,
  /// A number a text.
  NUMBER;

  /// Parts the labels of one text in a table; JSONL has arrays for them.
  static final String SEPARATOR = "|";

  private static final Pattern PARTS = Pattern.compile(SEPARATOR, Pattern.LITERAL);

  /// The labels of a field of a table, as it stands in the file.
  ///
  /// @param column for messages
  List<String> labels(String field, String column, Source source, long line) {
    if (this != SEVERAL) {
      if (LabelList.isQuotedList(field)) {
        throw source.invalid(
            line,
            "the label in column %s is a list, %s; problem_type multi_label_classification reads it"
                .formatted(Source.shown(column), Source.shown(field)));
      }
      return List.of(field);
    }
    if (field.isBlank()) {
      return List.of();
    }
    return LabelList.isList(field)
        ? list(field, column, source, line)
        : Stream.of(PARTS.split(field, -1)).map(String::strip).toList();
  }

  /// The labels of a field that is a list written as one string.
  List<String> list(String field, String column, Source source, long line) {
    return LabelList.parse(field)
        .orElseThrow(() ->
            source.invalid(
                line,
                "the labels in column %s are a list that cannot be read, %s; expected labels"
                        .formatted(Source.shown(column), Source.shown(field))
                    + " parted by |, or a list as ['배송', '가격']"));
  }

  static LabelField of(ProblemType problemType) {
    return switch (problemType) {
      case SINGLE_LABEL_CLASSIFICATION -> ONE;
      case MULTI_LABEL_CLASSIFICATION -> SEVERAL;
      case REGRESSION -> NUMBER;
    };
  }
}
