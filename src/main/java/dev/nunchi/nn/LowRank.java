package dev.nunchi.nn;

/// The adapter of one linear layer, `y = W·x + b + s·B·A·dropout(x)` (LoRA; Hu et al., 2021,
/// <https://arxiv.org/abs/2106.09685>).
///
/// Parameters, of layer `name`: `name.lora_A.weight` `[rank, in]`, `name.lora_B.weight` `[out,
/// rank]` and, where the weight is decomposed, `name.lora_magnitude_vector` `[out]`. A fresh `B` is
/// zero, so that a fresh adapter changes nothing.
///
/// @param scale `s`
/// @param decomposed whether each row of `W + s·B·A` has a length of its own that is trained, its
///   magnitude (DoRA; Liu et al., 2024, <https://arxiv.org/abs/2402.09353>)
public record LowRank(int rank, double scale, boolean decomposed) {
  private static final String DOWN = ".lora_A";
  private static final String UP = ".lora_B";
  private static final String MAGNITUDE = ".lora_magnitude_vector";

  /// `A`, which starts as PyTorch starts a linear layer.
  static Linear down(Linear layer, int rank) {
    return new Linear(layer.name() + DOWN, layer.in(), rank, false, Parameter.Initial.UNIFORM);
  }

  /// `B`.
  static Linear up(Linear layer, int rank) {
    return new Linear(layer.name() + UP, rank, layer.out(), false, Parameter.Initial.ZEROS);
  }

  /// The parameter of a layer's `A`.
  public static String downWeight(String layer) {
    return layer + DOWN + ".weight";
  }

  /// The parameter of a layer's `B`.
  public static String upWeight(String layer) {
    return layer + UP + ".weight";
  }

  /// The parameter of a layer's magnitudes.
  public static String magnitudeVector(String layer) {
    return layer + MAGNITUDE;
  }

  /// Whether a parameter is one of an adapter.
  public static boolean isParameter(String name) {
    return name.endsWith(DOWN + ".weight")
        || name.endsWith(UP + ".weight")
        || name.endsWith(MAGNITUDE);
  }

  <T> T apply(Ops<T> ops, T x, Linear layer, double dropout) {
    Linear down = down(layer, rank);
    Linear up = up(layer, rank);
    T dropped = ops.dropout(x, dropout);
    T update = ops.scale(ops.linear(ops.linear(dropped, down), up), scale);
    if (!decomposed) {
      return ops.add(ops.linear(x, layer), update);
    }
    Linear plain = new Linear(layer.name(), layer.in(), layer.out(), false);
    Magnitude magnitude = new Magnitude(magnitudeVector(layer.name()), plain, down, up, scale);
    T product = ops.linear(x, plain);
    T result;
    if (dropout == 0) {
      result = ops.magnitude(ops.add(product, update), magnitude);
    } else {
      // What is dropped of the layer's own product is dropped from its change alone.
      T kept = ops.linear(dropped, plain);
      T rest = ops.add(product, ops.scale(kept, -1));
      result = ops.add(ops.magnitude(ops.add(kept, update), magnitude), rest);
    }
    return layer.bias() ? ops.bias(result, new Bias(layer.biasName(), layer.out())) : result;
  }
}
