package dev.nunchi.torch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.text.PaddedBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/// The tiny random checkpoints that transformers wrote, with the logits that it computed.
final class TinyCheckpoint {
  static final List<String> NAMES = List.of("bert-tiny", "electra-tiny", "electra-tiny-projected");
  private static final Path FOLDER = Path.of("src/test/resources/dev/nunchi/nn");

  private TinyCheckpoint() {}

  /// One batch and its logits `[batch, labels]` from transformers.
  record Case(String name, PaddedBatch batch, double[][] logits) {}

  static CheckpointDirectory open(String name) {
    return CheckpointDirectory.open(FOLDER.resolve(name));
  }

  static List<Case> cases(String name) throws IOException {
    List<Case> cases = new ArrayList<>();
    for (JsonNode json :
        new ObjectMapper().readTree(FOLDER.resolve(name).resolve("expected.json").toFile())) {
      JsonNode ids = json.get("input_ids");
      PaddedBatch batch =
          new PaddedBatch(
              ids.size(),
              ids.get(0).size(),
              flat(ids),
              flat(json.get("attention_mask")),
              flat(json.get("token_type_ids")));
      double[][] logits =
          stream(json.get("logits"))
              .map(row -> stream(row).mapToDouble(JsonNode::doubleValue).toArray())
              .toArray(double[][]::new);
      cases.add(new Case(json.get("name").textValue(), batch, logits));
    }
    return cases;
  }

  private static long[] flat(JsonNode rows) {
    return stream(rows).flatMap(TinyCheckpoint::stream).mapToLong(JsonNode::longValue).toArray();
  }

  private static java.util.stream.Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }
}
