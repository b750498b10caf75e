package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.PaddedBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NgramBagTest {
  private static final Path SMALL = Path.of("models/nsmc-small");
  private static final int TOKENS = 11_437;

  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"nsmc-small", "movie3-small"})
  void logits_ofAnyTokens_haveTheBitsOfOnnxRuntime(String name) {
    ModelDirectory directory = ModelDirectory.open(Path.of("models", name));
    try (Backend bag = bag(directory);
        OnnxModel onnx = OnnxModel.open(directory, InferenceOptions.CPU)) {
      for (List<Encoding> texts : texts()) {
        PaddedBatch batch = PaddedBatch.of(texts, directory.padTokenId());
        float[][] expected = onnx.logits(batch);
        assertArrayEquals(expected, bag.logits(batch));
        assertArrayEquals(expected, bag.logits(texts, directory.padTokenId()));
      }
    }
  }

  /// Of one token to 512, syllables and others, some of them often.
  private static List<List<Encoding>> texts() {
    Random random = new Random(18);
    List<List<Encoding>> batches = new ArrayList<>();
    for (int size : new int[] {1, 1, 2, 7, 33}) {
      List<Encoding> texts = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        int length = random.nextInt(10) == 0 ? 512 : 1 + random.nextInt(60);
        int tokens = random.nextInt(3) == 0 ? 20 : TOKENS;
        int[] ids = random.ints(length, 0, tokens).toArray();
        texts.add(new Encoding(ids, new int[length], Collections.emptyList(), length, 0, false));
      }
      batches.add(texts);
    }
    return batches;
  }

  @Test
  void load_builtInModel_isComputedWithoutOnnxRuntime() {
    try (LoadedModel model = ModelLoader.load(SMALL, LoadOptions.DEFAULT)) {
      assertEquals("cpu", model.device());
      assertTrue(bag(ModelDirectory.open(SMALL)) instanceof NgramBag);
    }
  }

  @Test
  void logits_afterTheEnd_areRefused() {
    Backend bag = bag(ModelDirectory.open(SMALL));
    bag.close();
    bag.close();
    NunchiException e =
        assertThrows(NunchiException.class, () -> bag.logits(texts().getFirst(), 0));
    assertEquals(Reason.UNAVAILABLE, e.reason());
    assertEquals("The model models/nsmc-small/model.onnx is closed", e.getMessage());
  }

  @Test
  void open_transformer_isNone() {
    ModelDirectory directory = ModelDirectory.open(TinyModel.write(temporary.resolve("tiny")));
    assertTrue(NgramBag.open(directory, directory.graph()).isEmpty());
  }

  @Test
  void open_graphWithoutSuchWeights_isNone() throws IOException {
    Path graph = copied();
    ModelDirectory directory = ModelDirectory.open(SMALL);
    assertTrue(NgramBag.open(directory, graph).isPresent());
    // Names, sizes and types of the tensors stand in the graph as they are.
    byte[] whole = Files.readAllBytes(graph);
    for (String name :
        List.of("classifier.weight.int8", "classifier.weight.steps", "classifier.bias")) {
      byte[] bytes = whole.clone();
      int at = 0;
      for (int found = find(bytes, name, 0); found >= 0; found = find(bytes, name, found + 1)) {
        at = found;
        bytes[at] = 'k';
      }
      assertTrue(at > 0);
      Files.write(graph, bytes);
      assertTrue(NgramBag.open(directory, graph).isEmpty(), name);
    }
  }

  @Test
  void open_rowOfNoNgramThatAddsSomething_isNone() throws IOException {
    Path graph = copied();
    Path weights = graph.resolveSibling(ModelDirectory.WEIGHTS);
    byte[] bytes = Files.readAllBytes(weights);
    bytes[1] = 1;
    Files.write(weights, bytes);
    assertTrue(NgramBag.open(ModelDirectory.open(SMALL), graph).isEmpty());
  }

  @Test
  void open_graphCutShort_isNoneAndNoError() throws IOException {
    Path graph = copied();
    byte[] whole = Files.readAllBytes(graph);
    ModelDirectory directory = ModelDirectory.open(SMALL);
    for (int length = 0; length < whole.length; length += 97) {
      Files.write(graph, Arrays.copyOf(whole, length));
      assertTrue(NgramBag.open(directory, graph).isEmpty(), length + " bytes");
    }
  }

  @Test
  void open_weightsCutShort_isNone() throws IOException {
    Path graph = copied();
    Path weights = graph.resolveSibling(ModelDirectory.WEIGHTS);
    Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), 8_388_607));
    assertTrue(NgramBag.open(ModelDirectory.open(SMALL), graph).isEmpty());
  }

  private static Backend bag(ModelDirectory directory) {
    return NgramBag.open(directory, directory.graph()).orElseThrow();
  }

  private Path copied() throws IOException {
    for (String name : List.of(ModelDirectory.GRAPH, ModelDirectory.WEIGHTS)) {
      Files.copy(SMALL.resolve(name), temporary.resolve(name));
    }
    return temporary.resolve(ModelDirectory.GRAPH);
  }

  private static int find(byte[] bytes, String name, int from) {
    return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(name, from);
  }
}
