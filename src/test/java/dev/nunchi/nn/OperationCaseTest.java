package dev.nunchi.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OperationCaseTest {
  /// What changes when numbers are computed and kept, not which.
  private static final Set<String> OF_MEMORY =
      Set.of("scoped", "release", "layer", "shared", "packed");

  /// A new operation without a case would be one without a test of its values and gradients.
  @Test
  void all_cases_reachEveryOperation() {
    TreeSet<String> called = new TreeSet<>();
    for (OperationCase one : OperationCase.all()) {
      one.operation().apply(recording(new PlainOps(one.weights()), called), one.inputs());
    }
    TreeSet<String> operations =
        Arrays.stream(Ops.class.getMethods())
            .map(Method::getName)
            .filter(name -> !OF_MEMORY.contains(name))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(operations, called);
  }

  /// With the test above, no operation is without values and gradients of PyTorch's.
  @Test
  void references_namesOfAll_areThoseOfTheCases() {
    assertEquals(
        OperationCase.all().stream().map(OperationCase::name).toList(),
        List.copyOf(OperationReference.byCase().keySet()));
  }

  @Test
  void shapes_ofEveryOperation_areThoseOfItsValues() {
    for (OperationCase one : OperationCase.all()) {
      PlainTensor values = one.operation().apply(new PlainOps(one.weights()), one.inputs());
      List<Integer> shape =
          one.operation()
              .apply(new ShapeOps(), one.inputs().stream().map(PlainTensor::shape).toList());
      assertEquals(values.shape(), shape, one.name());
    }
  }

  @SuppressWarnings("unchecked")
  private static Ops<PlainTensor> recording(PlainOps ops, TreeSet<String> called) {
    return (Ops<PlainTensor>)
        Proxy.newProxyInstance(
            Ops.class.getClassLoader(),
            new Class<?>[] {Ops.class},
            (_, method, arguments) -> {
              called.add(method.getName());
              try {
                return method.invoke(ops, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
