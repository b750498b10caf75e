package dev.nunchi.torch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.nunchi.nn.OperationCase;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.PlainTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// That every tensor is in the place of its network, on a device that every libtorch has: `meta`,
/// whose tensors have shapes and no numbers, and mix with the host's as little as a GPU's do.
class PlacementTest {
  private static final Placement META = new Placement(DeviceType.Meta, ScalarType.Float);

  /// What libtorch computes no shapes of outside of Python.
  private static final Pattern WITHOUT_SHAPES =
      Pattern.compile("aten::(\\S+): attempted to run this operator with Meta tensors");

  private static final Set<String> KNOWN =
      Set.of(
          "index_select",
          "native_batch_norm",
          "relu",
          "where.self_out",
          "logical_and.out",
          "__rshift__.Scalar");

  @BeforeAll
  static void load() {
    TorchRuntime.load(1);
  }

  static Stream<OperationCase> all() {
    return OperationCase.all().stream();
  }

  @ParameterizedTest
  @MethodSource("all")
  void operation_onAnotherDevice_makesEveryTensorThere(OperationCase one) {
    List<Parameter> list =
        one.weights().names().stream()
            .map(
                name -> new Parameter(name, one.weights().shape(name), Parameter.Initial.ZEROS, -1))
            .toList();
    try (PointerScope scope = new PointerScope();
        ParameterStore parameters =
            new ParameterStore(
                list, one.weights(), FreshParameters.USUAL, META, _ -> Holding.TRAINED);
        CastWeights weights = new CastWeights(parameters, ScalarType.Float)) {
      Tensor mask = META.put(torch.ones(2, 5).to(ScalarType.Long));
      TorchOps ops = new TorchOps(parameters, weights, new DropoutMasks(1), null, mask);
      Tensor output = one.operation().apply(ops, inputs(one));
      assertEquals(DeviceType.Meta, output.device().type().intern());
      output.sum().backward();
    } catch (RuntimeException e) {
      Matcher without = WITHOUT_SHAPES.matcher(String.valueOf(e.getMessage()));
      assertTrue(without.find() && KNOWN.contains(without.group(1)), e::toString);
    }
  }

  private static List<Tensor> inputs(OperationCase one) {
    List<Tensor> inputs = new ArrayList<>();
    for (PlainTensor input : one.inputs()) {
      boolean whole = input.shape().size() == 2;
      Tensor host =
          torch.zeros(
              TensorMemory.sizes(input.shape()),
              new TensorOptions(whole ? ScalarType.Long : ScalarType.Float));
      inputs.add(META.put(host).set_requires_grad(!whole));
    }
    return inputs;
  }

  /// Also where meta cannot show it.
  @Test
  void tensors_areMadeByPlacementOrWithItsOptions() throws Exception {
    Path classes =
        Path.of(Placement.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    noClasses()
        .that()
        .doNotHaveSimpleName("Placement")
        .should()
        .callMethodWhere(
            DescribedPredicate.describe("makes a tensor of the host's", PlacementTest::makesOne))
        .check(new ClassFileImporter().importPath(classes.resolve("dev/nunchi/torch")));
  }

  private static boolean makesOne(JavaCall<?> call) {
    return call.getTargetOwner().getName().equals(torch.class.getName())
        && Set.of("tensor", "arange", "zeros", "ones", "empty", "full", "from_blob", "eye")
            .contains(call.getName())
        && call.getTarget().getRawParameterTypes().stream()
            .noneMatch(type -> type.getName().equals(TensorOptions.class.getName()));
  }
}
