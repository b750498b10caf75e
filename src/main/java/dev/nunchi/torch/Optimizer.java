package dev.nunchi.torch;

import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.lang.foreign.Arena;
import java.util.Map;

/// Updates the weights of a network from their gradients, which it leaves as they are.
sealed interface Optimizer extends AutoCloseable permits AdamW, Adagrad {
  void step(double learningRate);

  /// Adds copies of what it keeps between steps, in memory that `arena` owns.
  void copyInto(Map<String, Weight> state, Arena arena);

  /// @param state of [#copyInto]
  void restore(Weights state);

  @Override
  void close();
}
