import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/// A day's traffic on pods that an autoscaler adds and takes away, second by second.
///
/// What is modelled: texts come as a Poisson process along a day's curve with bursts; pods work
/// them off in turn from one queue (callers spread, as with the headless Service), refuse what
/// would wait for longer than its deadline, and answer first some seconds after they were asked
/// for. Prometheus reads them every few seconds, its `rate` looks some further ones back. KEDA asks
/// every 5 s whether there is anything to do at all (0 to 1, and to 0 after the cooldown); between,
/// the HorizontalPodAutoscaler decides every 15 s as its documentation says: the largest of
/// `ceil(replicas * metric / target)` with a tolerance of a tenth, at most so many more in a
/// period, and down to the largest recommendation of the stabilisation window.
///
/// What is not: pods that differ, nodes that have to be made first, callers who come again.
final class Autoscaling {
  private static final int DAY = 86_400;

  /// Of the HorizontalPodAutoscaler.
  private static final int SYNC = 15;

  /// @param textsPerSecond of one pod
  /// @param threads of one pod
  /// @param firstAnswer seconds from asking for a pod to its first answer, in the median
  record Pod(double textsPerSecond, int threads, double firstAnswer) {}

  /// What the autoscaler is told.
  enum Metric {
    /// Texts that wait or are run, the predicted queue (50 ms), and refusals (one a second), each
    /// by itself: the first form of k8s/components/keda.
    THREE,
    /// Workers that are needed: those that are busy, as many more as texts were refused, and those
    /// that work off the queue in half a minute: k8s/components/keda as it is.
    NEEDED
  }

  /// @param target texts in flight, or workers, for each pod
  /// @param spare square roots of the workers needed that are to be there besides
  /// @param scrape seconds from one look of Prometheus to the next
  /// @param history seconds that its `rate` looks back
  /// @param upPercent most growth in 15 s
  /// @param downPercent most shrinking in 60 s; one pod at least
  /// @param stabilisation seconds of which the largest recommendation counts on the way down
  record Scaling(
      Metric metric,
      double target,
      double spare,
      int scrape,
      int history,
      int least,
      int upPercent,
      int downPercent,
      int stabilisation) {
    static final int MOST = 500;
    static final int COOLDOWN = 300;
    static final double QUEUE_MILLIS = 50;
    static final double REFUSED = 1;
    static final double WORK_OFF_SECONDS = 30;
  }

  record Result(
      double p50,
      double p99,
      double refusedShare,
      double spare,
      int mostPods,
      int firstAfterZero) {}

  private final Pod pod;
  private final Scaling scaling;
  private final Random random;
  private final double[] demand;

  private Autoscaling(Pod pod, Scaling scaling, double peakPods, long seed) {
    this.pod = pod;
    this.scaling = scaling;
    this.random = new Random(seed);
    this.demand = day(peakPods * pod.textsPerSecond(), new Random(seed));
  }

  /// Most at nine in the evening, none from three to half past four, and two dozen bursts of 1.5 to
  /// 3 times, one of ten times in the quiet of the morning.
  private static double[] day(double peak, Random random) {
    double[] demand = new double[DAY];
    for (int t = 0; t < DAY; t++) {
      double hour = t / 3600.0;
      double curve =
          0.45
              + 0.4 * Math.cos((hour - 21) / 24 * 2 * Math.PI)
              + 0.15 * Math.cos((hour - 12.5) / 12 * 2 * Math.PI);
      demand[t] = hour >= 3 && hour < 4.5 ? 0 : peak * Math.max(0.02, curve);
    }
    for (int i = 0; i < 24; i++) {
      burst(
          demand,
          (5 + random.nextInt(18)) * 3600 + random.nextInt(3600),
          1.5 + 1.5 * random.nextDouble(),
          120 + random.nextInt(480),
          60);
    }
    burst(demand, 6 * 3600, 10, 600, 30);
    return demand;
  }

  private static void burst(double[] demand, int start, double factor, int length, int ramp) {
    for (int t = start; t < Math.min(DAY, start + length); t++) {
      double share =
          Math.min(1, Math.min((t - start) / (double) ramp, (start + length - t) / (double) ramp));
      demand[t] *= 1 + (factor - 1) * share;
    }
  }

  Result run(double deadline) {
    double[] latencies = new double[DAY];
    double[] weights = new double[DAY];
    double queue = 0;
    double refusedAll = 0;
    double served = 0;
    double podSeconds = 0;
    int ready = scaling.least();
    int wanted = scaling.least();
    int most = 0;
    int firstAfterZero = 0;
    int idleSince = 0;
    int zeroSince = -1;
    Deque<Integer> starting = new ArrayDeque<>();
    double[] inFlight = new double[DAY];
    double[] busy = new double[DAY];
    int[] readyAt = new int[DAY];
    double[] refusals = new double[DAY];
    double[] predicted = new double[DAY];
    int[] wantedAt = new int[DAY];
    int[] recommended = new int[DAY];
    for (int t = 0; t < DAY; t++) {
      while (!starting.isEmpty() && starting.peek() <= t) {
        starting.poll();
        ready++;
      }
      double arrivals = poisson(demand[t]);
      if (arrivals > 0 && ready == 0 && zeroSince < 0) {
        zeroSince = t;
      }
      if (ready > 0 && zeroSince >= 0) {
        firstAfterZero = Math.max(firstAfterZero, t - zeroSince);
        zeroSince = -1;
      }
      double capacity = ready * pod.textsPerSecond();
      double room = ready == 0 ? Double.MAX_VALUE : Math.max(0, capacity * (1 + deadline) - queue);
      double taken = Math.min(arrivals, room);
      double done = Math.min(queue + taken, capacity);
      double before = queue;
      queue += taken - done;
      refusedAll += arrivals - taken;
      served += done;
      podSeconds += ready + starting.size();
      double wait = capacity == 0 ? 10 : (before + queue) / 2 / capacity;
      latencies[t] = wait + pod.threads() / pod.textsPerSecond();
      weights[t] = taken;
      busy[t] = done / pod.textsPerSecond() * pod.threads();
      readyAt[t] = ready;
      inFlight[t] = done / pod.textsPerSecond() * pod.threads() + queue;
      refusals[t] = arrivals - taken;
      predicted[t] = ready == 0 ? 0 : 1000 * queue / capacity;
      wantedAt[t] = wanted;

      int seen = t - t % scaling.scrape();
      double metricInFlight = mean(inFlight, seen);
      boolean active = metricInFlight > 0 || (t % 5 == 0 && demand[t] > 0 && wanted == 0);
      if (active) {
        idleSince = t;
      }
      if (wanted == 0) {
        if (active) {
          wanted = Math.max(1, scaling.least());
        }
      } else if (t % SYNC == 0) {
        int raw =
            switch (scaling.metric()) {
              case THREE ->
                  Math.max(
                      Math.max(
                          average(metricInFlight, scaling.target(), wanted),
                          average(mean(refusals, seen), Scaling.REFUSED, wanted)),
                      value(predicted[seen], Scaling.QUEUE_MILLIS, wanted));
              case NEEDED ->
                  average(
                      withSpare(
                          mean(busy, seen)
                              + mean(refusals, seen) / pod.textsPerSecond() * pod.threads()
                              + predicted[seen]
                                  / 1000
                                  * readyAt[seen]
                                  * pod.threads()
                                  / Scaling.WORK_OFF_SECONDS),
                      scaling.target(),
                      wanted);
            };
        recommended[t] = raw;
        wanted = bounded(raw, t, wanted, wantedAt, recommended);
        if (scaling.least() == 0 && t - idleSince >= Scaling.COOLDOWN) {
          wanted = 0;
        }
      }
      while (ready + starting.size() > wanted) {
        if (!starting.isEmpty()) {
          starting.pollLast();
        } else {
          ready--;
        }
      }
      List<Integer> times = new ArrayList<>(starting);
      while (ready + times.size() < wanted) {
        times.add(t + (int) Math.ceil(pod.firstAnswer() * Math.exp(0.3 * random.nextGaussian())));
      }
      times.sort(null);
      starting.clear();
      starting.addAll(times);
      most = Math.max(most, ready);
    }
    return new Result(
        quantile(latencies, weights, 0.5),
        quantile(latencies, weights, 0.99),
        refusedAll / (served + refusedAll),
        podSeconds * pod.textsPerSecond() / served - 1,
        most,
        firstAfterZero);
  }

  private int bounded(int raw, int t, int wanted, int[] wantedAt, int[] recommended) {
    if (raw > wanted) {
      int base = wantedAt[Math.max(0, t - 15)];
      int limit = (int) Math.ceil(Math.max(base, 1) * (1 + scaling.upPercent() / 100.0));
      return Math.min(Math.min(raw, limit), Scaling.MOST);
    }
    int stable = raw;
    for (int past = Math.max(0, t - scaling.stabilisation()); past <= t; past++) {
      stable = Math.max(stable, recommended[past]);
    }
    int base = wantedAt[Math.max(0, t - 60)];
    int limit = base - Math.max((int) (base * (scaling.downPercent() / 100.0)), 1);
    return Math.min(wanted, Math.max(Math.max(stable, limit), Math.max(1, scaling.least())));
  }

  /// Few pods need a greater part to spare than many (square-root staffing; Halfin and Whitt,
  /// 1981).
  private double withSpare(double workers) {
    return workers + scaling.spare() * Math.sqrt(workers);
  }

  /// `AverageValue`: the sum, shared by all.
  private static int average(double sum, double target, int replicas) {
    double ratio = sum / replicas / target;
    return Math.abs(ratio - 1) <= 0.1 ? replicas : (int) Math.ceil(sum / target);
  }

  private static int value(double value, double target, int replicas) {
    double ratio = value / target;
    return Math.abs(ratio - 1) <= 0.1 ? replicas : (int) Math.ceil(replicas * ratio);
  }

  private double mean(double[] values, int end) {
    int from = Math.max(0, end - scaling.history());
    double sum = 0;
    for (int i = from; i < end; i++) {
      sum += values[i];
    }
    return end == from ? 0 : sum / (end - from);
  }

  private double poisson(double mean) {
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.nextGaussian()));
  }

  private static double quantile(double[] values, double[] weights, double share) {
    Integer[] order = new Integer[values.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(values[a], values[b]));
    double all = Arrays.stream(weights).sum();
    double sum = 0;
    for (int i : order) {
      sum += weights[i];
      if (sum >= share * all) {
        return values[i];
      }
    }
    return 0;
  }

  public static void main(String[] arguments) {
    long seed = arguments.length > 0 ? Long.parseLong(arguments[0]) : 1;
    double peakPods = arguments.length > 1 ? Double.parseDouble(arguments[1]) : 200;
    double firstAnswer = arguments.length > 2 ? Double.parseDouble(arguments[2]) : 8;
    double textsPerSecond = arguments.length > 3 ? Double.parseDouble(arguments[3]) : 1000;
    double deadline = arguments.length > 4 ? Double.parseDouble(arguments[4]) : 0.3;
    Pod pod = new Pod(textsPerSecond, 2, firstAnswer);
    List<Scaling> scalings = new ArrayList<>();
    scalings.add(new Scaling(Metric.THREE, 2, 0, 15, 60, 1, 300, 0, 300));
    scalings.add(new Scaling(Metric.THREE, 1.6, 0, 15, 60, 1, 300, 10, 300));
    for (int scrape : new int[] {15, 5}) {
      for (double target : new double[] {1.9, 1.8, 1.7, 1.6, 1.5, 1.4}) {
        for (double spare : new double[] {0, 0.5, 1}) {
          for (int stabilisation : new int[] {300, 120, 60}) {
            scalings.add(
                new Scaling(
                    Metric.NEEDED, target, spare, scrape, 4 * scrape, 1, 300, 25, stabilisation));
          }
        }
      }
    }
    scalings.add(new Scaling(Metric.NEEDED, 1.7, 0, 5, 20, 0, 300, 25, 60));
    System.out.printf(
        "%-7s %6s %6s %7s %6s %7s %6s %8s %8s %9s %7s %6s %6s%n",
        "metric",
        "target",
        "spare",
        "scrape",
        "down %",
        "window",
        "least",
        "p50 ms",
        "p99 ms",
        "refused %",
        "spare %",
        "most",
        "wake s");
    for (Scaling scaling : scalings) {
      Result result = new Autoscaling(pod, scaling, peakPods, seed).run(deadline);
      System.out.printf(
          Locale.ROOT,
          "%-7s %6.1f %6.1f %7d %6d %7d %6d %8.1f %8.1f %9.2f %7.1f %6d %6d%n",
          scaling.metric().name().toLowerCase(Locale.ROOT),
          scaling.target(),
          scaling.spare(),
          scaling.scrape(),
          scaling.downPercent(),
          scaling.stabilisation(),
          scaling.least(),
          1000 * result.p50(),
          1000 * result.p99(),
          100 * result.refusedShare(),
          100 * result.spare(),
          result.mostPods(),
          result.firstAfterZero());
    }
  }
}
