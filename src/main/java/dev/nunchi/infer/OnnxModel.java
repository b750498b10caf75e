package dev.nunchi.infer;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.PaddedBatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/// An ONNX graph in an ONNX Runtime session.
///
/// The graph takes `input_ids`, and `attention_mask` and `token_type_ids` where it declares them,
/// all int64 `[batch, seq]`, and gives `logits` `[batch, labels]`. Safe for several threads;
/// [#close] waits for the calls in flight.
public final class OnnxModel implements Backend {
  private static final String INPUT_IDS = "input_ids";
  private static final String ATTENTION_MASK = "attention_mask";
  private static final String TOKEN_TYPE_IDS = "token_type_ids";
  private static final String LOGITS = "logits";

  private final Path graph;
  private final Session session;
  private final Set<String> inputs;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private OnnxModel(Path graph, Session session) {
    this.graph = graph;
    this.session = session;
    this.inputs = session.session.getInputNames();
  }

  /// Loads the graph of a directory.
  ///
  /// @throws NunchiException `INVALID_MODEL` where ONNX Runtime cannot load the graph or it gives
  ///   other labels than the manifest names, `UNSUPPORTED_MODEL` where it wants other inputs,
  ///   `UNAVAILABLE` where CUDA is asked for and cannot be used
  public static OnnxModel open(ModelDirectory directory, InferenceOptions options) {
    Path graph = directory.graph();
    Session session = Session.open(graph, options);
    try {
      requireInputs(graph, session.session.getInputInfo());
      requireLogits(graph, session.session.getOutputInfo(), directory.manifest().labels().size());
      return new OnnxModel(graph, session);
    } catch (OrtException e) {
      session.close();
      throw invalid(graph, e);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /// The device that computes: never [Device#AUTO].
  public Device device() {
    return session.device;
  }

  @Override
  public float[][] logits(PaddedBatch batch) {
    lock.readLock().lock();
    try (Arena arena = Arena.ofConfined();
        Tensors tensors = new Tensors()) {
      if (closed) {
        throw new NunchiException(Reason.UNAVAILABLE, "The model " + graph + " is closed");
      }
      tensors.add(INPUT_IDS, batch.inputIds(), batch, arena);
      if (inputs.contains(ATTENTION_MASK)) {
        tensors.add(ATTENTION_MASK, batch.attentionMask(), batch, arena);
      }
      if (inputs.contains(TOKEN_TYPE_IDS)) {
        tensors.add(TOKEN_TYPE_IDS, batch.tokenTypeIds(), batch, arena);
      }
      try (OrtSession.Result result = session.session.run(tensors.byName, Set.of(LOGITS))) {
        return rows((OnnxTensor) result.get(0), batch.batch());
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed on " + graph, e);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        session.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static float[][] rows(OnnxTensor logits, int batch) {
    FloatBuffer values = logits.getFloatBuffer();
    float[][] rows = new float[batch][values.remaining() / batch];
    for (float[] row : rows) {
      values.get(row);
    }
    return rows;
  }

  private static void requireInputs(Path graph, Map<String, NodeInfo> declared) {
    Set<String> known = Set.of(INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS);
    for (NodeInfo input : declared.values()) {
      if (!known.contains(input.getName())
          || !(input.getInfo() instanceof TensorInfo tensor)
          || tensor.type != OnnxJavaType.INT64) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s takes %s; supported are input_ids, attention_mask and token_type_ids of int64"
                .formatted(graph, input));
      }
    }
    if (!declared.containsKey(INPUT_IDS)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s should take input_ids, but takes %s".formatted(graph, declared.keySet()));
    }
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

  private static NunchiException invalid(Path graph, OrtException e) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s cannot be loaded by ONNX Runtime: %s".formatted(graph, firstLine(e)),
        e);
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
  }

  /// The tensors of one call, over memory outside the heap that ONNX Runtime reads in place.
  private static final class Tensors implements AutoCloseable {
    private final Map<String, OnnxTensor> byName = new HashMap<>();

    void add(String name, long[] values, PaddedBatch batch, Arena arena) throws OrtException {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_LONG, values);
      byName.put(
          name,
          OnnxTensor.createTensor(
              OnnxRuntime.environment(),
              memory.asByteBuffer().order(ByteOrder.nativeOrder()).asLongBuffer(),
              new long[] {batch.batch(), batch.seq()}));
    }

    @Override
    public void close() {
      byName.values().forEach(OnnxTensor::close);
    }
  }

  /// A session and the device that it came to run on.
  private record Session(OrtSession session, Device device) implements AutoCloseable {
    static Session open(Path graph, InferenceOptions options) {
      return switch (options.device()) {
        case CPU -> open(graph, options, Device.CPU);
        case CUDA -> open(graph, options, Device.CUDA);
        case AUTO -> {
          try {
            yield open(graph, options, Device.CUDA);
          } catch (NunchiException e) {
            yield open(graph, options, Device.CPU);
          }
        }
      };
    }

    private static Session open(Path graph, InferenceOptions options, Device device) {
      try (OrtSession.SessionOptions session = sessionOptions(options)) {
        if (device == Device.CUDA) {
          addCuda(session);
        }
        // By path, because external data is looked up beside it.
        OrtSession opened = OnnxRuntime.environment().createSession(graph.toString(), session);
        return new Session(opened, device);
      } catch (OrtException e) {
        throw invalid(graph, e);
      }
    }

    private static void addCuda(OrtSession.SessionOptions session) throws OrtException {
      try {
        session.addCUDA();
      } catch (OrtException e) {
        throw new NunchiException(
            Reason.UNAVAILABLE,
            "CUDA cannot be used; it takes an NVIDIA GPU, CUDA 12 and the onnxruntime_gpu library"
                + " (ONNX Runtime says: %s)".formatted(firstLine(e)),
            e);
      }
      // Sessions driven from many threads on CUDA were reported to leak device memory with it.
      session.setMemoryPatternOptimization(false);
    }

    private static OrtSession.SessionOptions sessionOptions(InferenceOptions options)
        throws OrtException {
      // Before the options, whose class loads the library.
      OnnxRuntime.environment();
      OrtSession.SessionOptions session = new OrtSession.SessionOptions();
      session.setIntraOpNumThreads(options.threads());
      session.setInterOpNumThreads(1);
      session.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      return session;
    }

    @Override
    public void close() {
      try {
        session.close();
      } catch (OrtException e) {
        throw new IllegalStateException("A session cannot be closed", e);
      }
    }
  }
}
