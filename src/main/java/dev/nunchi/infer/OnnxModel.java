package dev.nunchi.infer;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.TensorInfo;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.text.PaddedBatch;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The classifier of a model directory in an ONNX Runtime session: gives `logits` `[batch,
/// labels]`.
///
/// Safe for several threads; [#close] waits for the calls in flight.
public final class OnnxModel implements Backend {
  /// By this a graph says that it computes the tokens of a batch without the padding between them,
  /// but for attention.
  public static final String PACKED_TOKENS = "nunchi.packed_tokens";

  private static final String LOGITS = "logits";

  private final OnnxSession session;

  private OnnxModel(OnnxSession session) {
    this.session = session;
  }

  /// Loads the graph of a directory. A model in int8 runs on the CPU: ONNX Runtime has no operators
  /// for it elsewhere.
  ///
  /// @throws NunchiException `INVALID_MODEL` where ONNX Runtime cannot load the graph or it gives
  ///   other labels than the manifest names, `UNSUPPORTED_MODEL` where it wants other inputs,
  ///   `UNAVAILABLE` where CUDA is asked for and cannot be used
  public static OnnxModel open(ModelDirectory directory, InferenceOptions options) {
    return PrivateCopy.open(directory.graph(), false, copy -> open(directory, copy, options));
  }

  /// Loads a graph on the CPU that gives something else of a text than logits of labels, under the
  /// same name.
  ///
  /// @throws NunchiException as [#open]
  public static OnnxModel vectors(Path graph) {
    return PrivateCopy.open(
        graph,
        false,
        copy -> new OnnxModel(OnnxSession.open(graph, copy, InferenceOptions.CPU, Set.of())));
  }

  /// The same from a copy of its files, see [PrivateCopy].
  static OnnxModel open(ModelDirectory directory, Path copy, InferenceOptions options) {
    Path graph = directory.graph();
    OnnxSession session =
        OnnxSession.open(
            graph,
            copy,
            new InferenceOptions(device(directory, options.device()), options.threads()),
            Set.of());
    try {
      requireLogits(graph, session.outputs(), directory.manifest().task().labels().size());
      return new OnnxModel(session);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /// Where a directory's model is to run, of what was asked for.
  ///
  /// @throws NunchiException `UNAVAILABLE` where it cannot run there
  static Device device(ModelDirectory directory, Device asked) {
    if (directory.manifest().proof().precision() != Precision.INT8) {
      return asked;
    }
    if (asked == Device.CUDA) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          directory.path()
              + " is an int8 model, which runs on the CPU only; export it in fp16 for a GPU");
    }
    return Device.CPU;
  }

  /// The device that computes: never [Device#AUTO].
  public Device device() {
    return session.device();
  }

  /// Whether padding costs it next to nothing.
  boolean isPacked() {
    return session.says(PACKED_TOKENS);
  }

  @Override
  public float[][] logits(PaddedBatch batch) {
    return session.run(
        batch, Set.of(LOGITS), result -> rows((OnnxTensor) result.get(0), batch.batch()));
  }

  @Override
  public void close() {
    session.close();
  }

  /// The numbers of `[batch, labels]`.
  static float[][] rows(OnnxTensor logits, int batch) {
    FloatBuffer values = logits.getFloatBuffer();
    float[][] rows = new float[batch][values.remaining() / batch];
    for (float[] row : rows) {
      values.get(row);
    }
    return rows;
  }

  private static void requireLogits(Path graph, Map<String, NodeInfo> declared, int labels) {
    @Nullable NodeInfo output = declared.get(LOGITS);
    if (output == null
        || !(output.getInfo() instanceof TensorInfo tensor)
        || tensor.type != OnnxJavaType.FLOAT
        || tensor.getShape().length != 2) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s should give logits [batch, labels] of float, but gives %s"
              .formatted(graph, declared.values()));
    }
    long width = tensor.getShape()[1];
    // A graph may leave the number of labels open.
    if (width >= 0 && width != labels) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s gives %d logits, but the model has %d labels".formatted(graph, width, labels));
    }
  }
}
