package dev.nunchi.torch;

import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.util.Map;

/// Updates the weights of a network from their gradients, which it leaves as they are.
sealed interface Optimizer extends AutoCloseable permits AdamW, AdamW8bit, Adagrad {
  void step(double learningRate);

  /// Adds what it keeps between steps, in its own memory.
  void addTo(Map<String, Weight> state);

  /// @param state of [#addTo]
  void restore(Weights state);

  @Override
  void close();
}
