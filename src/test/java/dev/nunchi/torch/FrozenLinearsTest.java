package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.model.Nf4Base;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Nf4Case;
import dev.nunchi.nn.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class FrozenLinearsTest {
  @BeforeAll
  static void load() {
    TorchRuntime.load(2);
  }

  static List<Nf4Case> cases() {
    return Nf4Case.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void frozenMatrix_weightOfAFixture_isThatOfBitsandbytes(Nf4Case given) {
    Weight weight = new Weight(given.type(), given.shape(), nativeCopy(given.weight()));
    try (PointerScope scope = new PointerScope();
        FrozenMatrix frozen = quantized(weight)) {
      ScalarType type = TensorMemory.view(weight).scalar_type().intern();
      Tensor expected =
          TensorMemory.view(
              new Weight(given.type(), given.shape(), nativeCopy(given.dequantizedDoubled())));
      assertTrue(expected.equal(dense(frozen, type)));
    }
  }

  /// All dequantised weights lie in the same memory, so a graph that held one would walk back with
  /// the numbers of another.
  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void linear_severalInARow_hasTheGradientsOfDenseLayers(ComputeType compute) {
    ScalarType type = compute.scalarType();
    try (PointerScope scope = new PointerScope();
        FrozenMatrix wide = matrix(40, 24);
        FrozenMatrix narrow = matrix(24, 40);
        OwnGradients gradients = new OwnGradients();
        FrozenLinears frozen = new FrozenLinears(gradients)) {
      DenseLinears full = new DenseLinears(gradients);
      Tensor x = torch.randn(2, 5, 24);
      Tensor dense =
          gradient(
              x,
              type,
              h -> {
                for (int layer = 0; layer < 20; layer++) {
                  Tensor inner = torch.gelu(full.linear(h, dense(wide, type), null));
                  h = h.add(full.linear(inner, dense(narrow, type), null));
                }
                return h;
              });
      Tensor packed =
          gradient(
              x,
              type,
              h -> {
                for (int layer = 0; layer < 20; layer++) {
                  Tensor inner = torch.gelu(frozen.linear(h, wide, null));
                  h = h.add(frozen.linear(inner, narrow, null));
                }
                return h;
              });
      gradients.finish();
      assertTrue(dense.abs().sum().item_double() > 1);
      assertTrue(
          dense.equal(packed), () -> "off by " + dense.sub(packed).abs().max().item_double());
    }
  }

  @Test
  void linear_inPartsThatAreComputedTwice_hasTheSameGradients() {
    try (PointerScope scope = new PointerScope();
        FrozenMatrix weight = matrix(24, 24);
        OwnGradients gradients = new OwnGradients();
        FrozenLinears frozen = new FrozenLinears(gradients);
        Checkpointing checkpointing = new Checkpointing(new DropoutMasks(1))) {
      Tensor x = torch.randn(2, 5, 24);
      UnaryOperator<Tensor> layer = h -> h.add(torch.tanh(frozen.linear(h, weight, null)));
      Tensor plain = gradient(x, ScalarType.Float, h -> layer.apply(layer.apply(h)));
      Tensor input = x.detach().clone();
      input.set_requires_grad(true);
      Tensor y = checkpointing.apply(checkpointing.apply(input, layer), layer);
      checkpointing.backward(y.mul(y).sum());
      gradients.finish();
      assertTrue(plain.equal(input.grad()));
    }
  }

  /// The input's gradient of a sum of squares.
  private static Tensor gradient(Tensor x, ScalarType type, UnaryOperator<Tensor> layers) {
    Tensor input = x.detach().clone();
    input.set_requires_grad(true);
    Tensor y = layers.apply(input.to(type)).to(ScalarType.Float);
    y.mul(y).sum().backward();
    return input.grad();
  }

  @Test
  void linear_noGradientAskedFor_isTheProductAlone() {
    try (PointerScope scope = new PointerScope();
        FrozenMatrix weight = matrix(6, 4);
        OwnGradients gradients = new OwnGradients();
        FrozenLinears frozen = new FrozenLinears(gradients)) {
      Tensor x = torch.randn(3, 4);
      assertFalse(frozen.linear(x, weight, null).requires_grad());
      x.set_requires_grad(true);
      try (NoGradGuard guard = new NoGradGuard()) {
        assertFalse(frozen.linear(x, weight, null).requires_grad());
      }
      assertTrue(frozen.linear(x, weight, null).requires_grad());
    }
  }

  @Test
  void finish_aHookThatFails_throwsWhatItThrew() {
    try (PointerScope scope = new PointerScope();
        OwnGradients gradients = new OwnGradients();
        FrozenLinears frozen = new FrozenLinears(gradients)) {
      Tensor x = torch.randn(3, 4);
      x.set_requires_grad(true);
      Tensor y;
      try (Arena arena = Arena.ofShared()) {
        Weight weight = TensorMemory.view(torch.randn(6, 4), List.of(6, 4));
        y =
            frozen.linear(
                x,
                new FrozenMatrix.Quantized(Nf4Base.quantize("w", weight, arena), Placement.CPU),
                null);
      }
      y.sum().backward();
      assertThrows(IllegalStateException.class, gradients::finish);
    }
  }

  @Test
  void quantized_noNumber_isRefusedByName() {
    byte[] bytes = new byte[8 * Float.BYTES];
    MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_FLOAT_UNALIGNED, 8, Float.NaN);
    Weight weight = new Weight(ElementType.F32, List.of(2, 4), nativeCopy(bytes));
    NunchiException e =
        assertThrows(
            NunchiException.class, () -> Nf4Base.quantize("layer.weight", weight, Arena.ofAuto()));
    assertEquals("tensor layer.weight holds NaN", e.getMessage().substring(0, 29));
  }

  private static FrozenMatrix quantized(Weight weight) {
    return new FrozenMatrix.Quantized(Nf4Base.quantize("w", weight, Arena.ofAuto()), Placement.CPU);
  }

  private static FrozenMatrix matrix(int rows, int columns) {
    try (PointerScope scope = new PointerScope()) {
      Tensor weight = torch.randn(rows, columns).mul(new Scalar(0.05));
      return quantized(TensorMemory.view(weight, List.of(rows, columns)));
    }
  }

  private static Tensor dense(FrozenMatrix matrix, ScalarType type) {
    MemorySegment room = Arena.ofAuto().allocate(matrix.room(type), Long.BYTES);
    return matrix.dense(type, room).clone();
  }

  private static MemorySegment nativeCopy(byte[] bytes) {
    return Arena.ofAuto().allocate(bytes.length, Long.BYTES).copyFrom(MemorySegment.ofArray(bytes));
  }
}
