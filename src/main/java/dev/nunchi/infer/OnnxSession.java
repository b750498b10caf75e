package dev.nunchi.infer;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.text.PaddedBatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jboss.logging.Logger;

/// An ONNX graph that takes batches of token ids, on the device that it came to run on.
///
/// The graph takes `input_ids`, and `attention_mask` and `token_type_ids` where it declares them,
/// all int64 `[batch, seq]`. Safe for several threads; [#close] waits for the calls in flight.
final class OnnxSession implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(OnnxSession.class);

  private static final String INPUT_IDS = "input_ids";
  private static final String ATTENTION_MASK = "attention_mask";
  private static final String TOKEN_TYPE_IDS = "token_type_ids";

  /// What the library for GPUs has and the one for CPUs alone has not.
  private static final String CUDA_PROVIDER =
      "/ai/onnxruntime/native/linux-x64/libonnxruntime_providers_cuda.so";

  private final Path graph;
  private final OrtSession session;
  private final Device device;
  private final Set<String> inputs;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  /// Reads the outputs of a run, which are gone when it returns.
  interface OutputReader<R> {
    R read(OrtSession.Result result) throws OrtException;
  }

  private OnnxSession(Path graph, OrtSession session, Device device) {
    this.graph = graph;
    this.session = session;
    this.device = device;
    this.inputs = session.getInputNames();
  }

  /// @throws NunchiException `INVALID_MODEL` where ONNX Runtime cannot load the graph,
  ///   `UNSUPPORTED_MODEL` where it wants other inputs, `UNAVAILABLE` where CUDA is asked for and
  ///   cannot be used
  static OnnxSession open(Path graph, InferenceOptions options) {
    return open(graph, graph, options, Set.of());
  }

  /// The same from a copy of the files, where there is one.
  ///
  /// @param graph what errors name
  /// @param copy with the files of its weights beside it; may be the graph itself
  /// @param further names of inputs that it has beside those of texts, of float
  static OnnxSession open(Path graph, Path copy, InferenceOptions options, Set<String> further) {
    OnnxSession opened =
        switch (options.device()) {
          case CPU -> open(graph, copy, options, Device.CPU);
          case CUDA -> open(graph, copy, options, Device.CUDA);
          case AUTO -> openAnywhere(graph, copy, options);
        };
    try {
      opened.requireInputs(further);
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private static OnnxSession openAnywhere(Path graph, Path copy, InferenceOptions options) {
    if (OnnxSession.class.getResource(CUDA_PROVIDER) == null) {
      return open(graph, copy, options, Device.CPU);
    }
    try {
      return open(graph, copy, options, Device.CUDA);
    } catch (NunchiException e) {
      LOG.infof("Running on the CPU: %s", e.getMessage());
      return open(graph, copy, options, Device.CPU);
    }
  }

  private static OnnxSession open(Path graph, Path copy, InferenceOptions options, Device device) {
    try (OrtSession.SessionOptions session = sessionOptions(options)) {
      if (device == Device.CUDA) {
        addCuda(session);
      }
      // By path, because external data is looked up beside it.
      return new OnnxSession(
          graph, OnnxRuntime.environment().createSession(copy.toString(), session), device);
    } catch (OrtException e) {
      throw invalid(
          graph,
          firstLine(e).replace(String.valueOf(copy.getParent()), String.valueOf(graph.getParent())),
          e);
    }
  }

  private static void addCuda(OrtSession.SessionOptions session) throws OrtException {
    try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions()) {
      // TensorFloat-32 has 10 bits of fraction, too few for the tolerances of fp32.
      cuda.add("use_tf32", "0");
      session.addCUDA(cuda);
    } catch (OrtException e) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "CUDA cannot be used (%s); it takes an NVIDIA GPU, CUDA 12 with cuDNN 9, and a build with -Pgpu"
              .formatted(cause(e)),
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
    if (options.threads() > 1) {
      // They wait for each other on the processor while a call runs, and not between calls.
      session.addConfigEntry("session.force_spinning_stop", "1");
    }
    session.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    return session;
  }

  /// The device that computes: never [Device#AUTO].
  Device device() {
    return device;
  }

  /// Whether the graph's writer said something of it.
  boolean says(String key) {
    try {
      return session.getMetadata().getCustomMetadataValue(key).filter("true"::equals).isPresent();
    } catch (OrtException e) {
      throw invalid(graph, e);
    }
  }

  /// What the graph declares to give.
  Map<String, NodeInfo> outputs() {
    try {
      return session.getOutputInfo();
    } catch (OrtException e) {
      throw invalid(graph, e);
    }
  }

  /// Runs a batch.
  ///
  /// @param outputs names of what is asked for
  /// @throws NunchiException `UNAVAILABLE` after [#close], `INVALID_MODEL` where the graph fails
  <R> R run(PaddedBatch batch, Set<String> outputs, OutputReader<R> reader) {
    return run(batch, Map.of(), outputs, reader);
  }

  /// The same of a graph that has further inputs.
  ///
  /// @param further the caller's, who closes them
  <R> R run(
      PaddedBatch batch,
      Map<String, OnnxTensor> further,
      Set<String> outputs,
      OutputReader<R> reader) {
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
      Map<String, OnnxTensor> all = new HashMap<>(tensors.byName);
      all.putAll(further);
      try (OrtSession.Result result = session.run(all, outputs)) {
        return reader.read(result);
      }
    } catch (OrtException e) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s cannot be run by ONNX Runtime: %s".formatted(graph, cause(e)),
          e);
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
    } catch (OrtException e) {
      throw new IllegalStateException("A session cannot be closed", e);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /// What the graph declares to take.
  Map<String, NodeInfo> inputs() {
    try {
      return session.getInputInfo();
    } catch (OrtException e) {
      throw invalid(graph, e);
    }
  }

  private void requireInputs(Set<String> further) {
    Map<String, NodeInfo> declared = new HashMap<>(inputs());
    declared.keySet().removeAll(further);
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

  static NunchiException invalid(Path graph, OrtException e) {
    return invalid(graph, firstLine(e), e);
  }

  private static NunchiException invalid(Path graph, String why, OrtException e) {
    return new NunchiException(
        Reason.INVALID_MODEL, "%s cannot be loaded by ONNX Runtime: %s".formatted(graph, why), e);
  }

  /// What is wrong, without where in the library that was noticed.
  private static String cause(OrtException e) {
    String line = firstLine(e);
    for (String introduction : List.of("with error: ", "message: ")) {
      int at = line.lastIndexOf(introduction);
      if (at >= 0) {
        return line.substring(at + introduction.length());
      }
    }
    return line;
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
}
