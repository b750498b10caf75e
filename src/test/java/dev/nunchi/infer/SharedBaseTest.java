package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.export.BaseExporter;
import dev.nunchi.model.AdapterTensors;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.ExportedBase;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.nn.PlainOps;
import dev.nunchi.nn.TinyAdapter;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.model.Probe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SharedBaseTest {
  @TempDir private Path temporary;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = {"BERT_POOLER_SAVED", ".*_DORA"})
  void logits_adapterOfPeft_areThoseOfPeft(TinyAdapter tiny) throws Exception {
    Path base = temporary.resolve("base");
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE);
         CheckpointDirectory merged = CheckpointDirectory.open(tiny.path())) {
      BaseExporter.export(apart, probe(merged), base, Precision.FP32, OutputDirectory.Existing.KEEP);
    }
    JsonNode expected = tiny.expected().get("logits");
    try (SharedBase shared = SharedBase.open(base, LoadOptions.DEFAULT);
        AdapterModel model =
            new AdapterModel(shared, AdapterTensors.open(tiny.path(), ExportedBase.open(base)))) {
      float[][] logits = model.logits(tiny.ragged().batch());
      for (int row = 0; row < logits.length; row++) {
        for (int label = 0; label < logits[row].length; label++) {
          double one = expected.get(row).get(label).doubleValue();
          assertEquals(one, logits[row][label], 1e-5, row + " " + label);
        }
      }
    }
  }

  private static Probe probe(CheckpointDirectory merged) {
    try (TextEncoder encoder =
        TextEncoder.open(
            merged.tokenizerDirectory(),
            Normalizer.of(merged.description().text().normalization()),
            merged.description().text().maxLength())) {
      List<Probe.Case> cases = new ArrayList<>();
      for (String text : List.of("정말 좋아요", "별로")) {
        Encoding encoding = encoder.encode(text, Truncation.KEEP_HEAD);
        double[] logits =
            PlainOps.logits(
                merged.network(), merged.weights(), PaddedBatch.of(List.of(encoding), 0))[0];
        cases.add(
            new Probe.Case(
                text,
                Arrays.stream(encoding.inputIds()).boxed().toList(),
                Arrays.stream(logits).mapToObj(x -> (float) x).toList()));
      }
      return new Probe(cases);
    }
  }
}
