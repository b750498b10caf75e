package dev.nunchi.model;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.text.Normalization;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// `nunchi.json`: all that a model directory says about its model beside the Hugging Face files.
///
/// @param formatVersion version of this file's format
/// @param name short name, for example `nsmc-small`
/// @param revision digest of the files that decide the answers, `sha256:` and 64 hexadecimal
///   digits; see [Digests#revision]
/// @param labels the labels in the order of the logits, with polarities
/// @param inputTemplate how text and context are joined: [#TEXT_AND_CONTEXT], or null for the text
///   alone
/// @param maxLength longest input in tokens, special tokens included
/// @param temperature the logits are divided by it before softmax or sigmoid; over 0
/// @param probe null where the directory has none, as one that was not written here
/// @param quality measured figures by name, for example `test_accuracy`
/// @param provenance where data and base model come from and their licences, by free keys
/// @param files SHA-256 of every other file that the model needs, hexadecimal, by file name
public record Manifest(
    int formatVersion,
    String name,
    String revision,
    LabelSet labels,
    ProblemType problemType,
    Normalization normalization,
    @Nullable String inputTemplate,
    int maxLength,
    Precision precision,
    double temperature,
    @Nullable Probe probe,
    Map<String, Double> quality,
    Map<String, String> provenance,
    Map<String, String> files) {
  public static final int FORMAT_VERSION = 1;
  public static final String FILE_NAME = "nunchi.json";

  /// The input template by which the tokenizer's own template for two sequences joins text and
  /// context, `[CLS] text [SEP] context [SEP]` with BERT's. A text without context is as it is with
  /// a model that has no template.
  public static final String TEXT_AND_CONTEXT = "text_and_context";

  /// The revision of a manifest whose weights are not on disk yet.
  public static final String UNWRITTEN = "";

  public Manifest {
    quality = Collections.unmodifiableMap(new TreeMap<>(quality));
    provenance = Collections.unmodifiableMap(new TreeMap<>(provenance));
    files = Collections.unmodifiableMap(new TreeMap<>(files));
  }

  /// A manifest before its model is written: fp32, temperature 1, no probe, nothing measured.
  /// Whoever writes the directory fills in `revision` and `files`.
  public static Manifest of(
      String name,
      LabelSet labels,
      ProblemType problemType,
      Normalization normalization,
      int maxLength) {
    return new Manifest(
        FORMAT_VERSION,
        name,
        UNWRITTEN,
        labels,
        problemType,
        normalization,
        null,
        maxLength,
        Precision.FP32,
        1,
        null,
        Map.of(),
        Map.of(),
        Map.of());
  }

  public Manifest withProbe(@Nullable Probe probe) {
    return new Manifest(
        formatVersion,
        name,
        revision,
        labels,
        problemType,
        normalization,
        inputTemplate,
        maxLength,
        precision,
        temperature,
        probe,
        quality,
        provenance,
        files);
  }

  public Manifest withTemperature(double temperature) {
    return new Manifest(
        formatVersion,
        name,
        revision,
        labels,
        problemType,
        normalization,
        inputTemplate,
        maxLength,
        precision,
        temperature,
        probe,
        quality,
        provenance,
        files);
  }

  /// With what was measured and where data and base model come from.
  public Manifest withRecord(Map<String, Double> quality, Map<String, String> provenance) {
    return new Manifest(
        formatVersion,
        name,
        revision,
        labels,
        problemType,
        normalization,
        inputTemplate,
        maxLength,
        precision,
        temperature,
        probe,
        quality,
        provenance,
        files);
  }

  /// As it stands beside weights of one precision that are on disk.
  public Manifest written(Precision precision, String revision, Map<String, String> files) {
    return new Manifest(
        formatVersion,
        name,
        revision,
        labels,
        problemType,
        normalization,
        inputTemplate,
        maxLength,
        precision,
        temperature,
        probe,
        quality,
        provenance,
        files);
  }
}
