package dev.nunchi.train;

import dev.nunchi.LabelSet;
import dev.nunchi.data.Example;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.util.ArrayList;
import java.util.List;

/// Labelled texts as token ids, in the order of the examples.
///
/// @param labels index of each text's label
record EncodedTexts(List<Encoding> encodings, int[] labels) {

  static EncodedTexts of(
      List<Example> examples, LabelSet labels, TextEncoder encoder, Truncation truncation) {
    int[] indices = new int[examples.size()];
    List<Encoding> encodings = new ArrayList<>(examples.size());
    for (int i = 0; i < indices.length; i++) {
      Example example = examples.get(i);
      indices[i] = labels.indexOf(example.label()).orElseThrow();
      Encoding encoding = encoder.encode(example.text(), truncation);
      encodings.add(
          new Encoding(
              encoding.inputIds(),
              encoding.tokenTypeIds(),
              List.of(), // spans of all texts would be most of the memory
              encoding.tokenCount(),
              encoding.unknownCount(),
              encoding.truncated()));
    }
    return new EncodedTexts(encodings, indices);
  }

  int size() {
    return encodings.size();
  }

  int[] lengths() {
    return encodings.stream().mapToInt(Encoding::length).toArray();
  }

  long tokens() {
    return encodings.stream().mapToLong(Encoding::length).sum();
  }

  int truncated() {
    return (int) encodings.stream().filter(Encoding::truncated).count();
  }

  PaddedBatch batch(int[] rows, int padTokenId) {
    List<Encoding> selected = new ArrayList<>(rows.length);
    for (int row : rows) {
      selected.add(encodings.get(row));
    }
    return PaddedBatch.of(selected, padTokenId);
  }

  int[] labels(int[] rows) {
    int[] selected = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      selected[i] = labels[rows[i]];
    }
    return selected;
  }
}
