package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.KeptIds;
import dev.nunchi.text.VocabularyCut;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CountedTensorsTest {
  private static final int TOKENS = 4;

  @TempDir private Path directory;

  @Test
  void cut_headsThatSayTokens_areCutWithTheTableAndNothingElseIs() throws IOException {
    Map<String, Weight> stored = new LinkedHashMap<>();
    Weight table = weight(ElementType.F32, TOKENS, 2);
    stored.put("bert.embeddings.word_embeddings.weight", table);
    List<String> heads =
        List.of(
            "cls.predictions.bias",
            "cls.predictions.decoder.bias",
            "lm_head.bias",
            "generator_lm_head.bias",
            "vocab_projector.bias",
            "lm_predictions.lm_head.bias",
            "decoder.bias");
    heads.forEach(name -> stored.put(name, weight(ElementType.F16, TOKENS)));
    stored.put("lm_head.weight", weight(ElementType.BF16, TOKENS, 3));
    // As many rows by chance, and a decoder of another kind.
    List<String> others = List.of("classifier.weight", "bert.encoder.layer.0.output.dense.bias");
    others.forEach(name -> stored.put(name, weight(ElementType.F32, TOKENS)));
    stored.put("lm_head.dense.weight", weight(ElementType.F32, TOKENS, TOKENS));
    stored.put("decoder.weight", weight(ElementType.F32, 3, 2));
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> cut =
          new CountedTensors(stored, "bert.embeddings.word_embeddings.weight", table)
              .cut(kept(), arena);
      assertEquals(stored.keySet(), cut.keySet());
      Weight rows = Objects.requireNonNull(cut.get("bert.embeddings.word_embeddings.weight"));
      assertEquals(List.of(2, 2), rows.shape());
      // Rows 1 and 3 of 8 bytes each, in which each byte is its own number.
      assertArrayEquals(
          new byte[] {8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31},
          rows.data().toArray(ValueLayout.JAVA_BYTE));
      for (String name : heads) {
        assertEquals(List.of(2), Objects.requireNonNull(cut.get(name)).shape(), name);
      }
      assertEquals(List.of(2, 3), Objects.requireNonNull(cut.get("lm_head.weight")).shape());
      for (String name : List.of("classifier.weight", "lm_head.dense.weight", "decoder.weight")) {
        assertSame(stored.get(name), cut.get(name), name);
      }
    }
  }

  /// The second and the fourth of four pieces.
  private KeptIds kept() throws IOException {
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"model": {"type": "WordPiece", "unk_token": "[UNK]",
         "vocab": {"가": 0, "[UNK]": 1, "나": 2, "다": 3}}}
        """);
    BitSet used = new BitSet();
    used.set(3);
    return VocabularyCut.of(directory).kept(used, VocabularyCut.Characters.USED, List.of());
  }

  private static Weight weight(ElementType type, Integer... shape) {
    int size = type.bytes();
    for (int axis : shape) {
      size *= axis;
    }
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) i;
    }
    return new Weight(type, List.of(shape), MemorySegment.ofArray(bytes));
  }
}
