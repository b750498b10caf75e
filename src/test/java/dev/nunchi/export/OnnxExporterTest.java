package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Probe;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.PaddedBatch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OnnxExporterTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void export_tinyCheckpoint_givesTheLogitsOfTransformers(TinyCheckpoint tiny) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path());
        OnnxModel model = OnnxModel.open(export(tiny, checkpoint), InferenceOptions.CPU)) {
      for (TinyCheckpoint.Case expected : tiny.cases()) {
        float[][] logits = model.logits(expected.batch());
        for (int row = 0; row < logits.length; row++) {
          assertArrayEquals(expected.logits()[row], doubles(logits[row]), 1e-4, expected.name());
        }
      }
    }
  }

  private ModelDirectory export(TinyCheckpoint tiny, CheckpointDirectory checkpoint) {
    Manifest manifest =
        Manifest.of(
                "tiny",
                checkpoint.labels(),
                checkpoint.problemType(),
                Normalization.NONE,
                checkpoint.network().maxPositions())
            .withProbe(probe(tiny));
    return new OnnxExporter()
        .export(checkpoint, manifest, directory.resolve("out"), ExportOptions.FP32);
  }

  static Probe probe(TinyCheckpoint tiny) {
    TinyCheckpoint.Case first = tiny.cases().getFirst();
    PaddedBatch batch = first.batch();
    List<Probe.Case> cases = new ArrayList<>();
    for (int row = 0; row < batch.batch(); row++) {
      List<Integer> ids = new ArrayList<>();
      for (int i = 0; i < batch.seq(); i++) {
        ids.add((int) batch.inputIds()[row * batch.seq() + i]);
      }
      List<Float> logits = new ArrayList<>();
      for (double logit : first.logits()[row]) {
        logits.add((float) logit);
      }
      cases.add(new Probe.Case("영화 좋다", ids, logits));
    }
    return new Probe(cases);
  }

  static double[] doubles(float[] floats) {
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }
}
