package dev.nunchi.cli;

import dev.nunchi.ResidentMemory;
import dev.nunchi.data.DataReport;
import dev.nunchi.train.Evaluation;
import dev.nunchi.train.MemoryEstimate;
import dev.nunchi.train.Teaching;
import dev.nunchi.train.TrainingListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Shows a training run: on a terminal one line that is rewritten, elsewhere a line every half
/// minute and for the first and the last step; after each evaluation a line, at the end a summary.
final class TrainingProgress implements TrainingListener {
  private static final Duration ON_TERMINAL = Duration.ofMillis(250);
  private static final Duration ELSEWHERE = Duration.ofSeconds(30);
  private static final double SMOOTHING = 0.95;

  private final TrainingSummary summary;
  private final LiveLine live;
  private final LongSupplier nanoTime;
  private final Supplier<OptionalLong> memory;
  private final StepRate rate;
  private long stageNanos;
  private long startNanos;
  private long shownNanos;
  private double smoothedLoss = Double.NaN;
  private @Nullable Step shown;
  private @Nullable Step last;

  /// @param out standard error
  /// @param data directory with the texts, named in the summary
  /// @param output directory that the run writes, named in the summary
  TrainingProgress(PrintWriter out, Path data, Path output) {
    this(
        out,
        new TrainingSummary(data, output),
        TerminalWidth.ofStandardError(),
        System::nanoTime,
        ResidentMemory.ofThisProcess()::bytes);
  }

  /// @param width columns of the terminal, 0 where there is none
  /// @param nanoTime as [System#nanoTime]
  TrainingProgress(
      PrintWriter out,
      TrainingSummary summary,
      IntSupplier width,
      LongSupplier nanoTime,
      Supplier<OptionalLong> memory) {
    this.summary = summary;
    this.live = new LiveLine(out, width);
    this.nanoTime = nanoTime;
    this.memory = memory;
    this.rate = new StepRate(nanoTime);
  }

  @Override
  public void preparing(String stage) {
    line(stage + " …");
    stageNanos = nanoTime.getAsLong();
    shownNanos = stageNanos;
  }

  @Override
  public void inspected(DataReport report) {
    report.describe().lines().forEach(this::line);
  }

  @Override
  public void taught(Teaching teaching, int missing) {
    line("taught by " + teaching.described());
    line(
        format(
            "%s; it scores %,d different ones, before its calibration%s",
            teaching.manner(), missing, missing == 0 ? ", as all scores are kept" : ""));
  }

  @Override
  public void scored(int done, int total, double share) {
    long now = nanoTime.getAsLong();
    Duration interval = live.isLive() ? ON_TERMINAL : ELSEWHERE;
    if (done < total && now - shownNanos < interval.toNanos()) {
      return;
    }
    shownNanos = now;
    double seconds = (now - stageNanos) / 1e9;
    double perSecond = done / Math.max(seconds, 1e-3);
    live.show(
        new ProgressLine()
            .add(0, format("%,d of %,d texts (%d %%)", done, total, 100L * done / total))
            .add(2, format(perSecond < 10 ? "%.1f texts/s" : "%,.0f texts/s", perSecond))
            .add(1, ElapsedTime.shown(seconds / share * (1 - share)) + " left"));
  }

  @Override
  public void planned(Plan plan) {
    line(
        format(
            "%,d training texts (%,d tokens, %,d cut), %,d for validation, labels %s",
            plan.trainExamples(),
            plan.trainTokens(),
            plan.truncatedExamples(),
            plan.validationExamples(),
            String.join(" ", plan.labels().names())));
    line(
        format(
            "%,d parameters (%d new tensors)%s, %,d steps, %.1f epochs",
            plan.parameters(),
            plan.freshTensors().size(),
            plan.trained() < plan.parameters()
                ? format(", of which %,d are trained", plan.trained())
                : "",
            plan.totalSteps(),
            plan.epochs()));
    int fresh = plan.freshTensors().size();
    if (fresh > 0 && fresh < plan.tensors()) {
      line("new, at their initial values: " + String.join(", ", plan.freshTensors()));
    }
    MemoryEstimate memory = plan.memory();
    line(
        format(
                "about %,d MB of memory: %,d for the program and texts, %,d for weights, %,d for"
                    + " gradients, %,d for the optimiser, %,d for",
                megabytes(memory.total()),
                megabytes(memory.program()),
                megabytes(memory.parameters()),
                megabytes(memory.gradients()),
                megabytes(memory.optimizer()),
                megabytes(memory.activations()))
            + " activations of the largest batch");
    start();
  }

  private static long megabytes(long bytes) {
    return Math.round(bytes / 1e6);
  }

  @Override
  public void resumed(Path checkpoint, long step) {
    line(format("Going on after step %,d from %s", step, checkpoint));
    summary.resumed(step);
    start();
  }

  private void start() {
    startNanos = nanoTime.getAsLong();
    rate.restartClock();
  }

  @Override
  public void stepped(Step step) {
    last = step;
    summary.stepped(step);
    rate.stepped(step.tokens());
    smoothedLoss =
        Double.isNaN(smoothedLoss)
            ? step.loss()
            : SMOOTHING * smoothedLoss + (1 - SMOOTHING) * step.loss();
    Duration interval = live.isLive() ? ON_TERMINAL : ELSEWHERE;
    if (shown == null
        || step.step() == step.totalSteps()
        || nanoTime.getAsLong() - shownNanos >= interval.toNanos()) {
      show(step);
    }
  }

  @Override
  public void evaluated(long step, Evaluation evaluation, boolean best) {
    summary.evaluated(step, evaluation, best);
    line(
        format(
            "step %,d: validation %s%s",
            step, evaluation.summary(), best ? ", the best so far" : ""));
    rate.restartClock();
  }

  @Override
  public void saved(Path directory) {
    line("saved to " + directory);
    rate.restartClock();
  }

  @Override
  public void warned(String sentence) {
    line("Note: " + sentence);
  }

  @Override
  public void ended(Ending outcome) {
    if (last != null && !last.equals(shown) && !live.isLive()) {
      show(last);
    }
    summary.lines(outcome, (nanoTime.getAsLong() - startNanos) / 1e9, rate).forEach(this::line);
  }

  @Override
  public void failed() {
    live.finish();
  }

  private void show(Step step) {
    ProgressLine line =
        new ProgressLine()
            .add(0, format("step %,d/%,d", step.step(), step.totalSteps()))
            .add(4, format("epoch %.2f", step.epoch()))
            .add(1, format("loss %.4f", smoothedLoss))
            .add(5, format("lr %.2e", step.learningRate()))
            .add(6, format("norm %.2f", step.gradientNorm()))
            .add(3, format("%,.0f tokens/s", rate.tokensPerSecond()))
            .add(8, format("padding %.0f %%", 100 * step.paddingShare()));
    memory.get().ifPresent(bytes -> line.add(7, format("%.1f GB", bytes / 1e9)));
    line.add(2, ElapsedTime.shown(secondsLeft(step)) + " left");
    live.show(line);
    shown = step;
    shownNanos = nanoTime.getAsLong();
  }

  /// As steps go lately, plus what evaluations and saves have added so far.
  private double secondsLeft(Step step) {
    double elapsed = (nanoTime.getAsLong() - startNanos) / 1e9;
    double added = rate.totalSeconds() == 0 ? 1 : elapsed / rate.totalSeconds();
    return (step.totalSteps() - step.step()) * rate.secondsPerStep() * added;
  }

  private void line(String text) {
    live.print(text);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
