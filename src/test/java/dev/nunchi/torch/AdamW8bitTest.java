package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against ten steps of bitsandbytes; see `generate_adamw_8bit.py`.
class AdamW8bitTest {
  private static final List<Integer> SHAPE = List.of(41, 100);
  private static final Network NETWORK =
      Network.of(
          new ObjectMapper()
              .createObjectNode()
              .put("model_type", "ngram_linear")
              .put("vocab_size", 10)
              .put("num_labels", 2)
              .put("ngram_buckets", 7));

  private static JsonNode expected = new ObjectMapper().nullNode();

  @BeforeAll
  static void load() throws IOException {
    TorchRuntime.load(2);
    expected = new ObjectMapper().readTree(AdamW8bitTest.class.getResource("adamw-8bit.json"));
  }

  @Test
  void step_tenTimes_followsBitsandbytes() {
    try (PointerScope scope = new PointerScope();
        Run run = new Run()) {
      run.steps(10);
      float[] weight = floats("weight");
      float[] ours = run.weight();
      for (int i = 0; i < weight.length; i++) {
        assertEquals(weight[i], ours[i], 2e-6, "weight " + i);
      }
      Map<String, Weight> state = run.state();
      assertNear(bytes("first"), floats("first_largest"), state(state, "exp_avg.w"));
      assertNear(bytes("second"), floats("second_largest"), state(state, "exp_avg_sq.w"));
      assertClose(floats("first_largest"), state(state, "exp_avg.w.absmax"));
      assertClose(floats("second_largest"), state(state, "exp_avg_sq.w.absmax"));
    }
  }

  @Test
  void restore_stateOfAnother_goesOnBitForBit() {
    try (PointerScope scope = new PointerScope();
        Run whole = new Run();
        Run begun = new Run();
        Run resumed = new Run()) {
      whole.steps(7);
      begun.steps(4);
      resumed.parameters.restore(begun.parameters.views());
      resumed.optimizer.restore(Weights.of(begun.state(), "the first run"));
      resumed.steps(3);
      assertArrayEquals(whole.weight(), resumed.weight());
      Map<String, Weight> expectedState = whole.state();
      resumed
          .state()
          .forEach((name, weight) ->
              assertEquals(-1, weight.data().mismatch(state(expectedState, name).data()), name));
    }
  }

  @Test
  void step_ofMomentsInAFile_givesTheSameBits(@TempDir Path directory) throws IOException {
    Path pages = directory.resolve("run");
    try (PointerScope scope = new PointerScope();
        Run held = new Run();
        Run paged = new Run(pages)) {
      held.steps(5);
      paged.steps(5);
      assertArrayEquals(held.weight(), paged.weight());
      Map<String, Weight> expectedState = held.state();
      assertEquals(expectedState.keySet(), paged.state().keySet());
      paged
          .state()
          .forEach((name, weight) ->
              assertEquals(-1, weight.data().mismatch(state(expectedState, name).data()), name));
      assertTrue(isMapped(pages), "the moments are not in a file");
      try (Stream<Path> files = Files.list(pages)) {
        assertEquals(List.of(), files.toList(), "nothing is left when the process ends");
      }
    }
    assertFalse(isMapped(pages));
  }

  @Test
  void open_whereNoFileCanBe_saysSo(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    try (PointerScope scope = new PointerScope()) {
      NunchiException refused = assertThrows(NunchiException.class, () -> new Run(file));
      assertEquals(Reason.IO_FAILURE, refused.reason());
      assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
    }
  }

  private static boolean isMapped(Path directory) throws IOException {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.anyMatch(line -> line.contains(directory + "/") && line.endsWith("(deleted)"));
    }
  }

  @Test
  void addTo_afterAStep_holdsLargeMomentsInBytesAndSmallOnesInFloats() {
    try (PointerScope scope = new PointerScope();
        Run run = new Run()) {
      run.steps(1);
      Map<String, Weight> state = run.state();
      assertEquals(ElementType.U8, state(state, "exp_avg.w").type());
      assertEquals(SHAPE, state(state, "exp_avg_sq.w").shape());
      assertEquals(ElementType.F32, state(state, "exp_avg.small").type());
      long bytes =
          List.of("exp_avg.w", "exp_avg_sq.w", "exp_avg.w.absmax", "exp_avg_sq.w.absmax").stream()
              .mapToLong(name -> state(state, name).data().byteSize())
              .sum();
      assertEquals(bytes, OptimizerSettings.AdamW8bit.stateBytes(4100));
      assertEquals(4095 * 8, OptimizerSettings.AdamW8bit.stateBytes(4095));
    }
  }

  @Test
  void step_parameterWithoutGradient_isLeftAlone() {
    try (PointerScope scope = new PointerScope();
        Run run = new Run()) {
      float[] before = run.weight();
      run.optimizer.step(1);
      assertArrayEquals(before, run.weight());
    }
  }

  /// A matrix of over 4096 numbers that goes to its target, and a small one beside it.
  private static final class Run implements AutoCloseable {
    private final ParameterStore parameters;
    private final AdamW8bit optimizer;
    private final Tensor target;
    private final Tensor scale;

    Run() {
      this(null);
    }

    /// @param pages null for moments in memory
    Run(@Nullable Path pages) {
      Parameter large = new Parameter("w", SHAPE, Parameter.Initial.NORMAL, -1);
      Parameter small = new Parameter("small", List.of(2, 3), Parameter.Initial.ONES, -1);
      parameters =
          new ParameterStore(
              List.of(large, small),
              Weights.of(Map.of("w", given("start")), "the fixture"),
              FreshParameters.USUAL,
              ScalarType.Float);
      optimizer =
          new AdamW8bit(
              NETWORK,
              parameters,
              new OptimizerSettings.AdamW8bit(
                  new OptimizerSettings.AdamW(
                      0.9, 0.999, 1e-8, expected.path("weight_decay").asDouble(), 1),
                  pages));
      target = TensorMemory.view(given("target")).clone();
      scale = TensorMemory.view(given("scale")).clone();
    }

    void steps(int count) {
      for (int i = 0; i < count; i++) {
        Tensor w = parameters.get("w");
        Tensor gradient;
        try (NoGradGuard guard = new NoGradGuard()) {
          gradient = w.sub(target).mul(scale);
        }
        w.mul(gradient).sum().add(parameters.get("small").sum()).backward();
        optimizer.step(expected.path("learning_rate").asDouble());
        w.mutable_grad().reset();
        parameters.get("small").mutable_grad().reset();
      }
    }

    float[] weight() {
      return numbers(TensorMemory.view(parameters.get("w"), SHAPE).data());
    }

    Map<String, Weight> state() {
      Map<String, Weight> state = new LinkedHashMap<>();
      optimizer.addTo(state);
      return state;
    }

    @Override
    public void close() {
      optimizer.close();
      parameters.close();
    }
  }

  /// Codes equal but for some that lay in the middle of two, and in blocks of zeros.
  private static void assertNear(byte[] codes, float[] largest, Weight weight) {
    byte[] ours = weight.data().toArray(ValueLayout.JAVA_BYTE);
    int others = 0;
    for (int i = 0; i < codes.length; i++) {
      if (largest[i / EightBitMoment.BLOCK_SIZE] == 0) {
        continue;
      }
      int off = Math.abs((codes[i] & 0xFF) - (ours[i] & 0xFF));
      assertTrue(off <= 1, () -> "off by " + off);
      others += off;
    }
    assertTrue(others <= codes.length / 1000, "other codes: " + others);
  }

  private static void assertClose(float[] numbers, Weight weight) {
    float[] ours = numbers(weight.data());
    assertEquals(numbers.length, ours.length);
    for (int i = 0; i < numbers.length; i++) {
      assertEquals(numbers[i], ours[i], 1e-5 * numbers[i]);
    }
  }

  private static Weight state(Map<String, Weight> state, String name) {
    return Objects.requireNonNull(state.get(name), name);
  }

  private static Weight given(String key) {
    byte[] bytes = bytes(key);
    MemorySegment memory = Arena.ofAuto().allocate(bytes.length, Float.BYTES);
    return new Weight(ElementType.F32, SHAPE, memory.copyFrom(MemorySegment.ofArray(bytes)));
  }

  private static float[] floats(String key) {
    return numbers(MemorySegment.ofArray(bytes(key)));
  }

  private static float[] numbers(MemorySegment memory) {
    return memory.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static byte[] bytes(String key) {
    return Base64.getDecoder().decode(expected.path(key).asText());
  }
}
