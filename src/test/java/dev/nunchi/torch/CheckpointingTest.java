package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.nn.Activation;
import dev.nunchi.nn.Attention;
import dev.nunchi.nn.LayerNorm;
import dev.nunchi.nn.Linear;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Parameter.Initial;
import dev.nunchi.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
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

/// Over a small encoder with dropout after each matrix product and in its attention.
class CheckpointingTest {
  private static final int LAYERS = 4;
  private static final int HIDDEN = 16;
  private static final double DROPOUT = 0.2;

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void backward_encoderWithDropout_givesTheGradientsOfAPlainPass(ComputeType compute) {
    try (PointerScope scope = new PointerScope();
        ParameterStore parameters = encoder()) {
      Tensor x = torch.randn(3, 5, HIDDEN);
      Map<String, Tensor> plain =
          gradients(parameters, compute, x, (checkpointing, part) -> part, false);
      Map<String, Tensor> again =
          gradients(
              parameters,
              compute,
              x,
              (checkpointing, part) -> input -> checkpointing.apply(input, part),
              true);
      assertEquals(parameters.parameters().size() + 2, plain.size());
      plain.forEach((name, gradient) -> {
        assertTrue(gradient.abs().sum().item_double() > 0, name);
        assertTrue(gradient.equal(again.get(name)), name);
      });
    }
  }

  /// Of all parameters, of the input, and of a table that all layers draw on, after two batches.
  private static Map<String, Tensor> gradients(
      ParameterStore parameters,
      ComputeType compute,
      Tensor x,
      BiFunction<Checkpointing, UnaryOperator<Tensor>, UnaryOperator<Tensor>> how,
      boolean checkpointed) {
    DropoutMasks masks = new DropoutMasks(7);
    Tensor input = x.detach().clone();
    input.set_requires_grad(true);
    Tensor table = x.select(0, 0).detach().clone();
    table.set_requires_grad(true);
    try (CastWeights weights = new CastWeights(parameters, compute.scalarType());
        Checkpointing checkpointing = new Checkpointing(masks)) {
      for (int batch = 0; batch < 2; batch++) {
        TorchOps ops = new TorchOps(parameters, weights, masks, null, null);
        Tensor h = torch.tanh(input).to(compute.scalarType());
        Tensor drawnOn = torch.tanh(table).to(compute.scalarType());
        Tensor shared = checkpointed ? checkpointing.shared(drawnOn) : drawnOn;
        for (int layer = 0; layer < LAYERS; layer++) {
          String name = "layer." + layer + ".";
          h = how.apply(checkpointing, part(ops, shared, name)).apply(h);
        }
        Tensor loss = h.to(ScalarType.Float).pow(new Scalar(2.0)).sum();
        checkpointing.backward(loss);
      }
    }
    Map<String, Tensor> gradients = new TreeMap<>();
    parameters
        .parameters()
        .forEach(
            parameter -> gradients.put(parameter.name(), take(parameters.get(parameter.name()))));
    gradients.put("input", take(input));
    gradients.put("table", take(table));
    assertTrue(masks.drawn() >= 2L * LAYERS * 3);
    return gradients;
  }

  private static Tensor take(Tensor parameter) {
    Tensor gradient = parameter.grad().clone();
    parameter.mutable_grad().reset();
    return gradient;
  }

  private static UnaryOperator<Tensor> part(TorchOps ops, Tensor table, String name) {
    return x -> {
      Tensor placed = x.add(table);
      Tensor attended =
          ops.attention(
              ops.linear(placed, Linear.of(name + "query", HIDDEN, HIDDEN)),
              ops.linear(placed, Linear.of(name + "key", HIDDEN, HIDDEN)),
              ops.linear(placed, Linear.of(name + "value", HIDDEN, HIDDEN)),
              null,
              torch.ones(x.size(0), x.size(1)),
              Attention.bidirectional(2, HIDDEN / 2, DROPOUT));
      Tensor h =
          ops.layerNorm(
              x.add(ops.dropout(attended, DROPOUT)), LayerNorm.of(name + "norm", HIDDEN, 1e-5));
      Tensor inner =
          ops.activation(
              ops.linear(h, Linear.of(name + "inner", HIDDEN, 2 * HIDDEN)), Activation.GELU);
      return h.add(
          ops.dropout(ops.linear(inner, Linear.of(name + "output", 2 * HIDDEN, HIDDEN)), DROPOUT));
    };
  }

  private static ParameterStore encoder() {
    List<Parameter> parameters = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      String name = "layer." + layer + ".";
      for (String dense : List.of("query", "key", "value")) {
        add(parameters, name + dense, HIDDEN, HIDDEN);
      }
      add(parameters, name + "inner", 2 * HIDDEN, HIDDEN);
      add(parameters, name + "output", HIDDEN, 2 * HIDDEN);
      parameters.add(new Parameter(name + "norm.weight", List.of(HIDDEN), Initial.ONES, -1));
      parameters.add(new Parameter(name + "norm.bias", List.of(HIDDEN), Initial.ZEROS, -1));
    }
    return new ParameterStore(
        parameters, Weights.NONE, new FreshParameters(0.3, 3), ScalarType.Float);
  }

  private static void add(List<Parameter> parameters, String name, int rows, int columns) {
    parameters.add(new Parameter(name + ".weight", List.of(rows, columns), Initial.NORMAL, -1));
    parameters.add(new Parameter(name + ".bias", List.of(rows), Initial.ZEROS, -1));
  }

  @Test
  void apply_outsideOfAGraph_isThePartAlone() {
    try (PointerScope scope = new PointerScope();
        Checkpointing checkpointing = new Checkpointing(new DropoutMasks(1));
        NoGradGuard guard = new NoGradGuard()) {
      assertFalse(checkpointing.apply(torch.ones(2), Tensor::exp).requires_grad());
    }
  }

  @Test
  void backward_partWithoutParametersOnAnInputWithout_gathersNothing() {
    try (PointerScope scope = new PointerScope();
        Checkpointing checkpointing = new Checkpointing(new DropoutMasks(1))) {
      Tensor weight = torch.ones(2);
      weight.set_requires_grad(true);
      Tensor h = checkpointing.apply(torch.ones(2), Tensor::exp);
      checkpointing.backward(checkpointing.apply(h, x -> x.mul(weight)).sum());
      assertEquals(Math.exp(1), weight.grad().select(0, 0).item_double(), 1e-6);
    }
  }

  @Test
  void apply_partOfSeveralSteps_keepsWhatGoesInAndComesOutAlone() {
    List<Tensor> between = new ArrayList<>();
    UnaryOperator<Tensor> part =
        x -> {
          Tensor h = torch.tanh(x);
          between.add(new Tensor(h).retainReference());
          return torch.tanh(h);
        };
    try (PointerScope scope = new PointerScope();
        Checkpointing checkpointing = new Checkpointing(new DropoutMasks(1))) {
      Tensor x = torch.randn(2, 3);
      x.set_requires_grad(true);
      try (PointerScope layer = new PointerScope()) {
        Tensor output = part.apply(x);
        assertTrue(output.requires_grad());
        assertTrue(holders(between.getFirst()) > 1, "a graph holds what lies between");
      }
      Tensor h = checkpointing.apply(checkpointing.apply(x, part), part);
      assertEquals(
          List.of(1L, 1L), between.subList(1, 3).stream().map(CheckpointingTest::holders).toList());
      checkpointing.backward(h.sum());
      assertEquals(5, between.size());
      between.subList(1, 5).forEach(tensor -> assertEquals(1, holders(tensor)));
      between.forEach(Tensor::close);
    }
  }

  /// How many tensors, those that a graph keeps among them, share the memory of one.
  private static long holders(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      return tensor.storage().use_count();
    }
  }
}
