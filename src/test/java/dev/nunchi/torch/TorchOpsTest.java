package dev.nunchi.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.OperationCase;
import dev.nunchi.nn.OperationReference;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.PlainOps;
import dev.nunchi.nn.PlainTensor;
import dev.nunchi.nn.RmsNorm;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each operation in libtorch against double arithmetic: values in fp32 and in double, and in
/// double the gradients of inputs and weights against finite differences; in fp32 both against
/// PyTorch, transformers and peft.
class TorchOpsTest {
  private static final double STEP = 1e-5;

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  static Stream<OperationCase> all() {
    return OperationCase.all().stream();
  }

  @ParameterizedTest
  @MethodSource("all")
  void value_ofEveryOperation_isThatOfDoubleArithmetic(OperationCase one) {
    PlainTensor expected = one.operation().apply(new PlainOps(one.weights()), one.inputs());
    try (PointerScope scope = new PointerScope();
        Sum single = new Sum(one, one.weights(), ScalarType.Float);
        Sum exact = new Sum(one, doubles(one), ScalarType.Double)) {
      assertArrayEquals(expected.values(), numbers(single.output), 2e-6);
      assertArrayEquals(expected.values(), numbers(exact.output), 1e-12);
      assertEquals(
          expected.shape().stream().map(Integer::longValue).toList(),
          Arrays.stream(exact.output.sizes().vec().get()).boxed().toList());
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void gradient_ofEveryOperation_isThatOfFiniteDifferences(OperationCase one) {
    Weights weights = doubles(one);
    try (PointerScope scope = new PointerScope();
        Sum sum = new Sum(one, weights, ScalarType.Double)) {
      sum.backward(factors((int) sum.output.numel()));
      for (String name : weights.names()) {
        if (one.name().contains("constant lengths") && !name.equals("m")) {
          continue;
        }
        MemorySegment data = weights.get(name).data();
        double[] expected = new double[(int) (data.byteSize() / Double.BYTES)];
        for (int i = 0; i < expected.length; i++) {
          int index = i;
          expected[i] =
              difference(
                  one,
                  weights,
                  data.getAtIndex(ValueLayout.JAVA_DOUBLE, i),
                  value -> data.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value));
        }
        if (name.equals("table.weight") && one.name().contains("padding")) {
          // The row of the padding is looked up and not trained.
          Arrays.fill(expected, 6, 12, 0);
        }
        assertArrayEquals(expected, sum.gradient(name), 1e-6, name);
      }
      for (int input = 0; input < one.inputs().size(); input++) {
        PlainTensor tensor = one.inputs().get(input);
        if (tensor.shape().size() == 2) {
          continue;
        }
        double[] expected = new double[tensor.values().length];
        for (int i = 0; i < expected.length; i++) {
          int index = i;
          expected[i] =
              difference(one, weights, tensor.values()[i], value -> tensor.values()[index] = value);
        }
        assertArrayEquals(expected, sum.gradient(input), 1e-6, "input " + input);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void valueAndGradients_ofEveryOperation_areThoseOfPyTorch(OperationCase one) {
    OperationReference expected =
        Objects.requireNonNull(OperationReference.byCase().get(one.name()), one.name());
    Weights weights = Weights.of(expected.weights(), "operations.json");
    try (PointerScope scope = new PointerScope();
        Sum sum = new Sum(expected.inputsOf(one), weights, ScalarType.Float)) {
      assertArrayEquals(expected.output().values(), numbers(sum.output), 1e-5);
      sum.backward(expected.factors().values());
      expected
          .weightGradients()
          .forEach((name, gradient) ->
              assertArrayEquals(gradient.values(), sum.gradient(name), 1e-5, name));
      for (int input = 0; input < one.inputs().size(); input++) {
        assertArrayEquals(
            expected.inputGradients().get(input).values(),
            sum.gradient(input),
            1e-5,
            "input " + input);
      }
    }
  }

  /// As libtorch's own kernel of the layer norm does.
  @Test
  void rmsNorm_inHalfPrecision_isRoundedOnce() {
    RmsNorm norm = new RmsNorm("norm", 96, 1e-6, 0);
    Parameter weight = new Parameter(norm.weight(), List.of(96), Parameter.Initial.ONES, -1);
    try (PointerScope scope = new PointerScope();
        ParameterStore parameters =
            new ParameterStore(
                List.of(weight), Weights.NONE, FreshParameters.USUAL, ScalarType.Float);
        CastWeights casts = new CastWeights(parameters, ScalarType.BFloat16)) {
      TorchOps ops = new TorchOps(parameters, casts, null, null, null);
      Tensor x = torch.randn(4, 5, 96).to(ScalarType.BFloat16);
      double[] normed = numbers(ops.rmsNorm(x, norm));
      double[] exact = numbers(ops.rmsNorm(x.to(ScalarType.Float), norm));
      for (int i = 0; i < exact.length; i++) {
        assertEquals(exact[i], normed[i], Math.abs(exact[i]) / 256, "number " + i);
      }
    }
  }

  private interface Variable {
    void set(double value);
  }

  /// Of the weighted sum of the output, by one number that is put back.
  private static double difference(
      OperationCase one, Weights weights, double at, Variable variable) {
    variable.set(at + STEP);
    double above = sum(one, weights);
    variable.set(at - STEP);
    double below = sum(one, weights);
    variable.set(at);
    return (above - below) / (2 * STEP);
  }

  private static double sum(OperationCase one, Weights weights) {
    double[] values = one.operation().apply(new PlainOps(weights), one.inputs()).values();
    double[] factors = factors(values.length);
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += factors[i] * values[i];
    }
    return sum;
  }

  private static double[] factors(int size) {
    Random random = new Random(9);
    return random.doubles(size, -1, 1).toArray();
  }

  private static Weights doubles(OperationCase one) {
    Map<String, Weight> doubles = new HashMap<>();
    for (String name : one.weights().names()) {
      Weight weight = one.weights().get(name);
      float[] floats = weight.data().toArray(ValueLayout.JAVA_FLOAT);
      MemorySegment data = Arena.ofAuto().allocate(8L * floats.length, 8);
      for (int i = 0; i < floats.length; i++) {
        data.setAtIndex(ValueLayout.JAVA_DOUBLE, i, floats[i]);
      }
      doubles.put(name, new Weight(ElementType.F64, weight.shape(), data));
    }
    return Weights.of(doubles, "doubles");
  }

  private static Tensor tensor(double[] values) {
    Tensor tensor = torch.zeros(new long[] {values.length}, new TensorOptions(ScalarType.Double));
    new DoublePointer(tensor.data_ptr()).put(values);
    return tensor;
  }

  private static double[] numbers(Tensor tensor) {
    Tensor doubles = tensor.to(ScalarType.Double).contiguous();
    double[] numbers = new double[(int) doubles.numel()];
    new DoublePointer(doubles.data_ptr()).get(numbers);
    return numbers;
  }

  /// An operation in libtorch, and its weighted sum.
  private static final class Sum implements AutoCloseable {
    private final ParameterStore parameters;
    private final CastWeights casts;
    private final List<Tensor> inputs = new ArrayList<>();
    private final Tensor output;

    Sum(OperationCase one, Weights weights, ScalarType type) {
      List<Parameter> list =
          weights.names().stream()
              .map(name ->
                  new Parameter(name, weights.get(name).shape(), Parameter.Initial.ZEROS, -1))
              .toList();
      parameters = new ParameterStore(list, weights, FreshParameters.USUAL, type);
      casts = new CastWeights(parameters, type);
      Tensor mask = torch.ones(2, 5).to(ScalarType.Long);
      for (PlainTensor input : one.inputs()) {
        long[] shape = input.shape().stream().mapToLong(Integer::longValue).toArray();
        Tensor tensor = tensor(input.values()).view(shape);
        if (shape.length == 2) {
          inputs.add(tensor.to(ScalarType.Long));
          if (Arrays.stream(input.values()).allMatch(value -> value == 0 || value == 1)) {
            mask = inputs.getLast();
          }
        } else {
          inputs.add(tensor.to(type).detach().set_requires_grad(true));
        }
      }
      TorchOps ops = new TorchOps(parameters, casts, null, null, mask);
      output = one.operation().apply(ops, inputs);
    }

    void backward(double[] factors) {
      output.mul(tensor(factors).view(output.sizes())).sum().backward();
    }

    double[] gradient(String name) {
      Tensor weight = parameters.get(name);
      if (!weight.mutable_grad().defined()) {
        return new double[(int) weight.numel()];
      }
      Gradients.makeDense(weight);
      return numbers(weight.grad());
    }

    double[] gradient(int input) {
      Tensor tensor = Objects.requireNonNull(inputs.get(input));
      return tensor.requires_grad() ? numbers(tensor.grad()) : new double[(int) tensor.numel()];
    }

    @Override
    public void close() {
      casts.close();
      parameters.close();
    }
  }
}
