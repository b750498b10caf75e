package dev.nunchi.model;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.text.Normalization;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `nunchi.json`: all that a model directory says about its model beside the Hugging Face files.
///
/// The file is flat; these groups are how the program speaks of it. Its format has two numbers. A
/// new [#FORMAT_VERSION] is for a change after which an older reader would answer otherwise: it
/// refuses the file. A new [#FORMAT_MINOR] adds what may be left out: an older reader says that it
/// does not know the key, and goes on.
///
/// @param name short name, for example `nsmc-small`
public record Manifest(String name, Task task, Text text, Proof proof, Origin origin) {
  public static final int FORMAT_VERSION = 1;

  /// 1 added `documents` and `notes`, 2 `reference`.
  public static final int FORMAT_MINOR = 2;

  public static final String FILE_NAME = "nunchi.json";

  /// What the logits mean.
  ///
  /// @param labels the labels in the order of the logits, with polarities
  /// @param temperature the logits are divided by it before softmax or sigmoid; over 0
  public record Task(LabelSet labels, ProblemType problemType, double temperature) {}

  /// How a text becomes tokens, beside what the tokenizer's files say.
  ///
  /// @param inputTemplate how text and context are joined: [#TEXT_AND_CONTEXT], or null for the
  ///   text alone
  /// @param maxLength longest input in tokens, special tokens included
  public record Text(Normalization normalization, @Nullable String inputTemplate, int maxLength) {
    /// The input template by which the tokenizer's own template for two sequences joins text and
    /// context, `[CLS] text [SEP] context [SEP]` with BERT's. A text without context is as it is
    /// with a model that has no template.
    public static final String TEXT_AND_CONTEXT = "text_and_context";
  }

  /// By what the directory is known as the one that was written, and its answers as those of
  /// training.
  ///
  /// @param precision number format of the weights that lie beside
  /// @param revision digest of the files that decide the answers, `sha256:` and 64 hexadecimal
  ///   digits; see [Digests#revision]
  /// @param probe null where the directory has none, as one that was not written here
  /// @param files SHA-256 of every other file that the model needs, hexadecimal, by file name;
  ///   verified whenever the directory is opened
  /// @param documents SHA-256 of what was written beside for people (`README.md`, `recipe.yaml`),
  ///   by file name. Whoever edits them leaves the model valid: the digests only say whether a file
  ///   is still the one that was written
  public record Proof(
      Precision precision,
      String revision,
      @Nullable Probe probe,
      Map<String, String> files,
      Map<String, String> documents) {
    /// Of a model that is not on disk yet: fp32, no probe.
    public static final Proof UNWRITTEN = new Proof(Precision.FP32, "", null, Map.of(), Map.of());

    public Proof {
      files = sorted(files);
      documents = sorted(documents);
    }
  }

  /// What was measured, and where the model comes from.
  ///
  /// @param quality measured figures by name, for example `test_accuracy`
  /// @param provenance where data and base model come from and their licences, by free keys
  /// @param notes what a reader of the figures should know, one sentence each
  /// @param reference how the model answers texts like those that it is for, to compare later ones
  ///   with; null where nobody has measured it
  public record Origin(
      Map<String, Double> quality,
      Map<String, String> provenance,
      List<String> notes,
      @Nullable AnswerProfile reference) {
    public static final Origin UNKNOWN = new Origin(Map.of(), Map.of(), List.of());

    /// Without a reference.
    public Origin(Map<String, Double> quality, Map<String, String> provenance, List<String> notes) {
      this(quality, provenance, notes, null);
    }

    public Origin {
      quality = sorted(quality);
      provenance = sorted(provenance);
      notes = List.copyOf(notes);
    }

    /// The figures as people read them, name and value, in the order of the names: counts whole,
    /// others with four digits behind the point.
    public Map<String, String> shown() {
      Map<String, String> shown = new LinkedHashMap<>();
      quality.forEach((name, value) ->
          shown.put(
              name.replace('_', ' '),
              String.format(Locale.ROOT, name.endsWith("_count") ? "%,.0f" : "%.4f", value)));
      return shown;
    }

    /// With further figures and notes, of which figures of the same name take the earlier ones'
    /// place.
    public Origin with(Map<String, Double> quality, List<String> notes) {
      Map<String, Double> all = new TreeMap<>(this.quality);
      all.putAll(quality);
      return new Origin(
          all, provenance, Stream.concat(this.notes.stream(), notes.stream()).toList(), reference);
    }

    /// @param reference how the model answers, in place of what was known before
    public Origin with(AnswerProfile reference) {
      return new Origin(quality, provenance, notes, reference);
    }
  }

  /// A manifest before its model is written: temperature 1, no probe, nothing measured.
  public static Manifest of(
      String name,
      LabelSet labels,
      ProblemType problemType,
      Normalization normalization,
      int maxLength) {
    return new Manifest(
        name,
        new Task(labels, problemType, 1),
        new Text(normalization, null, maxLength),
        Proof.UNWRITTEN,
        Origin.UNKNOWN);
  }

  public Manifest withTemperature(double temperature) {
    return new Manifest(
        name, new Task(task.labels, task.problemType, temperature), text, proof, origin);
  }

  /// @param inputTemplate [Text#TEXT_AND_CONTEXT], or null for the text alone
  public Manifest withInputTemplate(@Nullable String inputTemplate) {
    return new Manifest(
        name, task, new Text(text.normalization(), inputTemplate, text.maxLength()), proof, origin);
  }

  public Manifest withProbe(@Nullable Probe probe) {
    return with(new Proof(proof.precision, proof.revision, probe, proof.files, proof.documents));
  }

  public Manifest withOrigin(Origin origin) {
    return new Manifest(name, task, text, proof, origin);
  }

  /// As it stands beside weights of one precision that are on disk; for whoever writes the
  /// directory. The probe stays.
  public Manifest written(
      Precision precision,
      String revision,
      Map<String, String> files,
      Map<String, String> documents) {
    return with(new Proof(precision, revision, proof.probe, files, documents));
  }

  private Manifest with(Proof proof) {
    return new Manifest(name, task, text, proof, origin);
  }

  private static <V> Map<String, V> sorted(Map<String, V> map) {
    return Collections.unmodifiableMap(new TreeMap<>(map));
  }
}
