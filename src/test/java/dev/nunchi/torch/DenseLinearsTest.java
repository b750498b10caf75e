package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DenseLinearsTest {
  private static final int INPUT = 0;
  private static final int WEIGHT = 1;
  private static final int BIAS = 2;

  @BeforeAll
  static void load() {
    TorchRuntime.load(2);
  }

  /// Each set of leaves that have a gradient, as bits: input, weight, bias.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7})
  void gradients_ofAnyLeaves_areThoseOfLibtorchInDouble(int learning) {
    try (PointerScope scope = new PointerScope();
        OwnGradients gradients = new OwnGradients()) {
      DenseLinears dense = new DenseLinears(gradients);
      List<Tensor> leaves = leaves(learning, ScalarType.Float);
      List<Tensor> exact = copies(leaves, learning);
      // Two backward passes, whose gradients add up.
      for (int pass = 0; pass < 2; pass++) {
        loss(leaves, (x, w) -> dense.linear(x, w, leaves.get(BIAS))).backward();
        gradients.finish();
        loss(exact, (x, w) -> torch.linear(x, w, new TensorOptional(exact.get(BIAS)))).backward();
      }
      for (int leaf : List.of(INPUT, WEIGHT, BIAS)) {
        if ((learning & 1 << leaf) == 0) {
          assertFalse(leaves.get(leaf).mutable_grad().defined(), "leaf " + leaf);
          continue;
        }
        Tensor expected = exact.get(leaf).grad();
        Tensor actual = leaves.get(leaf).grad().to(ScalarType.Double);
        double largest = expected.abs().max().item_double();
        assertTrue(largest > 0.1, "leaf " + leaf);
        assertEquals(
            0, expected.sub(actual).abs().max().item_double() / largest, 1e-5, "leaf " + leaf);
      }
    }
  }

  @Test
  void linear_aWeightUsedTwice_gathersBothGradients() {
    try (PointerScope scope = new PointerScope();
        OwnGradients gradients = new OwnGradients()) {
      DenseLinears dense = new DenseLinears(gradients);
      Tensor x = torch.randn(3, 4, 6);
      Tensor weight = torch.randn(6, 6);
      weight.set_requires_grad(true);
      Tensor exact = weight.detach().to(ScalarType.Double);
      exact.set_requires_grad(true);
      dense.linear(torch.tanh(dense.linear(x, weight, null)), weight, null).sum().backward();
      gradients.finish();
      Tensor doubles = x.to(ScalarType.Double);
      torch.linear(torch.tanh(torch.linear(doubles, exact)), exact).sum().backward();
      assertEquals(0, exact.grad().sub(weight.grad()).abs().max().item_double(), 1e-4);
    }
  }

  /// As of a base that adapters leave as it is: nothing on the way back asks for it.
  @Test
  void linear_theWeightDoesNotLearn_keepsNothingOfTheInput() {
    try (PointerScope scope = new PointerScope();
        OwnGradients gradients = new OwnGradients()) {
      Tensor x = torch.randn(3, 4);
      x.set_requires_grad(true);
      long holders = x.storage().use_count();
      Tensor y = new DenseLinears(gradients).linear(x, torch.randn(6, 4), null);
      assertTrue(y.requires_grad());
      assertEquals(holders, x.storage().use_count());
    }
  }

  @Test
  void linear_nothingLearns_isOutsideTheGraph() {
    try (PointerScope scope = new PointerScope();
        OwnGradients gradients = new OwnGradients()) {
      DenseLinears dense = new DenseLinears(gradients);
      Tensor x = torch.randn(3, 4);
      Tensor weight = torch.randn(6, 4);
      assertFalse(dense.linear(x, weight, null).requires_grad());
      weight.set_requires_grad(true);
      try (NoGradGuard guard = new NoGradGuard()) {
        assertFalse(dense.linear(x, weight, null).requires_grad());
      }
      assertTrue(dense.linear(x, weight, null).requires_grad());
    }
  }

  @Test
  void linear_inHalfPrecision_hasTheGradientsOfLibtorch() {
    try (PointerScope scope = new PointerScope();
        OwnGradients gradients = new OwnGradients()) {
      DenseLinears dense = new DenseLinears(gradients);
      List<Tensor> leaves = leaves(7, ScalarType.BFloat16);
      loss(leaves, (x, w) -> dense.linear(x, w, leaves.get(BIAS))).backward();
      gradients.finish();
      List<Tensor> exact = copies(leaves, 7);
      loss(exact, (x, w) -> torch.linear(x, w, new TensorOptional(exact.get(BIAS)))).backward();
      for (int leaf : List.of(INPUT, WEIGHT, BIAS)) {
        Tensor expected = exact.get(leaf).grad();
        Tensor actual = leaves.get(leaf).grad().to(ScalarType.Double);
        assertEquals(
            0,
            expected.sub(actual).abs().max().item_double() / expected.abs().max().item_double(),
            0.05,
            "leaf " + leaf);
      }
    }
  }

  private static Tensor loss(List<Tensor> leaves, BiFunction<Tensor, Tensor, Tensor> linear) {
    Tensor y = linear.apply(leaves.get(INPUT), leaves.get(WEIGHT));
    return torch.tanh(y).mul(y).sum();
  }

  /// Input `[2, 3, 5]`, weight `[4, 5]`, bias `[4]`.
  private static List<Tensor> leaves(int learning, ScalarType type) {
    return copies(
        List.of(torch.randn(2, 3, 5).to(type), torch.randn(4, 5).to(type), torch.randn(4).to(type)),
        type,
        learning);
  }

  private static List<Tensor> copies(List<Tensor> leaves, int learning) {
    return copies(leaves, ScalarType.Double, learning);
  }

  private static List<Tensor> copies(List<Tensor> leaves, ScalarType type, int learning) {
    return IntStream.range(0, leaves.size())
        .mapToObj(leaf -> {
          Tensor copy = leaves.get(leaf).detach().to(type).mul(new Scalar(1.0));
          copy.set_requires_grad((learning & 1 << leaf) != 0);
          return copy;
        })
        .toList();
  }
}
