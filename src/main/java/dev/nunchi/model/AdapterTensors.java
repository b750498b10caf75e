package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The numbers of an adapter as the graph of its exported base takes them, in memory outside the
/// heap, until [#close].
///
/// Ranks and labels are filled up with zeros to a [Form], which depends on the adapter alone. What
/// is filled up changes no logit, and adapters of one form can stand side by side in a batch, where
/// each text is computed by the very operations that it is computed by alone.
public final class AdapterTensors implements AutoCloseable {
  /// Ranks and labels are filled up to multiples of it.
  private static final int STEP = 8;

  private final Manifest manifest;
  private final int padTokenId;
  private final Path tokenizerDirectory;
  private final Form form;
  private final Map<String, Tensor> inputs;
  private final Arena arena;

  /// How large the numbers of an adapter are.
  ///
  /// @param rank of all its matrices
  /// @param labels of its logits, of which those that it has are the first
  public record Form(int rank, int labels) {}

  /// What an input of the graph is given, fp32.
  ///
  /// @param shape without the axis of the texts, which goes before it
  public record Tensor(List<Integer> shape, MemorySegment data) {}

  private AdapterTensors(
      Manifest manifest,
      int padTokenId,
      Path tokenizerDirectory,
      Form form,
      Map<String, Tensor> inputs,
      Arena arena) {
    this.manifest = manifest;
    this.padTokenId = padTokenId;
    this.tokenizerDirectory = tokenizerDirectory;
    this.form = form;
    this.inputs = inputs;
    this.arena = arena;
  }

  /// Whether a directory holds an adapter and no model.
  public static boolean areIn(Path directory) {
    return AdapterDirectory.holds(directory);
  }

  /// Reads an adapter's directory, as training or PEFT wrote it.
  ///
  /// @throws NunchiException `INVALID_MODEL` where a file is missing or damaged, or the adapter was
  ///   trained on another base; `UNSUPPORTED_MODEL` where it changes more than the base takes,
  ///   naming what
  public static AdapterTensors open(Path path, ExportedBase base) {
    ModelFiles.requireReadable(path);
    if (!AdapterDirectory.holds(path)) {
      throw new NunchiException(Reason.INVALID_MODEL, path + " holds no LoRA adapter");
    }
    @Nullable Manifest stored = ManifestFile.read(path).orElse(null);
    if (stored != null) {
      Digests.verify(path, stored);
    }
    try (Arena files = Arena.ofShared()) {
      AdapterDirectory adapter = AdapterDirectory.of(base, path, stored, files);
      CheckpointConfig config = adapter.classifier();
      Network network = config.network();
      base.require(path, network);
      if (stored != null) {
        config.requireAgreement(stored);
      }
      ModelFiles.requireFit(adapter.tokenizerDirectory(), network.vocabularySize());
      Map<String, LowRankUpdate> updates = adapter.updates(network);
      Map<String, Weight> head = adapter.saved(network);
      base.require(path, updates, head.keySet());
      requireNumbers(path, head, network);
      Manifest manifest = stored == null ? config.description(path) : stored;
      Form form = new Form(filledUp(rank(updates)), filledUp(network.labels()));
      Arena arena = Arena.ofShared();
      return new AdapterTensors(
          manifest.written(
              base.precision(),
              revision(adapter, base),
              manifest.proof().files(),
              manifest.proof().documents()),
          config.padTokenId(),
          adapter.tokenizerDirectory(),
          form,
          inputs(updates, head, network, form, arena),
          arena);
    }
  }

  /// Of the adapter's files and the exported base.
  private static String revision(AdapterDirectory adapter, ExportedBase base) {
    return Digests.revision(
        Map.of("adapter", adapter.digest(), "base", base.revision().replace("sha256:", "")));
  }

  private static void requireNumbers(Path path, Map<String, Weight> head, Network network) {
    for (Parameter parameter : network.parameters()) {
      @Nullable Weight weight = head.get(parameter.name());
      if (weight != null
          && !(weight.shape().equals(parameter.shape())
              && FloatWeights.isFloat(weight.type())
              && FloatWeights.isFinite(weight))) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "%s: tensor %s should hold numbers of the shape %s, but is of type %s and shape %s%s"
                .formatted(
                    path,
                    AdapterDirectory.storedName(parameter.name()),
                    parameter.shape(),
                    weight.type(),
                    weight.shape(),
                    weight.shape().equals(parameter.shape()) ? " or holds NaN or infinity" : ""));
      }
    }
  }

  private static int rank(Map<String, LowRankUpdate> updates) {
    return updates.values().stream()
        .mapToInt(update -> update.down().shape().getFirst())
        .max()
        .orElseThrow();
  }

  private static int filledUp(int count) {
    return Math.ceilDiv(count, STEP) * STEP;
  }

  private static Map<String, Tensor> inputs(
      Map<String, LowRankUpdate> updates,
      Map<String, Weight> head,
      Network network,
      Form form,
      Arena arena) {
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    updates.forEach((name, update) -> {
      String layer = name.substring(0, name.lastIndexOf('.'));
      Weight down = update.down();
      Weight up = update.up();
      inputs.put(
          LowRank.downWeight(layer),
          transposed(down, down.shape().getLast(), form.rank(), 1, arena));
      inputs.put(
          LowRank.upWeight(layer),
          transposed(up, form.rank(), up.shape().getFirst(), update.scale(), arena));
    });
    head.forEach((name, weight) -> {
      boolean ofLabels =
          name.equals(network.outputWeight())
              || network.outputBias().filter(name::equals).isPresent();
      int out = ofLabels ? form.labels() : weight.shape().getFirst();
      inputs.put(
          name,
          weight.shape().size() == 1
              ? list(weight, out, arena)
              : transposed(weight, weight.shape().getLast(), out, 1, arena));
    });
    return inputs;
  }

  /// `[rows, columns]` of a weight of at most `[columns, rows]`.
  private static Tensor transposed(
      Weight weight, int rows, int columns, double factor, Arena arena) {
    MemorySegment data = arena.allocate((long) rows * columns * Float.BYTES, 64);
    int width = weight.shape().getLast();
    long count = (long) weight.shape().getFirst() * width;
    for (long i = 0; i < count; i++) {
      data.set(
          LittleEndian.FLOAT,
          (i % width * columns + i / width) * Float.BYTES,
          (float) (factor * FloatWeights.get(weight, i)));
    }
    return new Tensor(List.of(rows, columns), data);
  }

  private static Tensor list(Weight weight, int length, Arena arena) {
    MemorySegment data = arena.allocate((long) length * Float.BYTES, 64);
    for (int i = 0; i < weight.shape().getFirst(); i++) {
      data.set(LittleEndian.FLOAT, (long) i * Float.BYTES, FloatWeights.get(weight, i));
    }
    return new Tensor(List.of(length), data);
  }

  /// What the directory says of the model, with the base's precision and the revision of both.
  public Manifest manifest() {
    return manifest;
  }

  /// The id that pads the shorter texts of a batch.
  public int padTokenId() {
    return padTokenId;
  }

  /// Where the tokenizer is: with the adapter or, where it has none, with the base.
  public Path tokenizerDirectory() {
    return tokenizerDirectory;
  }

  public Form form() {
    return form;
  }

  /// By the name of the input; valid until [#close].
  public Map<String, Tensor> inputs() {
    return inputs;
  }

  @Override
  public void close() {
    arena.close();
  }
}
