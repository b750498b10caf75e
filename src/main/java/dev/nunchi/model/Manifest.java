package dev.nunchi.model;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.text.Normalization;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `nunchi.json`: all that a model directory says about its model beside the Hugging Face files.
///
/// @param formatVersion version of this file's format
/// @param name short name, for example `nsmc-small`
/// @param revision digest of the weights, `sha256:` and 64 hexadecimal digits
/// @param labels the labels in the order of the logits, with polarities
/// @param inputTemplate how text and context are joined, null for the text alone
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
}
