package dev.nunchi.infer;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.nunchi.text.PaddedBatch;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// A graph whose values between the layers are outputs, on the CPU: what a quantiser looks at.
public final class OnnxValues implements AutoCloseable {
  private final OnnxSession session;

  private OnnxValues(OnnxSession session) {
    this.session = session;
  }

  /// @throws dev.nunchi.NunchiException as [OnnxModel#open]
  public static OnnxValues open(Path graph) {
    return new OnnxValues(OnnxSession.open(graph, InferenceOptions.CPU));
  }

  /// Every number of the outputs, by name, row after row.
  ///
  /// @param outputs names of outputs of type float
  public Map<String, float[]> run(PaddedBatch batch, Set<String> outputs) {
    return session.run(batch, outputs, OnnxValues::floats);
  }

  private static Map<String, float[]> floats(OrtSession.Result result) throws OrtException {
    Map<String, float[]> byName = new HashMap<>();
    for (Map.Entry<String, OnnxValue> output : result) {
      FloatBuffer buffer = ((OnnxTensor) output.getValue()).getFloatBuffer();
      float[] values = new float[buffer.remaining()];
      buffer.get(values);
      byName.put(output.getKey(), values);
    }
    return byName;
  }

  @Override
  public void close() {
    session.close();
  }
}
