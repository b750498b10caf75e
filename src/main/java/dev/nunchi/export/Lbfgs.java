package dev.nunchi.export;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/// The minimum of a smooth convex function by the limited-memory BFGS method: the last ten steps
/// stand for the curvature, a step is halved until the function falls enough (Nocedal and Wright,
/// Numerical Optimization, 2006, algorithms 7.4 and 3.1).
final class Lbfgs {
  private static final int MEMORY = 10;
  private static final int MOST_STEPS = 500;
  private static final int MOST_HALVINGS = 40;

  /// Of the slope, which a step has to reach (Armijo's rule).
  private static final double SUFFICIENT = 1e-4;

  /// Of the largest part of the gradient, and of what a step changes of the value.
  private static final double TOLERANCE = 1e-7;

  private Lbfgs() {}

  /// A function and its gradient.
  interface Function {
    /// @param gradient gets the gradient at `x`
    /// @return the value
    double at(double[] x, double[] gradient);
  }

  private record Step(double[] moved, double[] turned, double inverseCurvature) {}

  /// Where the function is smallest.
  ///
  /// @param start is left as it is
  static double[] minimum(Function function, double[] start) {
    double[] x = start.clone();
    double[] gradient = new double[x.length];
    double value = function.at(x, gradient);
    Deque<Step> steps = new ArrayDeque<>();
    for (int i = 0; i < MOST_STEPS && largest(gradient) > TOLERANCE; i++) {
      double[] direction = direction(gradient, steps);
      double slope = dot(gradient, direction);
      double length = steps.isEmpty() ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
      double[] next = x;
      double[] turned = new double[x.length];
      double reached = value;
      for (int halving = 0; halving < MOST_HALVINGS; halving++) {
        next = sum(x, length, direction);
        reached = function.at(next, turned);
        if (reached <= value + SUFFICIENT * length * slope) {
          break;
        }
        length /= 2;
      }
      if (!(reached < value)) {
        break;
      }
      double[] moved = sum(next, -1, x);
      double[] change = sum(turned, -1, gradient);
      double curvature = dot(moved, change);
      if (curvature > 0) {
        if (steps.size() == MEMORY) {
          steps.removeFirst();
        }
        steps.addLast(new Step(moved, change, 1 / curvature));
      }
      boolean settled = value - reached <= TOLERANCE * Math.abs(value);
      x = next;
      gradient = turned;
      value = reached;
      if (settled) {
        break;
      }
    }
    return x;
  }

  /// Down, by the two loops over the last steps.
  private static double[] direction(double[] gradient, Deque<Step> steps) {
    double[] q = gradient.clone();
    Deque<Double> shares = new ArrayDeque<>();
    steps
        .descendingIterator()
        .forEachRemaining(step -> {
          double share = step.inverseCurvature() * dot(step.moved(), q);
          shares.addFirst(share);
          add(q, -share, step.turned());
        });
    if (!steps.isEmpty()) {
      Step last = steps.getLast();
      double scale = 1 / (last.inverseCurvature() * dot(last.turned(), last.turned()));
      scale(q, scale);
    }
    for (Step step : steps) {
      double share = step.inverseCurvature() * dot(step.turned(), q);
      add(q, shares.removeFirst() - share, step.moved());
    }
    scale(q, -1);
    return q;
  }

  private static double[] sum(double[] a, double factor, double[] b) {
    double[] sum = a.clone();
    add(sum, factor, b);
    return sum;
  }

  private static void add(double[] to, double factor, double[] other) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * other[i];
    }
  }

  private static void scale(double[] x, double factor) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double largest(double[] x) {
    return Arrays.stream(x).map(Math::abs).max().orElse(0);
  }
}
