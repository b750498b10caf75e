package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.OperatingSystemMXBean;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/// What is asked of a recipe's `model_config` before a weight of it is allocated: a checkpoint is
/// as large as its file, but a new network is as large as someone typed.
final class NewNetwork {
  private static final String KEY = "model_config";
  private static final String DEVIATION = "initializer_range";

  private static final double USUAL_DEVIATION = 0.02;

  private NewNetwork() {}

  /// @throws NunchiException `INVALID_RECIPE` where the weights alone need more than the machine's
  ///   memory, or `initializer_range` is no standard deviation; as [Network#of(JsonNode, String)]
  static void check(JsonNode config) {
    check(config, machineBytes());
  }

  static void check(JsonNode config, long machineBytes) {
    deviation(config, KEY);
    // As floating numbers: sizes of 2^31 multiply to more than a long holds.
    double weights =
        Network.of(config, KEY).parameters().stream().mapToDouble(NewNetwork::size).sum();
    if (weights * Float.BYTES > machineBytes) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          String.format(
              Locale.ROOT,
              "%s describes %.3g weights, which take %.1f GB; the machine has %.1f GB of memory",
              KEY,
              weights,
              weights * Float.BYTES / 1e9,
              machineBytes / 1e9));
    }
  }

  /// The standard deviation of weights that start afresh.
  ///
  /// @param origin where the configuration stands, as errors name it
  static double deviation(JsonNode config, String origin) {
    JsonNode value = config.path(DEVIATION);
    if (value.isMissingNode() || value.isNull()) {
      return USUAL_DEVIATION;
    }
    double deviation = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(deviation >= 0 && deviation < Double.POSITIVE_INFINITY)) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "%s: %s should be a number of at least 0, but is %s".formatted(origin, DEVIATION, value));
    }
    return deviation;
  }

  private static double size(Parameter parameter) {
    return parameter.shape().stream().mapToDouble(Integer::doubleValue).reduce(1, (a, b) -> a * b);
  }

  private static long machineBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
