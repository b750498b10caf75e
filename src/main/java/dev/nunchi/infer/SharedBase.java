package dev.nunchi.infer;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.nunchi.NunchiException;
import dev.nunchi.model.AdapterTensors;
import dev.nunchi.model.DirectoryState;
import dev.nunchi.model.ExportedBase;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.PaddedBatch;
import java.lang.foreign.Arena;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// One base in memory for many adapters, each of which is a model with labels of its own.
///
/// The graph takes the adapter's matrices and its head as inputs (LoRA of many adapters on one
/// base, as in S-LoRA; Sheng et al., 2023, <https://arxiv.org/abs/2311.03285>). Texts of adapters
/// of one form are run in one batch where their lengths are equal, each with the numbers of its own
/// adapter; a text's logits have the same bits as alone.
///
/// Adapters come ([#load]) and go ([LoadedModel#close]) while others answer. Safe for several
/// threads.
public final class SharedBase implements AutoCloseable {
  private static final String LOGITS = "logits";

  /// More texts in a batch gain nothing on a CPU.
  private static final int ROWS_ON_CPU = 8;

  private static final int ROWS_ON_GPU = 64;

  /// Most that a batch's copies of its adapters' numbers take.
  private static final long COPIED_BYTES = 1L << 28;

  private final ExportedBase base;
  private final OnnxSession session;
  private final LoadOptions options;
  private final Map<String, OnnxTensor> absent;
  private final SharedEncoders encoders = new SharedEncoders();
  private final Map<AdapterTensors.Form, BatchMates> mates = new ConcurrentHashMap<>();

  private SharedBase(
      ExportedBase base, OnnxSession session, LoadOptions options, Map<String, OnnxTensor> absent) {
    this.base = base;
    this.session = session;
    this.options = options;
    this.absent = absent;
  }

  /// Loads the graph of a base.
  ///
  /// @param options of it and of all its adapters
  /// @throws NunchiException `INVALID_MODEL` where the directory is not as it was written, or ONNX
  ///   Runtime cannot load the graph; `UNAVAILABLE` where the device cannot be used
  public static SharedBase open(Path directory, LoadOptions options) {
    Optional<DirectoryState> before = DirectoryState.of(directory);
    ExportedBase base = ExportedBase.open(directory);
    OnnxSession session = session(base, options);
    try {
      before.ifPresent(state -> state.requireSame(directory));
      return new SharedBase(base, session, options, absent(base, session.inputs()));
    } catch (OrtException e) {
      session.close();
      throw OnnxSession.invalid(base.graph(), e);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private static OnnxSession session(ExportedBase base, LoadOptions options) {
    InferenceOptions inference =
        new InferenceOptions(options.device(), ModelLoader.THREADS_OF_A_CALL);
    return PrivateCopy.open(
        base.graph(),
        options.copied(),
        graph -> OnnxSession.open(base.graph(), graph, inference, base.inputs()));
  }

  /// Of each layer the matrices of rank 0.
  private static Map<String, OnnxTensor> absent(ExportedBase base, Map<String, NodeInfo> declared)
      throws OrtException {
    Map<String, OnnxTensor> absent = new HashMap<>();
    for (NodeInfo input : declared.values()) {
      if (base.matrices().contains(input.getName())
          && input.getInfo() instanceof TensorInfo tensor) {
        long[] shape = tensor.getShape().clone();
        shape[0] = 1;
        for (int axis = 1; axis < shape.length; axis++) {
          shape[axis] = Math.max(0, shape[axis]);
        }
        absent.put(
            input.getName(),
            OnnxTensor.createTensor(OnnxRuntime.environment(), FloatBuffer.allocate(0), shape));
      }
    }
    return absent;
  }

  /// Whether an adapter was trained on this base, as far as its directory says.
  ///
  /// @throws NunchiException `INVALID_MODEL` where its manifest is damaged
  boolean isOf(Path adapter) {
    return base.isOf(adapter);
  }

  Path directory() {
    return base.path();
  }

  /// Opens an adapter and replays its probe.
  ///
  /// @return to be closed before the base
  /// @throws NunchiException as [ModelLoader#load], and where the adapter was trained on another
  ///   base or changes what the graph has no inputs for
  public LoadedModel load(Path path) {
    AdapterTensors tensors = AdapterTensors.open(path, base);
    return load(path, tensors, tensors.manifest());
  }

  /// Checks that an adapter answers a probe, which its directory need not hold.
  ///
  /// @throws NunchiException as [#load]
  public void prove(Path path, Probe probe) {
    AdapterTensors tensors = AdapterTensors.open(path, base);
    load(path, tensors, tensors.manifest().withProbe(probe)).close();
  }

  private LoadedModel load(Path path, AdapterTensors tensors, Manifest manifest) {
    AdapterModel model = model(tensors);
    try {
      int maxLength = options.maxLength(path, manifest);
      Encoder encoder =
          ModelLoader.test(
                  path,
                  manifest,
                  tensors.padTokenId(),
                  length -> encoders.open(tensors.tokenizerDirectory(), manifest.text(), length),
                  model,
                  maxLength)
              .encoder();
      Classifier classifier =
          new Classifier(
              encoder,
              model,
              new ClassifierSettings(
                  manifest.name(),
                  manifest.task().labels(),
                  manifest.task().problemType(),
                  manifest.task().temperature(),
                  tensors.padTokenId(),
                  options.workers().on(session.device())),
              mates.computeIfAbsent(tensors.form(), _ -> newMates(tensors)),
              true);
      return new LoadedModel(
          manifest, maxLength, session.device().name().toLowerCase(Locale.ROOT), classifier);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private AdapterModel model(AdapterTensors tensors) {
    try {
      return new AdapterModel(this, tensors);
    } catch (OrtException e) {
      tensors.close();
      throw OnnxSession.invalid(base.graph(), e);
    }
  }

  private BatchMates newMates(AdapterTensors tensors) {
    long most = session.device() == InferenceOptions.Device.CUDA ? ROWS_ON_GPU : ROWS_ON_CPU;
    return new BatchMates(
        (texts, padTokenId, rows) ->
            mixed(
                PaddedBatch.of(texts, padTokenId),
                rows.stream().map(AdapterModel.class::cast).toList()),
        (int) Math.clamp(COPIED_BYTES / mostBytes(tensors), 1, most),
        options.workers().count(session.device()));
  }

  /// What an adapter of the same form takes that changes all that the base lets it: the others that
  /// are run with this one may.
  private long mostBytes(AdapterTensors tensors) {
    long head =
        tensors.inputs().entrySet().stream()
            .filter(input -> base.head().contains(input.getKey()))
            .mapToLong(input -> input.getValue().data().byteSize())
            .sum();
    return base.matrixBytes(tensors.form().rank()) + head;
  }

  /// Logits `[batch, labels]` of one adapter.
  float[][] logits(PaddedBatch batch, AdapterModel adapter) {
    return logits(batch, Collections.nCopies(batch.batch(), adapter), adapter.alone());
  }

  /// Logits `[batch, labels]`, of each text those of its adapter.
  ///
  /// The numbers are there for each text, also where two have one adapter: a product of many rows
  /// would be summed up in another order than that of a text alone.
  ///
  /// @param rows the adapter of each text; all of one form
  private float[][] mixed(PaddedBatch batch, List<AdapterModel> rows) {
    if (rows.size() == 1) {
      return logits(batch, rows.getFirst());
    }
    try (Arena arena = Arena.ofConfined();
        AdapterRows stacked =
            AdapterRows.of(rows.stream().map(AdapterModel::tensors).toList(), arena)) {
      return logits(batch, rows, stacked);
    } catch (OrtException e) {
      throw OnnxSession.invalid(base.graph(), e);
    }
  }

  private float[][] logits(PaddedBatch batch, List<AdapterModel> rows, AdapterRows inputs) {
    Map<String, OnnxTensor> all = new HashMap<>(absent);
    all.putAll(inputs.inputs());
    float[][] logits =
        session.run(
            batch,
            all,
            Set.of(LOGITS),
            result -> OnnxModel.rows((OnnxTensor) result.get(0), batch.batch()));
    for (int row = 0; row < logits.length; row++) {
      logits[row] = Arrays.copyOf(logits[row], rows.get(row).labels());
    }
    return logits;
  }

  /// To be called when its adapters are closed.
  @Override
  public void close() {
    session.close();
    absent.values().forEach(OnnxTensor::close);
  }
}
