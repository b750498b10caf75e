package dev.nunchi.export;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.SharedBase;
import dev.nunchi.model.AdapterBase;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.ExportedBase;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.model.StagedDirectory;
import dev.nunchi.model.TokenizerFiles;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// From an adapter's directory to its base as ONNX, which takes any adapter of the same layers or
/// of fewer: written aside, proved with the adapter's probe, and only then moved into place.
public final class BaseExporter {
  private static final String CONFIG = "config.json";

  private BaseExporter() {}

  /// @param adapter opened apart from its base
  /// @param probe what the adapter answers on its base
  /// @param precision fp32 or fp16
  /// @throws NunchiException `INVALID_ARGUMENT` where the directory holds a whole model, or the
  ///   adapter or its base lies at `output`; `UNSUPPORTED_MODEL` where the adapter changes what a
  ///   graph cannot take as inputs; `FAILED_CHECK` where the graph misses the tolerance of its
  ///   precision; then nothing has changed at `output`
  public static void export(
      CheckpointDirectory adapter,
      Probe probe,
      Path output,
      Precision precision,
      OutputDirectory.Existing existing) {
    AdapterBase base = adapter.base().orElseThrow(() -> noAdapter(adapter));
    Path baseDirectory = adapter.baseDirectory().orElseThrow(() -> noAdapter(adapter));
    OpenLayers open = OpenLayers.of(adapter.network().adapted(requireLora(adapter)));
    requireLinear(adapter, open);
    adapter.requireComplete();
    OnnxExporter.require(adapter.directories(), output, existing);
    try (OutputDirectory directory = OutputDirectory.open(output, existing);
        StagedDirectory staged = directory.stage()) {
      Path written = staged.path();
      OnnxOps.graph(adapter.network(), adapter.weights(), format(precision), open)
          .write(written.resolve(ModelDirectory.GRAPH), written.resolve(ModelDirectory.WEIGHTS));
      Path tokenizer =
          TokenizerFiles.areIn(baseDirectory) ? baseDirectory : adapter.tokenizerDirectory();
      List<String> files = new ArrayList<>(TokenizerFiles.copy(tokenizer, written));
      DurableFiles.copy(baseDirectory.resolve(CONFIG), written.resolve(CONFIG));
      files.addAll(List.of(CONFIG, ModelDirectory.GRAPH, ModelDirectory.WEIGHTS));
      ExportedBase.write(
          written, base, precision, open.adapted(), head(adapter.network(), open), files);
      try (SharedBase shared = SharedBase.open(written, LoadOptions.DEFAULT)) {
        shared.prove(adapter.path(), probe);
      }
      staged.commit();
    } catch (IOException e) {
      throw DurableFiles.notWritten(output, e);
    }
  }

  private static Lora requireLora(CheckpointDirectory adapter) {
    Lora lora = adapter.lora().orElseThrow(() -> noAdapter(adapter));
    if (lora.decomposed()) {
      throw notTaken(adapter, "is a DoRA adapter, whose magnitudes depend on the base's weights");
    }
    return lora;
  }

  private static void requireLinear(CheckpointDirectory adapter, OpenLayers open) {
    Set<String> linears =
        adapter.network().linears().stream().map(Linear::name).collect(Collectors.toSet());
    for (String module : open.given()) {
      if (!linears.contains(module)) {
        throw notTaken(
            adapter,
            "holds %s in full (modules_to_save), which is no linear layer".formatted(module));
      }
    }
  }

  private static Set<String> head(Network network, OpenLayers open) {
    return network.parameters().stream()
        .map(Parameter::name)
        .filter(name -> open.given().contains(name.substring(0, name.lastIndexOf('.'))))
        .collect(Collectors.toSet());
  }

  private static NumberFormat format(Precision precision) {
    return switch (precision) {
      case FP32 -> new NumberFormat.Float32();
      case FP16 -> new NumberFormat.Float16();
      case BF16 -> new NumberFormat.BFloat16();
      case INT8, INT8_WEIGHT_ONLY, INT4_WEIGHT_ONLY ->
          throw new IllegalArgumentException(
              precision + " keeps the labels of a classifier, which a base is not");
    };
  }

  private static NunchiException noAdapter(CheckpointDirectory directory) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        "%s is a whole model and no adapter, so there is nothing to keep separate"
            .formatted(directory.path()));
  }

  private static NunchiException notTaken(CheckpointDirectory adapter, String why) {
    return new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "The adapter %s %s; without --adapters separate it is merged"
            .formatted(adapter.path(), why));
  }
}
