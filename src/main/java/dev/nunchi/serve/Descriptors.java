package dev.nunchi.serve;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import org.jboss.logging.Logger;

/// The files and connections that the system lets this process have open at a time, `ulimit -n`.
final class Descriptors {
  private static final Logger LOG = Logger.getLogger(Descriptors.class);

  /// For models, logs, and connections that are refused.
  private static final int KEPT = 64;

  private Descriptors() {}

  /// The limits, lowered where the process could not open so many connections, which the log says.
  static ConnectionLimits bounded(ConnectionLimits limits) {
    if (!(ManagementFactory.getOperatingSystemMXBean()
        instanceof UnixOperatingSystemMXBean system)) {
      return limits;
    }
    int most =
        most(
            limits.most(), system.getMaxFileDescriptorCount(), system.getOpenFileDescriptorCount());
    if (limits.most() != 0 && most < limits.most()) {
      LOG.warnf(
          "At most %d connections are taken and not %d, as this process may have %d files and"
              + " connections open; raise that with 'ulimit -n', or lower"
              + " nunchi.limits.max-connections",
          most, limits.most(), system.getMaxFileDescriptorCount());
    }
    return limits.withMost(most);
  }

  /// @param wanted connections; 0 for as many as there are
  /// @param all descriptors of the process
  /// @param open those of them that are in use
  static int most(int wanted, long all, long open) {
    int possible = Math.clamp(all - open - KEPT, 1, Integer.MAX_VALUE);
    return wanted == 0 ? possible : Math.min(wanted, possible);
  }
}
