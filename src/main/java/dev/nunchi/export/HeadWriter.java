package dev.nunchi.export;

import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.eval.Calibration;
import dev.nunchi.eval.ConfusionMatrix;
import dev.nunchi.eval.Temperature;
import dev.nunchi.infer.BulkRun;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.infer.Run;
import dev.nunchi.model.Digests;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Probe;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TemporaryDirectory;
import dev.nunchi.model.TokenizerFiles;
import dev.nunchi.text.Encoding;
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
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/// Teaches an exported classifier other labels: its encoder stays as it is, to the last bit, and a
/// new linear layer takes the place of its head. What the encoder says of each text is computed
/// once, by ONNX Runtime; the layer is the [SoftmaxRegression] over that.
public final class HeadWriter {
  private static final String CONFIG = "config.json";
  private static final String CARD = "README.md";
  private static final int BATCH_SIZE = 16;

  /// Texts between two reports, which are sorted by length.
  private static final int PIECE = 2048;

  /// Of the squares of the weights; the one is taken under which validation texts are likeliest.
  private static final List<Double> PENALTIES = List.of(1e-1, 1e-2, 1e-3, 1e-4, 1e-5);

  private final ModelDirectory encoder;
  private final LabelSet labels;

  /// @param encoder the model whose encoder is used
  /// @param labels at least two
  /// @throws NunchiException `UNSUPPORTED_MODEL` where it reads a context beside each text
  public HeadWriter(ModelDirectory encoder, LabelSet labels) {
    this.encoder = encoder;
    this.labels = labels;
    if (encoder.manifest().text().inputTemplate() != null) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s reads a context beside each text, and only models of the text alone get another head"
              .formatted(encoder.path()));
    }
  }

  /// @param label its place in the set
  public record LabelledText(String text, int label) {}

  /// What goes into the manifest.
  ///
  /// @param name of the model
  /// @param license of the whole; where empty the encoder's
  /// @param description what it says of a text, for people
  /// @param dataSource where the texts are from
  public record Description(
      String name,
      Optional<String> description,
      Optional<String> license,
      Optional<String> dataSource) {}

  /// What the new head does on validation texts.
  ///
  /// @param penalty that it was fitted with
  public record Measured(
      int texts,
      double accuracy,
      double macroF1,
      double loss,
      double calibrationError,
      double temperature,
      double penalty) {
    Map<String, Double> quality() {
      return Map.of(
          "validation_accuracy", accuracy,
          "validation_macro_f1", macroF1,
          "validation_loss", loss,
          "validation_calibration_error", calibrationError,
          "validation_count", (double) texts);
    }
  }

  /// How a run is watched.
  ///
  /// @param encoded told how many further texts the encoder has read
  /// @param measured told what was measured on the validation texts
  public record Watch(IntConsumer encoded, Consumer<Measured> measured) {}

  /// Fits the head and writes the model, aside first, proved by what encoder and layer give one
  /// after the other.
  ///
  /// @param train at least one text of each label
  /// @param validation by which the penalty is chosen and the temperature fitted
  /// @param linked whether the encoder's weights stay in their file, to which the output has a link
  /// @throws NunchiException `UNSUPPORTED_MODEL` where the model does not end in a linear layer,
  ///   `FAILED_CHECK` where the graph does not give what its parts give
  public ModelDirectory write(
      Description description,
      List<LabelledText> train,
      List<LabelledText> validation,
      Path output,
      OutputDirectory.Existing existing,
      boolean linked,
      Watch watch) {
    try (OutputDirectory directory = OutputDirectory.open(output, existing);
        StagedDirectory staged = directory.stage();
        TextEncoder texts = OnnxExporter.encoder(encoder.path(), encoder.manifest());
        OnnxModel vectors = encoder(staged.path())) {
      SoftmaxRegression.Examples learnt = examples(vectors, texts, train, watch);
      SoftmaxRegression.Examples held = examples(vectors, texts, validation, watch);
      Fitted fitted = fit(learnt, held);
      SoftmaxRegression head = fitted.head();
      Measured measured = measure(fitted, held);
      watch.measured().accept(measured);
      Probe probe = probe(vectors, texts, head);
      Manifest manifest =
          described(description).withProbe(probe).withTemperature(measured.temperature());
      manifest = manifest.withOrigin(manifest.origin().with(measured.quality(), List.of()));
      ModelDirectory written = write(head, manifest, linked, staged.path());
      OnnxExporter.requireParity(written, probe);
      staged.commit();
      return new ModelDirectory(output, written.manifest(), written.padTokenId());
    } catch (IOException e) {
      throw DurableFiles.notWritten(output, e);
    }
  }

  /// The encoder by itself, with weights where they lie.
  private OnnxModel encoder(Path directory) throws IOException {
    JoinedGraph graph = new JoinedGraph(true);
    JoinedGraph.Encoded encoded = graph.addEncoder(encoder);
    graph.output(encoded.name(), encoded.width());
    try (TemporaryDirectory work = TemporaryDirectory.in(directory, "encoder-")) {
      Map<String, String> unused = graph.write(work.path());
      return OnnxModel.vectors(work.path().resolve(ModelDirectory.GRAPH));
    }
  }

  private SoftmaxRegression.Examples examples(
      OnnxModel vectors, TextEncoder encoder, List<LabelledText> texts, Watch watch) {
    float[][] said = new float[texts.size()][];
    for (int from = 0; from < said.length; from += PIECE) {
      List<LabelledText> piece = texts.subList(from, Math.min(from + PIECE, said.length));
      List<float[]> of =
          said(
              vectors,
              piece.stream()
                  .map(text -> encoder.encode(text.text(), Truncation.KEEP_HEAD_AND_TAIL))
                  .toList());
      for (int i = 0; i < of.size(); i++) {
        said[from + i] = of.get(i);
      }
      watch.encoded().accept(piece.size());
    }
    return new SoftmaxRegression.Examples(
        said, texts.stream().mapToInt(LabelledText::label).toArray());
  }

  private List<float[]> said(OnnxModel vectors, List<Encoding> encodings) {
    Executor workers = LoadOptions.DEFAULT.workers().on(Device.CPU).executor();
    return new BulkRun(vectors, encoder.padTokenId(), workers, BATCH_SIZE)
        .run(encodings).stream().map(Run::logits).toList();
  }

  private record Fitted(SoftmaxRegression head, double penalty, double loss) {}

  private Fitted fit(SoftmaxRegression.Examples train, SoftmaxRegression.Examples validation) {
    return PENALTIES.stream()
        .map(penalty -> {
          SoftmaxRegression head = SoftmaxRegression.fit(train, labels.size(), penalty);
          return new Fitted(head, penalty, head.loss(validation));
        })
        .min(Comparator.comparingDouble(Fitted::loss))
        .orElseThrow();
  }

  private Measured measure(Fitted fitted, SoftmaxRegression.Examples validation) {
    double[][] logits =
        Arrays.stream(validation.vectors()).map(fitted.head()::logits).toArray(double[][]::new);
    ConfusionMatrix matrix = new ConfusionMatrix(labels);
    IntStream.range(0, logits.length)
        .forEach(text -> matrix.add(validation.labels()[text], Combiner.largest(logits[text])));
    double temperature = Temperature.fit(validation.labels(), logits);
    return new Measured(
        logits.length,
        matrix.accuracy(),
        matrix.macro().f1(),
        fitted.loss(),
        Calibration.of(validation.labels(), logits, temperature)
            .reliability()
            .expectedCalibrationError(),
        temperature,
        fitted.penalty());
  }

  /// Of the texts that the encoder's model was proved with.
  private Probe probe(OnnxModel vectors, TextEncoder encoder, SoftmaxRegression head) {
    Probe of = this.encoder.manifest().proof().probe();
    if (of == null) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s has no probe in %s to prove another head with"
              .formatted(this.encoder.path(), Manifest.FILE_NAME));
    }
    List<Encoding> encodings =
        of.cases().stream().map(one -> encoder.encode(one.text(), Truncation.KEEP_HEAD)).toList();
    List<float[]> said = said(vectors, encodings);
    return new Probe(
        IntStream.range(0, said.size())
            .mapToObj(i ->
                new Probe.Case(
                    of.cases().get(i).text(),
                    Arrays.stream(encodings.get(i).inputIds()).boxed().toList(),
                    Arrays.stream(head.logits(said.get(i)))
                        .mapToObj(logit -> (float) logit)
                        .toList()))
            .toList());
  }

  private Manifest described(Description description) {
    Manifest of = encoder.manifest();
    Map<String, String> provenance = new HashMap<>(of.origin().provenance());
    // Of the encoder's own labels.
    provenance.remove("description");
    description.description().ifPresent(text -> provenance.put("description", text));
    provenance.put("encoder", "%s %s".formatted(of.name(), of.proof().revision()));
    Optional.ofNullable(provenance.remove("data_source"))
        .ifPresent(source -> provenance.put("encoder_data_source", source));
    description.dataSource().ifPresent(source -> provenance.put("data_source", source));
    description.license().ifPresent(license -> provenance.put("license", license));
    List<String> notes = new ArrayList<>();
    of.origin().notes().forEach(note -> notes.add("%s: %s".formatted(of.name(), note)));
    return Manifest.of(
            description.name(),
            labels,
            ProblemType.SINGLE_LABEL_CLASSIFICATION,
            of.text().normalization(),
            of.text().maxLength())
        .withOrigin(new Manifest.Origin(Map.of(), provenance, notes));
  }

  private ModelDirectory write(
      SoftmaxRegression head, Manifest manifest, boolean linked, Path directory)
      throws IOException {
    Map<String, String> digests = new TreeMap<>(graph(head, linked).write(directory));
    List<String> files = new ArrayList<>(TokenizerFiles.copy(encoder.path(), directory));
    Files.writeString(
        directory.resolve(CONFIG),
        encoder.configFor(labels, ProblemType.SINGLE_LABEL_CLASSIFICATION));
    files.add(CONFIG);
    digests.putAll(Digests.of(directory, files));
    Files.writeString(directory.resolve(CARD), new HeadCard(manifest, encoder).markdown());
    ManifestFile.write(
        directory,
        manifest.written(
            encoder.manifest().proof().precision(),
            Digests.revision(digests),
            digests,
            Digests.of(directory, List.of(CARD))));
    return ModelDirectory.openWritten(directory);
  }

  private JoinedGraph graph(SoftmaxRegression head, boolean linked) {
    JoinedGraph graph = new JoinedGraph(linked);
    JoinedGraph.Encoded encoded = graph.addEncoder(encoder);
    int size = labels.size();
    float[] weight = new float[encoded.width() * size];
    float[] bias = new float[size];
    for (int label = 0; label < size; label++) {
      bias[label] = (float) head.bias()[label];
      for (int i = 0; i < encoded.width(); i++) {
        weight[i * size + label] = (float) head.weight()[label][i];
      }
    }
    String product =
        graph.node(
            "MatMul",
            "head.product",
            List.of(
                encoded.name(),
                graph.floats("head.weight", List.of((long) encoded.width(), (long) size), weight)));
    graph.output(
        graph.node(
            "Add", "head", List.of(product, graph.floats("head.bias", List.of((long) size), bias))),
        size);
    return graph;
  }
}
