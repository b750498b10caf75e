package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Sha256;
import dev.nunchi.data.Example;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.torch.Targets;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Labelled texts as token ids, in the order of the examples.
///
/// @param targets what each text should be answered with
record EncodedTexts(List<Encoding> encodings, Targets targets) {
  private static final int CHUNK = 4096;

  /// @param target what the texts of some examples should be answered with
  static EncodedTexts of(
      List<Example> examples,
      Function<List<Example>, Targets> target,
      TextEncoder encoder,
      Truncation truncation) {
    List<Encoding> encodings = new ArrayList<>(examples.size());
    for (int start = 0; start < examples.size(); start += CHUNK) {
      List<Example> chunk = examples.subList(start, Math.min(start + CHUNK, examples.size()));
      encode(chunk, encoder, truncation).stream()
          .map(EncodedTexts::withoutSpans)
          .forEach(encodings::add);
    }
    return new EncodedTexts(encodings, target.apply(examples));
  }

  private static List<Encoding> encode(
      List<Example> chunk, TextEncoder encoder, Truncation truncation) {
    try {
      return chunk.parallelStream()
          .map(example -> encoder.encode(example.text(), example.context(), truncation))
          .toList();
    } catch (NunchiException e) {
      throw new NunchiException(
          e.reason(),
          "The tokenizer leaves nothing of the text with the id %s; take it out of the data"
              .formatted(firstRefused(chunk, encoder, truncation)),
          e);
    }
  }

  private static String firstRefused(
      List<Example> chunk, TextEncoder encoder, Truncation truncation) {
    for (Example example : chunk) {
      try {
        encoder.encode(example.text(), example.context(), truncation);
      } catch (NunchiException _) {
        return example.id();
      }
    }
    throw new IllegalStateException("a text was refused among others and is not alone");
  }

  /// Spans of all texts would be most of the memory.
  static Encoding withoutSpans(Encoding encoding) {
    return new Encoding(
        encoding.inputIds(),
        encoding.tokenTypeIds(),
        List.of(),
        encoding.tokenCount(),
        encoding.unknownCount(),
        encoding.truncated(),
        encoding.contextStart());
  }

  int size() {
    return encodings.size();
  }

  /// Those from one index up to another, which stays out.
  EncodedTexts part(int from, int to) {
    return from == 0 && to == size()
        ? this
        : new EncodedTexts(
            encodings.subList(from, to), targets.of(IntStream.range(from, to).toArray()));
  }

  int[] lengths() {
    return encodings.stream().mapToInt(Encoding::length).toArray();
  }

  long tokens() {
    return encodings.stream().mapToLong(Encoding::length).sum();
  }

  /// Share of the tokens of the texts, special tokens aside, that the vocabulary does not have.
  double unknownShare(int specialTokens) {
    long unknown = encodings.stream().mapToLong(Encoding::unknownCount).sum();
    return (double) unknown / Math.max(1, tokens() - (long) specialTokens * size());
  }

  /// The highest type of a token.
  int highestTokenType() {
    return encodings.stream()
        .flatMapToInt(encoding -> Arrays.stream(encoding.tokenTypeIds()))
        .max()
        .orElse(0);
  }

  int truncated() {
    return (int) encodings.stream().filter(Encoding::truncated).count();
  }

  /// SHA-256 of all ids and targets, hexadecimal: what tells whether two runs have the same texts.
  /// What a teacher answers has no part in it.
  String digest() {
    MessageDigest digest = Sha256.begin();
    for (int i = 0; i < size(); i++) {
      int[] ids = encodings.get(i).inputIds();
      update(digest, target(targets, i));
      update(digest, ids);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static int[] target(Targets targets, int text) {
    return switch (targets) {
      case Targets.Distilled distilled -> target(distilled.own(), text);
      case Targets.Labels(int[][] indices) -> indices[text];
      case Targets.Values(double[] values) -> {
        long bits = Double.doubleToLongBits(values[text]);
        yield new int[] {(int) (bits >>> Integer.SIZE), (int) bits};
      }
    };
  }

  private static void update(MessageDigest digest, int[] numbers) {
    ByteBuffer bytes = ByteBuffer.allocate((numbers.length + 1) * Integer.BYTES);
    bytes.putInt(numbers.length).asIntBuffer().put(numbers);
    digest.update(bytes.array());
  }

  PaddedBatch batch(int[] rows, int padTokenId) {
    List<Encoding> selected = new ArrayList<>(rows.length);
    for (int row : rows) {
      selected.add(encodings.get(row));
    }
    return PaddedBatch.of(selected, padTokenId);
  }
}
