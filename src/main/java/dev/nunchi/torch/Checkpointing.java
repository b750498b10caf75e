package dev.nunchi.torch;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/// Gradient checkpointing (Chen et al., 2016, <https://arxiv.org/abs/1604.06174>): of each part of
/// a network only what goes in and what comes out is kept on the way forward; on the way back the
/// part is computed once more, with all that its gradient needs, and forgotten again.
///
/// The graph is cut between the parts: a part's output is a leaf, whose gradient is the one that
/// the part's second computation is walked back with. Masks of dropout are drawn again as they were
/// drawn, so the gradients are those of a plain backward pass, bit for bit.
///
/// One forward pass at a time, on one thread.
final class Checkpointing implements AutoCloseable {
  /// Something between two leaves.
  private sealed interface Part extends AutoCloseable {
    /// Brings the gradient of its output to its input.
    void backward();

    @Override
    void close();
  }

  private final DropoutMasks masks;
  private final Deque<Part> parts = new ArrayDeque<>();

  /// @param masks that the parts draw from
  Checkpointing(DropoutMasks masks) {
    this.masks = masks;
  }

  /// A part of the network.
  ///
  /// @param x what goes in
  /// @param part draws on nothing that has a gradient but `x`, parameters and what [#shared] gave
  /// @return what comes out, of the scope that is open
  Tensor apply(Tensor x, UnaryOperator<Tensor> part) {
    if (!GradMode.is_enabled()) {
      return part.apply(x);
    }
    Tensor input = shared(x);
    long drawn = masks.drawn();
    PointerScope outer = PointerScope.getInnerScope();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor output = part.apply(input).detach();
      output.set_requires_grad(true);
      outer.attach(output);
      parts.push(new Computation(part, input.retainReference(), output.retainReference(), drawn));
      return output;
    }
  }

  /// A tensor that several parts draw on, so that its own graph is walked back once, with the sum
  /// of their gradients.
  Tensor shared(Tensor x) {
    if (!GradMode.is_enabled() || !x.requires_grad() || x.is_leaf()) {
      return x;
    }
    Tensor leaf = x.detach();
    leaf.set_requires_grad(true);
    parts.push(new Cut(x.retainReference(), leaf.retainReference()));
    return leaf;
  }

  /// Gathers the gradients of all parameters, and forgets the pass.
  ///
  /// @param loss of what the last part gave
  void backward(Tensor loss) {
    long drawn = masks.drawn();
    loss.backward();
    while (!parts.isEmpty()) {
      try (PointerScope scope = new PointerScope();
          Part part = parts.pop()) {
        part.backward();
      }
    }
    masks.restore(drawn);
  }

  @Override
  public void close() {
    parts.forEach(Part::close);
    parts.clear();
  }

  /// A part that is computed twice. Owns the two tensors.
  private final class Computation implements Part {
    private final UnaryOperator<Tensor> part;
    private final Tensor input;
    private final Tensor output;
    private final long drawn;

    /// @param drawn masks before it
    Computation(UnaryOperator<Tensor> part, Tensor input, Tensor output, long drawn) {
      this.part = part;
      this.input = input;
      this.output = output;
      this.drawn = drawn;
    }

    @Override
    public void backward() {
      Tensor gradient = output.grad();
      if (gradient.defined()) {
        masks.restore(drawn);
        Tensor again = part.apply(input);
        if (again.requires_grad()) {
          Gradients.backward(again, gradient);
        }
      }
    }

    @Override
    public void close() {
      input.close();
      output.close();
    }
  }

  /// Where the graph of a tensor was cut off. Owns the two tensors.
  private record Cut(Tensor whole, Tensor leaf) implements Part {
    @Override
    public void backward() {
      Tensor gradient = leaf.grad();
      if (gradient.defined()) {
        Gradients.backward(whole, gradient);
      }
    }

    @Override
    public void close() {
      whole.close();
      leaf.close();
    }
  }
}
