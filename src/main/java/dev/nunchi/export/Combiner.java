package dev.nunchi.export;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.eval.Calibration;
import dev.nunchi.eval.Temperature;
import dev.nunchi.export.Validation.LabelledText;
import dev.nunchi.model.Digests;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TokenizerFiles;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Spelling;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Two exported classifiers as one, whose logits are the weighted sum of theirs: a network of
/// pieces (the first) and one of n-grams of characters (the second), which err in different places
/// (wide and deep: Cheng et al., 2016, <https://arxiv.org/abs/1606.07792>).
///
/// A text is encoded once, for the first model. The graph spells its pieces for the second, which
/// reads the same tokens that way, also of a text that was cut. Each model's logits are divided by
/// its temperature before they are weighed.
public final class Combiner {
  private static final String CONFIG = "config.json";
  private static final String CARD = "README.md";
  private static final String LICENSE = "license";

  /// By how far an answer in a batch may be from the same alone. int8 is the last: it runs on CPUs
  /// alone.
  private static final List<Precision> BY_CARE =
      List.of(
          Precision.FP32,
          Precision.BF16,
          Precision.FP16,
          Precision.INT8_WEIGHT_ONLY,
          Precision.INT4_WEIGHT_ONLY,
          Precision.INT8);

  private final ModelDirectory first;
  private final ModelDirectory second;
  private final double weight;
  private final Spelling spelling;

  /// @param first whose tokenizer and longest text the whole has
  /// @param second a model of n-grams of characters with the same labels
  /// @param weight of the second's logits, over 0 and below 1; that of the first's is the rest
  /// @throws NunchiException `INVALID_ARGUMENT` where labels or kind differ, `UNSUPPORTED_MODEL`
  ///   where one of them is no such model
  public Combiner(ModelDirectory first, ModelDirectory second, double weight) {
    this.first = first;
    this.second = second;
    this.weight = weight;
    requireSameTask();
    this.spelling = Spelling.of(first.path(), second.path());
  }

  private void requireSameTask() {
    Manifest.Task one = first.manifest().task();
    Manifest.Task other = second.manifest().task();
    if (!one.labels().names().equals(other.labels().names())) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s has the labels %s and %s has %s; models with the same labels in the same order are combined"
              .formatted(first.path(), names(one.labels()), second.path(), names(other.labels())));
    }
    if (one.problemType() != ProblemType.SINGLE_LABEL_CLASSIFICATION
        || other.problemType() != ProblemType.SINGLE_LABEL_CLASSIFICATION) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s and %s are not both of one label a text, and only such models are combined"
              .formatted(first.path(), second.path()));
    }
    if (first.manifest().text().inputTemplate() != null
        || second.manifest().text().inputTemplate() != null) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s or %s reads a context beside each text, and only models of the text alone are combined"
              .formatted(first.path(), second.path()));
    }
  }

  private static String names(LabelSet labels) {
    return String.join(" ", labels.names());
  }

  /// What the two and their sum do on labelled texts.
  ///
  /// @param accuracy of the first, the second and both
  /// @param calibrationError of both, with the temperature
  /// @param sameCharacters share of the texts that the second reads as it would by itself
  public record Measured(
      int texts,
      double[] accuracy,
      double calibrationError,
      double temperature,
      double sameCharacters) {}

  /// Writes the combination, aside first, proved by what its parts answer.
  ///
  /// @param name of the model
  /// @param license of the whole; where empty that of the parts, if it is the same
  /// @param validation labelled texts that the temperature is fitted on; where there are none it is
  ///   1
  /// @param linked whether the parts' weights stay in their files, to which the output has links
  /// @param measured told what was measured on them
  /// @throws NunchiException `FAILED_CHECK` where the graph does not give the sum of its parts
  public ModelDirectory write(
      String name,
      Optional<String> license,
      List<LabelledText> validation,
      Path output,
      OutputDirectory.Existing existing,
      boolean linked,
      Consumer<Measured> measured) {
    try (OutputDirectory directory = OutputDirectory.open(output, existing);
        StagedDirectory staged = directory.stage();
        TextEncoder encoder = OnnxExporter.encoder(first.path(), first.manifest());
        TextEncoder alone = OnnxExporter.encoder(second.path(), second.manifest())) {
      // Before anything long: what cannot be joined is refused here.
      JoinedGraph graph = CombinedGraph.of(first, second, weight, spelling, linked);
      Probe probe = probe(encoder);
      Manifest manifest = described(name, license).withProbe(probe);
      if (!validation.isEmpty()) {
        Measured figures = measure(validation, encoder, alone);
        measured.accept(figures);
        manifest =
            manifest
                .withTemperature(figures.temperature())
                .withOrigin(manifest.origin().with(quality(figures), List.of()));
      }
      ModelDirectory written = write(graph, manifest, staged.path());
      OnnxExporter.requireParity(written, probe);
      staged.commit();
      return new ModelDirectory(output, written.manifest(), written.padTokenId());
    } catch (NunchiException e) {
      throw e.reason() == Reason.FAILED_CHECK
          ? new NunchiException(
              e.reason(),
              "%s was not written, as the graph does not give the sum of %s and %s: %s"
                  .formatted(output, first.path(), second.path(), e.getMessage()),
              e)
          : e;
    } catch (IOException e) {
      throw DurableFiles.notWritten(output, e);
    }
  }

  private Manifest described(String name, Optional<String> license) {
    Manifest of = first.manifest();
    Map<String, String> others = second.manifest().origin().provenance();
    Map<String, String> provenance = new HashMap<>(of.origin().provenance());
    provenance.put("combined_from", part(first));
    provenance.put("combined_with", part(second));
    provenance.put("combined_weight", Double.toString(weight));
    for (String key : List.of(LICENSE, "data_source")) {
      if (others.containsKey(key)) {
        provenance.put("combined_with_" + key, others.get(key));
      }
    }
    if (!Objects.equals(provenance.get(LICENSE), others.get(LICENSE))) {
      provenance.remove(LICENSE);
    }
    license.ifPresent(named -> provenance.put(LICENSE, named));
    return Manifest.of(
            name,
            of.task().labels(),
            of.task().problemType(),
            of.text().normalization(),
            of.text().maxLength())
        .withOrigin(new Manifest.Origin(Map.of(), provenance, notes()));
  }

  /// What is to be known of the parts, and of how the second reads.
  private List<String> notes() {
    List<String> notes = new ArrayList<>();
    for (ModelDirectory part : List.of(first, second)) {
      part.manifest()
          .origin()
          .notes()
          .forEach(note -> notes.add("%s: %s".formatted(part.manifest().name(), note)));
    }
    if (!first.manifest().text().normalization().equals(second.manifest().text().normalization())) {
      notes.add(
          "%s learned from texts that were normalised otherwise than %s has them."
              .formatted(second.manifest().name(), first.manifest().name()));
    }
    return notes;
  }

  private static String part(ModelDirectory model) {
    return "%s %s".formatted(model.manifest().name(), model.manifest().proof().revision());
  }

  /// Of the texts that training recorded, or others of any kind, what the parts answer.
  private Probe probe(TextEncoder encoder) {
    Probe of = first.manifest().proof().probe();
    if (of == null) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s has no probe in %s to prove the combination with"
              .formatted(first.path(), Manifest.FILE_NAME));
    }
    List<Encoding> encodings =
        of.cases().stream().map(one -> encoder.encode(one.text(), Truncation.KEEP_HEAD)).toList();
    double[][] sums = answers(encodings).sums();
    return new Probe(
        IntStream.range(0, sums.length)
            .mapToObj(i ->
                new Probe.Case(
                    of.cases().get(i).text(),
                    Arrays.stream(encodings.get(i).inputIds()).boxed().toList(),
                    Arrays.stream(sums[i]).mapToObj(logit -> (float) logit).toList()))
            .toList());
  }

  private CombinedAnswers answers(List<Encoding> encodings) {
    return CombinedAnswers.of(first, second, weight, spelling, encodings);
  }

  private Measured measure(List<LabelledText> texts, TextEncoder encoder, TextEncoder alone) {
    List<Encoding> encodings =
        texts.stream()
            .map(one -> encoder.encode(one.text(), Truncation.KEEP_HEAD_AND_TAIL))
            .toList();
    List<String> labels = first.manifest().task().labels().names();
    int[] actual =
        texts.stream().mapToInt(one -> labels.indexOf(one.labels().iterator().next())).toArray();
    CombinedAnswers answers = answers(encodings);
    double temperature = Temperature.fit(actual, answers.sums());
    long same =
        IntStream.range(0, texts.size())
            .filter(i ->
                Arrays.equals(
                    spelling.of(encodings.get(i).inputIds()),
                    alone.encode(texts.get(i).text(), Truncation.KEEP_HEAD_AND_TAIL).inputIds()))
            .count();
    return new Measured(
        texts.size(),
        Stream.of(answers.first(), answers.second(), answers.sums())
            .mapToDouble(logits -> accuracy(actual, logits))
            .toArray(),
        Calibration.of(actual, answers.sums(), temperature)
            .reliability()
            .expectedCalibrationError(),
        temperature,
        (double) same / texts.size());
  }

  private static double accuracy(int[] actual, double[][] logits) {
    return (double)
            IntStream.range(0, actual.length).filter(i -> largest(logits[i]) == actual[i]).count()
        / actual.length;
  }

  /// The place of the largest, of the first where several are.
  static int largest(double[] logits) {
    int largest = 0;
    for (int i = 1; i < logits.length; i++) {
      largest = logits[i] > logits[largest] ? i : largest;
    }
    return largest;
  }

  private static Map<String, Double> quality(Measured measured) {
    return Map.of(
        "validation_accuracy", measured.accuracy()[2],
        "validation_accuracy_of_first", measured.accuracy()[0],
        "validation_accuracy_of_second", measured.accuracy()[1],
        "validation_calibration_error", measured.calibrationError(),
        "validation_count", (double) measured.texts());
  }

  private ModelDirectory write(JoinedGraph graph, Manifest manifest, Path directory)
      throws IOException {
    Map<String, String> digests = new TreeMap<>(graph.write(directory));
    List<String> files = new ArrayList<>(TokenizerFiles.copy(first.path(), directory));
    DurableFiles.copy(first.path().resolve(CONFIG), directory.resolve(CONFIG));
    files.add(CONFIG);
    digests.putAll(Digests.of(directory, files));
    Files.writeString(
        directory.resolve(CARD), new CombinationCard(manifest, first, second, weight).markdown());
    ManifestFile.write(
        directory,
        manifest.written(
            precision(), Digests.revision(digests), digests, Digests.of(directory, List.of(CARD))));
    return ModelDirectory.openWritten(directory);
  }

  /// That of the part which asks for more care.
  private Precision precision() {
    return Stream.of(first, second)
        .map(part -> part.manifest().proof().precision())
        .max(Comparator.comparingInt(BY_CARE::indexOf))
        .orElseThrow();
  }
}
