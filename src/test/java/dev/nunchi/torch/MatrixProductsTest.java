package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MatrixProductsTest {
  @BeforeAll
  static void load() {
    TorchRuntime.load(2);
  }

  static Stream<Arguments> shapes() {
    return Stream.of(new int[] {1, 1, 1}, new int[] {1, 33, 2}, new int[] {7, 1, 5})
        .flatMap(small -> Stream.of(small, new int[] {small[0] * 9, small[1] + 17, small[2] * 8}))
        .flatMap(shape -> Stream.of(Layout.values()).map(layout -> Arguments.of(shape, layout)));
  }

  /// How a matrix lies in memory.
  private enum Layout {
    ROW_AFTER_ROW,
    TRANSPOSED,
    PART_OF_WIDER_ROWS,
    EACH_ROW_THE_SAME;

    Tensor matrix(long rows, long columns) {
      return switch (this) {
        case ROW_AFTER_ROW -> torch.randn(rows, columns);
        case TRANSPOSED -> torch.randn(columns, rows).t();
        case PART_OF_WIDER_ROWS -> torch.randn(rows, 3 * columns).narrow(1, columns, columns);
        case EACH_ROW_THE_SAME -> torch.randn(1, columns).expand(rows, columns);
      };
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void linear_anyShapeAndLayout_isTheProductInDouble(int[] shape, Layout layout) {
    try (PointerScope scope = new PointerScope()) {
      Tensor x = layout.matrix(shape[0], shape[1]);
      Tensor weight = layout.matrix(shape[2], shape[1]);
      Tensor bias = torch.randn(shape[2]);
      Tensor exact = exact(x, weight, bias);
      // By what is added up, as sums may be near 0.
      Tensor terms = exact(x.abs(), weight.abs(), bias.abs());
      Tensor product = MatrixProducts.linear(x, weight, bias);
      assertArrayEquals(exact.sizes().vec().get(), product.sizes().vec().get());
      assertEquals(0, error(exact, product, terms), 2e-6);
      Tensor added = MatrixProducts.linear(x, weight, null).add(bias);
      assertEquals(0, error(exact, added, terms), 2e-6);
    }
  }

  private static Tensor exact(Tensor x, Tensor weight, Tensor bias) {
    return torch.linear(
        x.to(ScalarType.Double),
        weight.to(ScalarType.Double),
        new TensorOptional(bias.to(ScalarType.Double)));
  }

  /// The largest, each relative to its size.
  private static double error(Tensor exact, Tensor product, Tensor sizes) {
    return exact.sub(product.to(ScalarType.Double)).abs().div(sizes).max().item_double();
  }

  @Test
  void linear_inHalfPrecision_isRoundedOnce() {
    try (PointerScope scope = new PointerScope()) {
      Tensor x = torch.randn(6, 40).to(ScalarType.BFloat16);
      Tensor weight = torch.randn(5, 40).to(ScalarType.BFloat16);
      Tensor exact = torch.linear(x.to(ScalarType.Double), weight.to(ScalarType.Double));
      assertEquals(0, distance(exact, MatrixProducts.linear(x, weight, null)), 1.0 / 256);
    }
  }

  /// What is tied to the graph in place has to have memory of its own.
  @Test
  void linear_twoAxes_isNoView() {
    try (PointerScope scope = new PointerScope()) {
      for (ScalarType type : List.of(ScalarType.Float, ScalarType.BFloat16)) {
        Tensor x = torch.randn(6, 40).to(type);
        Tensor weight = torch.randn(5, 40).to(type);
        assertEquals(false, MatrixProducts.linear(x, weight, null).is_view());
      }
    }
  }

  /// The largest, relative to the largest number.
  private static double distance(Tensor exact, Tensor product) {
    return exact.sub(product.to(ScalarType.Double)).abs().max().item_double()
        / exact.abs().max().item_double();
  }
}
