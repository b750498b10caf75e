package dev.nunchi.export;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.eval.Calibration;
import dev.nunchi.eval.Temperature;
import dev.nunchi.export.ExportOptions.LabelledText;
import dev.nunchi.export.onnx.TensorProto.DataType;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.infer.ProbeCheck;
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
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.Span;
import dev.nunchi.text.Spelling;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
  private static final String FIRST = "first/";
  private static final String SECOND = "second/";

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
    if (first.manifest().text().inputTemplate() != null) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s reads a context beside each text, which a model of n-grams would read as part of it"
              .formatted(first.path()));
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
  /// @param validation labelled texts that the temperature is fitted on; where there are none it is
  ///   1
  /// @param measured told what was measured on them
  /// @throws NunchiException `FAILED_CHECK` where the graph does not give the sum of its parts
  public ModelDirectory write(
      String name,
      List<LabelledText> validation,
      Path output,
      OutputDirectory.Existing existing,
      Consumer<Measured> measured) {
    try (OutputDirectory directory = OutputDirectory.open(output, existing);
        StagedDirectory staged = directory.stage();
        TextEncoder encoder = encoder(first);
        TextEncoder alone = encoder(second)) {
      Probe probe = probe(encoder);
      Manifest manifest = described(name).withProbe(probe);
      if (!validation.isEmpty()) {
        Measured figures = measure(validation, encoder, alone);
        measured.accept(figures);
        manifest =
            manifest
                .withTemperature(figures.temperature())
                .withOrigin(manifest.origin().with(quality(figures), List.of()));
      }
      ModelDirectory written = write(manifest, staged.path());
      try (OnnxModel model = OnnxModel.open(written, InferenceOptions.CPU)) {
        new ProbeCheck(encoder, model, precision(), written.padTokenId()).run(probe);
      }
      staged.commit();
      return new ModelDirectory(output, written.manifest(), written.padTokenId());
    } catch (IOException e) {
      throw DurableFiles.notWritten(output, e);
    }
  }

  private static TextEncoder encoder(ModelDirectory model) {
    Manifest.Text text = model.manifest().text();
    return TextEncoder.open(model.path(), Normalizer.of(text.normalization()), text.maxLength());
  }

  private Manifest described(String name) {
    Manifest of = first.manifest();
    Map<String, String> provenance = new HashMap<>(of.origin().provenance());
    provenance.put("combined_from", part(first));
    provenance.put("combined_with", part(second));
    provenance.put("combined_weight", Double.toString(weight));
    return Manifest.of(
            name,
            of.task().labels(),
            of.task().problemType(),
            of.text().normalization(),
            of.text().maxLength())
        .withOrigin(new Manifest.Origin(Map.of(), provenance, List.of()));
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
    double[][] sums = Answers.of(this, encodings).sums();
    return new Probe(
        IntStream.range(0, sums.length)
            .mapToObj(i ->
                new Probe.Case(
                    of.cases().get(i).text(),
                    Arrays.stream(encodings.get(i).inputIds()).boxed().toList(),
                    Arrays.stream(sums[i]).mapToObj(logit -> (float) logit).toList()))
            .toList());
  }

  /// Logits of both parts over their temperatures, and their weighted sum.
  private record Answers(double[][] first, double[][] second, double[][] sums) {
    static Answers of(Combiner models, List<Encoding> encodings) {
      double[][] one = divided(models.first, encodings);
      double[][] other =
          divided(
              models.second,
              encodings.stream()
                  .map(text -> encoding(models.spelling.of(text.inputIds())))
                  .toList());
      double[][] sums = new double[one.length][];
      for (int i = 0; i < one.length; i++) {
        sums[i] = new double[one[i].length];
        for (int label = 0; label < one[i].length; label++) {
          sums[i][label] = (1 - models.weight) * one[i][label] + models.weight * other[i][label];
        }
      }
      return new Answers(one, other, sums);
    }

    private static Encoding encoding(int[] ids) {
      return new Encoding(
          ids,
          new int[ids.length],
          Collections.nCopies(ids.length, Span.NONE),
          ids.length,
          0,
          false);
    }

    private static double[][] divided(ModelDirectory model, List<Encoding> encodings) {
      double temperature = model.manifest().task().temperature();
      return Quantization.logits(model, encodings).stream()
          .map(row ->
              IntStream.range(0, row.length).mapToDouble(i -> row[i] / temperature).toArray())
          .toArray(double[][]::new);
    }
  }

  private Measured measure(List<LabelledText> texts, TextEncoder encoder, TextEncoder alone) {
    List<Encoding> encodings =
        texts.stream()
            .map(one -> encoder.encode(one.text(), Truncation.KEEP_HEAD_AND_TAIL))
            .toList();
    List<String> labels = first.manifest().task().labels().names();
    int[] actual =
        texts.stream().mapToInt(one -> labels.indexOf(one.labels().iterator().next())).toArray();
    Answers answers = Answers.of(this, encodings);
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

  private static int largest(double[] logits) {
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

  private ModelDirectory write(Manifest manifest, Path directory) throws IOException {
    Map<String, String> digests = new TreeMap<>(joined().write(directory));
    List<String> files = new ArrayList<>(TokenizerFiles.copy(first.path(), directory));
    Files.copy(first.path().resolve(CONFIG), directory.resolve(CONFIG));
    files.add(CONFIG);
    digests.putAll(Digests.of(directory, files));
    Files.writeString(directory.resolve(CARD), card(manifest));
    ManifestFile.write(
        directory,
        manifest.written(
            precision(), Digests.revision(digests), digests, Digests.of(directory, List.of(CARD))));
    return ModelDirectory.openWritten(directory);
  }

  /// The one whose answers may be further from the probe's.
  private Precision precision() {
    Precision one = first.manifest().proof().precision();
    return one == Precision.FP32 ? second.manifest().proof().precision() : one;
  }

  private JoinedGraph joined() {
    JoinedGraph graph = new JoinedGraph();
    String one = graph.addFirst(first, FIRST);
    String characters = spelled(graph);
    String present = cast(graph, "present", greater(graph, "is_character", characters));
    String other =
        graph.add(
            second,
            SECOND,
            Map.of(
                "input_ids",
                characters,
                "attention_mask",
                present,
                "token_type_ids",
                "token_type_ids"),
            Map.of("sequence_length", "characters"));
    graph.output(
        graph.node(
            "Add",
            "sum",
            List.of(
                weighed(graph, "first", one, (1 - weight) / first.manifest().task().temperature()),
                weighed(graph, "second", other, weight / second.manifest().task().temperature()))),
        first);
    return graph;
  }

  /// `[batch, characters]`: the characters of each text's pieces in a row, 0 after the last.
  ///
  /// Each has its place by how many there are up to it; what is none goes to a place before the
  /// first, which is cut off.
  private String spelled(JoinedGraph graph) {
    String one = graph.numbers("one", 1);
    String zero = graph.numbers("zero", 0);
    String rows =
        graph.node(
            "Gather",
            "spelling.rows",
            List.of(graph.table("spelling", spelling.characters()), "input_ids"));
    String all =
        graph.node(
            "Reshape",
            "spelling.all",
            List.of(cast(graph, "spelling.ids", rows), graph.numbers("row", 0, -1)));
    String is = cast(graph, "spelling.is", greater(graph, "spelling.is_character", all));
    String place =
        graph.node(
            "Mul",
            "spelling.place",
            List.of(graph.node("CumSum", "spelling.count", List.of(is, one)), is));
    String length =
        graph.node(
            "Add",
            "spelling.length",
            List.of(
                graph.node(
                    "Reshape",
                    "spelling.most",
                    List.of(
                        graph.node(
                            "ReduceMax",
                            "spelling.last",
                            List.of(place),
                            Attributes.of("keepdims", 0)),
                        one)),
                one));
    String batch =
        graph.node(
            "Shape",
            "spelling.batch",
            List.of("input_ids"),
            Attributes.of("start", 0),
            Attributes.of("end", 1));
    String shape =
        graph.node("Concat", "spelling.shape", List.of(batch, length), Attributes.of("axis", 0));
    String empty = graph.node("Expand", "spelling.empty", List.of(zero, shape));
    String placed =
        graph.node(
            "ScatterElements",
            "spelling.placed",
            List.of(empty, place, all),
            Attributes.of("axis", 1));
    return graph.node("Slice", "characters", List.of(placed, one, length, one));
  }

  private static String greater(JoinedGraph graph, String name, String x) {
    return graph.node("Greater", name, List.of(x, "zero"));
  }

  private static String cast(JoinedGraph graph, String name, String x) {
    return graph.node("Cast", name, List.of(x), Attributes.of("to", DataType.INT64.getNumber()));
  }

  private static String weighed(JoinedGraph graph, String part, String logits, double factor) {
    return graph.node(
        "Mul", part + ".weighed", List.of(logits, graph.number(part + ".weight", (float) factor)));
  }

  private String card(Manifest manifest) {
    StringBuilder card =
        new StringBuilder("---\nlanguage: ko\npipeline_tag: text-classification\n");
    String license = first.manifest().origin().provenance().getOrDefault("license", "");
    if (!license.isEmpty()) {
      card.append("license: ").append(license.toLowerCase(Locale.ROOT)).append('\n');
    }
    card.append("---\n\n# ").append(manifest.name()).append("\n\n");
    card.append("Two models in one graph, whose logits add up.\n\n| | |\n| --- | --- |\n");
    row(card, "labels", names(manifest.task().labels()));
    row(card, "longest text", manifest.text().maxLength() + " tokens of the first");
    row(card, "first", described(first, 1 - weight));
    row(card, "second", described(second, weight));
    manifest.origin().shown().forEach((name, value) -> row(card, name, value));
    row(card, "temperature", "%.3f".formatted(manifest.task().temperature()));
    return card.toString();
  }

  private static String described(ModelDirectory model, double weight) {
    return "%s, weight %.2f, temperature %.3f, licence %s (%s)"
        .formatted(
            model.manifest().name(),
            weight,
            model.manifest().task().temperature(),
            model.manifest().origin().provenance().getOrDefault("license", "not named"),
            model.manifest().proof().revision());
  }

  private static void row(StringBuilder card, String name, String value) {
    card.append("| ").append(name).append(" | ").append(value).append(" |\n");
  }
}
