package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.model.CheckpointDirectory;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LayerDepthTest {
  @Test
  void of_bertOfTwoLayers_risesFromHeadToEmbeddings() {
    Map<String, Integer> depths = depths(TinyCheckpoint.BERT);
    assertEquals(0, depths.get("classifier.weight"));
    assertEquals(0, depths.get("bert.pooler.dense.bias"));
    assertEquals(1, depths.get("bert.encoder.layer.1.output.LayerNorm.weight"));
    assertEquals(2, depths.get("bert.encoder.layer.0.attention.self.query.weight"));
    assertEquals(3, depths.get("bert.embeddings.word_embeddings.weight"));
  }

  @Test
  void of_electra_countsItsProjectionAsEmbeddings() {
    Map<String, Integer> depths = depths(TinyCheckpoint.ELECTRA_PROJECTED);
    assertEquals(0, depths.get("classifier.out_proj.weight"));
    assertEquals(3, depths.get("electra.embeddings_project.weight"));
    assertEquals(3, depths.get("electra.embeddings.LayerNorm.bias"));
  }

  @Test
  void of_modernBert_countsTheLastNormAsHead() {
    Map<String, Integer> depths = depths(TinyCheckpoint.MODERNBERT);
    assertEquals(0, depths.get("head.norm.weight"));
    assertEquals(0, depths.get("model.final_norm.weight"));
    assertEquals(1, depths.get("model.layers.3.mlp.Wo.weight"));
    assertEquals(4, depths.get("model.layers.0.attn.Wqkv.weight"));
    assertEquals(5, depths.get("model.embeddings.norm.weight"));
  }

  private static Map<String, Integer> depths(TinyCheckpoint tiny) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(tiny.path())) {
      Network network = checkpoint.network();
      LayerDepth depth = new LayerDepth(network);
      return network.parameters().stream().collect(Collectors.toMap(Parameter::name, depth::of));
    }
  }
}
