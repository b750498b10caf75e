package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.TinyAdapter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Nf4BaseTest {
  @ParameterizedTest
  @EnumSource(names = {"BERT_POOLER_SAVED", "GEMMA2_DORA"})
  void of_adaptedNetwork_roundsEachMatrixThatStaysAndNothingElse(TinyAdapter tiny) {
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(tiny.path(), BaseModels.NONE)) {
      Network adapted = apart.network().adapted(apart.lora().orElseThrow());
      Weights rounded = Nf4Base.of(apart.weights(), adapted);
      Set<String> matrices =
          apart.network().linears().stream().map(Linear::weight).collect(Collectors.toSet());
      for (Parameter parameter : adapted.parameters()) {
        String name = parameter.name();
        boolean stays = matrices.contains(name) && !adapted.trains(parameter);
        assertEquals(stays, rounded.isQuantized(name), name);
        assertEquals(stays, rounded.quantized(name).isPresent(), name);
        assertEquals(parameter.shape(), rounded.shape(name));
        boolean same = rounded.get(name).data().mismatch(apart.weights().get(name).data()) < 0;
        assertEquals(stays, !same, name);
      }
      assertFalse(rounded.isQuantized(adapted.outputWeight()));
    }
  }

  /// So that a base in bf16 has the same numbers where layers compute in fp32.
  @Test
  void dequantize_weightStoredInBf16_givesItsNumbersInFp32Too() {
    Arena arena = Arena.ofAuto();
    short[] bits = new short[128];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = (short) (Float.floatToRawIntBits((i - 60) * 0.0137f) >>> 16);
    }
    Weight weight =
        new Weight(
            ElementType.BF16,
            List.of(2, 64),
            arena.allocateFrom(ValueLayout.JAVA_SHORT, bits).asReadOnly());
    Nf4Weight quantized = Nf4Base.quantize("w", weight, arena);
    Weight half = quantized.dequantized(arena);
    assertEquals(ElementType.BF16, half.type());
    Weight full = new Weight(ElementType.F32, List.of(2, 64), arena.allocate(128 * Float.BYTES, 8));
    quantized.dequantize(ElementType.F32, 0, 2, full.data());
    for (int i = 0; i < bits.length; i++) {
      assertEquals(FloatWeights.get(half, i), FloatWeights.get(full, i));
    }
    assertTrue(FloatWeights.get(full, 0) < -0.8);
  }
}
