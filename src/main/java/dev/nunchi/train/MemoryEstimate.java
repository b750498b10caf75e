package dev.nunchi.train;

import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weights;
import dev.nunchi.torch.OptimizerSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Bytes that training a network takes when it takes most, estimated without training.
///
/// @param program the process itself: its code and libtorch's, the virtual machine's heap, the
///   texts
/// @param parameters the weights, in fp32 or as adapters leave them, and their copies in bf16
/// @param gradients as many as weights that are trained, but for tables of n-grams under Adagrad,
///   of which only a batch's rows have any
/// @param optimizer both moments of Adam or the sums of Adagrad, and the average of the weights, of
///   those that are trained
/// @param activations what the largest batch keeps for the backward pass, and what that takes
///   beside; or what an evaluation takes, where that is more
public record MemoryEstimate(
    long program, long parameters, long gradients, long optimizer, long activations) {
  /// The rows of a batch and the tokens of its longest.
  record Shape(int rows, int seq) {}

  /// Measured: the process with libtorch and a tokenizer, before any texts; 340 MB after a few
  /// steps, and more as code is compiled and the heap grows.
  private static final long PROGRAM = 400_000_000;

  /// Measured: what lies between tensors of a pass for each four bytes of them.
  private static final int TENSORS_TO_ROOM = 4;

  /// Measured: a text, its ids, and what reading them leaves on the heap.
  private static final long TEXT = 1_500;

  /// Tensors of the widest operation's size that a pass holds beside what is kept.
  private static final int WORKING = 3;

  public long total() {
    return program + parameters + gradients + optimizer + activations;
  }

  /// @param lengths tokens of each row
  static List<Shape> shapes(List<int[]> batches, int[] lengths) {
    return batches.stream()
        .map(batch ->
            new Shape(batch.length, Arrays.stream(batch).map(row -> lengths[row]).max().orElse(0)))
        .distinct()
        .toList();
  }

  /// @param weights that the network begins with
  /// @param learn whether a parameter is ever trained
  /// @param texts of training and validation
  static MemoryEstimate of(
      Recipe recipe,
      Network network,
      Weights weights,
      Predicate<Parameter> learn,
      int texts,
      List<Shape> training,
      List<Shape> evaluation) {
    List<Parameter> parameters = network.parameters();
    List<Parameter> learning = parameters.stream().filter(learn).toList();
    Set<String> trained = learning.stream().map(Parameter::name).collect(Collectors.toSet());
    long learners = learning.stream().mapToLong(Parameter::size).sum();
    boolean bf16 = recipe.optimization().half();
    boolean adagrad = recipe.optimization().optim() == Recipe.Optimizer.ADAGRAD;
    long states =
        learning.stream()
            .mapToLong(parameter -> states(recipe.optimization(), parameter.size()))
            .sum();
    long activations = 0;
    long sparse = 0;
    for (Shape shape : training) {
      KeptActivations kept =
          KeptActivations.of(
              network,
              shape.rows(),
              shape.seq(),
              bf16 ? Short.BYTES : Float.BYTES,
              trained,
              recipe.optimization().gradientCheckpointing());
      activations = Math.max(activations, kept.bytes() + WORKING * kept.largest());
      sparse = kept.sparse();
    }
    for (Shape shape : evaluation) {
      KeptActivations all =
          KeptActivations.of(network, shape.rows(), shape.seq(), Float.BYTES, Set.of(), false);
      activations = Math.max(activations, WORKING * all.largest());
    }
    activations += activations / TENSORS_TO_ROOM;
    return new MemoryEstimate(
        PROGRAM + TEXT * texts,
        HeldWeights.of(network, weights, bf16).bytes(),
        (adagrad ? learners - sparse : learners) * Float.BYTES,
        states,
        activations);
  }

  /// Bytes that the optimiser keeps of a parameter of so many numbers, and the average.
  private static long states(Recipe.Optimization recipe, long size) {
    long moments =
        switch (recipe.optim()) {
          case ADAMW -> 2 * Float.BYTES * size;
          case ADAMW_8BIT -> OptimizerSettings.AdamW8bit.stateBytes(size);
          case PAGED_ADAMW_8BIT -> OptimizerSettings.AdamW8bit.stateBytesBesidePages(size);
          case ADAGRAD -> Float.BYTES * size;
        };
    return moments + (recipe.averages() ? Float.BYTES * size : 0);
  }
}
