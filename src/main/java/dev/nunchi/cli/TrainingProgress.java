package dev.nunchi.cli;

import dev.nunchi.train.BestMetric;
import dev.nunchi.train.Evaluation;
import dev.nunchi.train.TrainingListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;

/// Shows a training run: on a terminal one line that is rewritten, elsewhere a line now and then.
final class TrainingProgress implements TrainingListener {
  private static final Duration ON_TERMINAL = Duration.ofMillis(250);
  private static final Duration ELSEWHERE = Duration.ofSeconds(30);
  private static final double SMOOTHING = 0.95;

  private final PrintWriter out;
  private final boolean terminal = System.console() != null && System.console().isTerminal();
  private long firstStepNanos;
  private long shownNanos;
  private long tokens;
  private double smoothedLoss = Double.NaN;
  private boolean lineOpen;

  TrainingProgress(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void preparing(String stage) {
    line(stage + " …");
  }

  @Override
  public void planned(Plan plan) {
    line(
        "%,d training texts (%,d tokens, %,d cut), %,d for validation, labels %s"
            .formatted(
                plan.trainExamples(),
                plan.trainTokens(),
                plan.truncatedExamples(),
                plan.validationExamples(),
                String.join(" ", plan.labels().names())));
    line(
        "%,d parameters (%d new tensors), %,d steps, %.1f epochs"
            .formatted(
                plan.parameters(), plan.freshParameters(), plan.totalSteps(), plan.epochs()));
    line(
        "about %,d MB of memory: %,d for weights, %,d for gradients, %,d for the optimiser, %,d for"
                .formatted(
                    megabytes(plan.memory().total()),
                    megabytes(plan.memory().parameters()),
                    megabytes(plan.memory().gradients()),
                    megabytes(plan.memory().optimizer()),
                    megabytes(plan.memory().activations()))
            + " activations of the largest batch");
    firstStepNanos = System.nanoTime();
    shownNanos = firstStepNanos;
  }

  @Override
  public void stepped(Step step) {
    tokens += step.tokens();
    smoothedLoss =
        Double.isNaN(smoothedLoss)
            ? step.loss()
            : SMOOTHING * smoothedLoss + (1 - SMOOTHING) * step.loss();
    long now = System.nanoTime();
    Duration interval = terminal ? ON_TERMINAL : ELSEWHERE;
    if (now - shownNanos < interval.toNanos() && step.step() < step.totalSteps()) {
      return;
    }
    shownNanos = now;
    double seconds = (now - firstStepNanos) / 1e9;
    long left = Math.round(seconds / step.step() * (step.totalSteps() - step.step()));
    String text =
        "step %,d/%,d  epoch %.2f  loss %.4f  lr %.2e  norm %.2f  %,.0f tokens/s  padding %.0f %%  %s left"
            .formatted(
                step.step(),
                step.totalSteps(),
                step.epoch(),
                smoothedLoss,
                step.learningRate(),
                step.gradientNorm(),
                tokens / seconds,
                100 * step.paddingShare(),
                clock(left));
    if (terminal) {
      out.print("\r\033[K" + text);
      out.flush();
      lineOpen = true;
    } else {
      line(text);
    }
  }

  @Override
  public void evaluated(long step, Evaluation evaluation, boolean best) {
    line(
        "step %,d: validation accuracy %.4f, macro F1 %.4f, loss %.4f%s"
            .formatted(
                step,
                evaluation.value(BestMetric.ACCURACY),
                evaluation.value(BestMetric.MACRO_F1),
                evaluation.value(BestMetric.LOSS),
                best ? ", the best so far" : ""));
  }

  @Override
  public void saved(Path directory) {
    line("saved to " + directory);
  }

  @Override
  public void warned(String sentence) {
    line("Note: " + sentence);
  }

  @Override
  public void resumed(Path checkpoint, long step) {
    line("Going on after step %,d from %s".formatted(step, checkpoint));
  }

  @Override
  public void ended(Outcome outcome) {
    if (outcome.stopped()) {
      line("Stopped after step %,d; --resume goes on".formatted(outcome.step()));
    }
  }

  private void line(String text) {
    if (lineOpen) {
      out.println();
      lineOpen = false;
    }
    out.println(text);
  }

  private static long megabytes(long bytes) {
    return Math.round(bytes / 1e6);
  }

  private static String clock(long seconds) {
    return "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
