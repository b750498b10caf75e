package dev.nunchi.torch;

/// Which of the weights that a training passes through are averaged, for a network that answers
/// better than any of them.
public sealed interface Averaging {
  /// The weights as they are.
  Averaging NONE = new None();

  /// How much of the average the weights after a step become, in [0, 1].
  ///
  /// @param step counted from 1
  double share(long step);

  /// Whether an average stands in for the weights after a step.
  boolean isBegun(long step);

  /// Nothing is averaged.
  record None() implements Averaging {
    @Override
    public double share(long step) {
      return 0;
    }

    @Override
    public boolean isBegun(long step) {
      return false;
    }
  }

  /// The exponential moving average over all steps (Polyak and Juditsky, 1992; in this form
  /// Tarvainen and Valpola, 2017, <https://arxiv.org/abs/1703.01780>): after step `t` it moves
  /// towards the weights by `1 - min(decay, (1 + t) / (10 + t))`, so that the first steps, far from
  /// where training goes, do not weigh for long.
  ///
  /// @param decay in (0, 1)
  record Exponential(double decay) implements Averaging {
    @Override
    public double share(long step) {
      return 1 - Math.min(decay, (1.0 + step) / (10.0 + step));
    }

    @Override
    public boolean isBegun(long step) {
      return true;
    }
  }

  /// Stochastic weight averaging (Izmailov et al., 2018, <https://arxiv.org/abs/1803.05407>): the
  /// plain mean of the weights at the ends of the last epochs. Before the first of them the weights
  /// are as they are.
  ///
  /// @param first step whose weights are taken in
  /// @param every steps from one to the next
  record Stochastic(long first, long every) implements Averaging {
    @Override
    public double share(long step) {
      return step < first || (step - first) % every != 0 ? 0 : 1.0 / (1 + (step - first) / every);
    }

    @Override
    public boolean isBegun(long step) {
      return step >= first;
    }
  }
}
