package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.text.PaddedBatch;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;

/// The committed checkpoints of `generate_checkpoints.py` and what transformers answers for them.
public enum TinyCheckpoint {
  BERT("bert-tiny"),
  /// Sharded.
  ELECTRA("electra-tiny"),
  /// With an embedding size other than the hidden size.
  ELECTRA_PROJECTED("electra-tiny-projected"),
  /// With the special tokens of KLUE-RoBERTa, whose padding is 1.
  ROBERTA("roberta-tiny"),
  XLM_ROBERTA("xlm-roberta-tiny"),
  DISTILBERT("distilbert-tiny"),
  /// Whose window is shorter than its longest text, in the older form of its configuration.
  MODERNBERT("modernbert-tiny"),
  /// With biases and the mean of the tokens.
  MODERNBERT_MEAN("modernbert-tiny-mean"),
  /// With distances in buckets and the projections of the tokens.
  DEBERTA_V3("deberta-v3-tiny"),
  /// With projections of their own for distances, absolute positions and an embedding size other
  /// than the hidden size.
  DEBERTA_V2("deberta-v2-tiny"),
  /// In PyTorch's own convolutions of five tokens.
  TEXT_CNN("text-cnn-tiny"),
  /// With biases, Llama 3.1's scaling, and the older form of its configuration.
  LLAMA("llama-tiny"),
  MISTRAL("mistral-tiny"),
  /// Padded with what ends texts, a window above the first layer, in the older form.
  QWEN2("qwen2-tiny"),
  QWEN3("qwen3-tiny"),
  GEMMA2("gemma2-tiny"),
  /// With scaled positions of the layers that see everything, in the older form.
  GEMMA3("gemma3-tiny"),
  EXAONE4("exaone4-tiny"),
  /// Saved in NF4 with scales that are quantised too, its head as well.
  BERT_NF4("bert-tiny-nf4"),
  /// Saved in NF4 from bfloat16.
  ROBERTA_NF4("roberta-tiny-nf4");

  private final String name;

  TinyCheckpoint(String name) {
    this.name = name;
  }

  /// A batch and its logits `[batch][labels]` in fp32.
  public record Case(String name, PaddedBatch batch, double[][] logits) {}

  public Path path() {
    try {
      return Path.of(Objects.requireNonNull(TinyCheckpoint.class.getResource(name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public List<Case> cases() {
    try {
      List<Case> cases = new ArrayList<>();
      for (JsonNode node : new ObjectMapper().readTree(path().resolve("expected.json").toFile())) {
        JsonNode ids = node.get("input_ids");
        PaddedBatch batch =
            new PaddedBatch(
                ids.size(),
                ids.get(0).size(),
                flat(ids),
                flat(node.get("attention_mask")),
                flat(node.get("token_type_ids")));
        double[][] logits = new double[ids.size()][];
        for (int row = 0; row < logits.length; row++) {
          logits[row] =
              node.get("logits")
                  .get(row)
                  .valueStream()
                  .mapToDouble(JsonNode::doubleValue)
                  .toArray();
        }
        cases.add(new Case(node.get("name").textValue(), batch, logits));
      }
      return cases;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long[] flat(JsonNode rows) {
    return rows.valueStream()
        .flatMapToLong(
            row -> LongStream.of(row.valueStream().mapToLong(JsonNode::longValue).toArray()))
        .toArray();
  }
}
