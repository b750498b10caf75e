package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.model.CheckpointDirectory;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The committed adapters of `generate_adapters.py` and what PEFT answers with them for the ragged
/// batch of their checkpoint.
public enum TinyAdapter {
  /// Of the layers that are usual for the family.
  BERT_USUAL("bert-usual", TinyCheckpoint.BERT),
  /// The same under the names of older versions.
  BERT_OLD_NAMES("bert-old-names", TinyCheckpoint.BERT),
  /// Of every layer, the pooler trained in full.
  BERT_POOLER_SAVED("bert-pooler-saved", TinyCheckpoint.BERT),
  /// rsLoRA with ranks and alphas of single layers.
  ROBERTA_PATTERNS("roberta-patterns", TinyCheckpoint.ROBERTA),
  /// Of the second layer alone, chosen by its number.
  ELECTRA_LAYERS("electra-layers", TinyCheckpoint.ELECTRA_PROJECTED),
  DISTILBERT_DORA("distilbert-dora", TinyCheckpoint.DISTILBERT),
  MODERNBERT_DORA("modernbert-dora", TinyCheckpoint.MODERNBERT),
  /// Of a layer that projects tokens and distances.
  DEBERTA_SHARED("deberta-shared", TinyCheckpoint.DEBERTA_V3),
  /// Of every layer of a decoder.
  LLAMA_EVERY("llama-every", TinyCheckpoint.LLAMA),
  MISTRAL_USUAL("mistral-usual", TinyCheckpoint.MISTRAL),
  QWEN2_USUAL("qwen2-usual", TinyCheckpoint.QWEN2),
  QWEN3_USUAL("qwen3-usual", TinyCheckpoint.QWEN3),
  GEMMA2_DORA("gemma2-dora", TinyCheckpoint.GEMMA2),
  GEMMA3_ALL("gemma3-all", TinyCheckpoint.GEMMA3),
  EXAONE4_NAMED("exaone4-named", TinyCheckpoint.EXAONE4);

  private final String name;
  private final TinyCheckpoint checkpoint;

  TinyAdapter(String name, TinyCheckpoint checkpoint) {
    this.name = name;
    this.checkpoint = checkpoint;
  }

  public Path path() {
    try {
      String resource = "/dev/nunchi/model/adapters/" + name;
      return Path.of(
          Objects.requireNonNull(TinyAdapter.class.getResource(resource), resource).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public TinyCheckpoint checkpoint() {
    return checkpoint;
  }

  public TinyCheckpoint.Case ragged() {
    List<TinyCheckpoint.Case> cases = checkpoint.cases();
    return cases.stream().filter(c -> c.name().equals("ragged")).findFirst().orElseThrow();
  }

  /// `logits`, `losses` and `gradient_norms`.
  public JsonNode expected() {
    try {
      return new ObjectMapper().readTree(path().resolve("expected.json").toFile());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The network with its adapters, without dropout.
  public static Network network(CheckpointDirectory apart) {
    ObjectNode config = apart.config();
    for (String key : config.properties().stream().map(Map.Entry::getKey).toList()) {
      if (key.contains("dropout")) {
        config.put(key, 0);
      }
    }
    Lora lora = apart.lora().orElseThrow();
    return Network.of(config)
        .adapted(
            new Lora(
                lora.rank(),
                lora.alpha(),
                0,
                lora.targets(),
                lora.excluded(),
                lora.rankPattern(),
                lora.alphaPattern(),
                lora.rankStabilized(),
                lora.decomposed(),
                lora.modulesToSave()));
  }
}
