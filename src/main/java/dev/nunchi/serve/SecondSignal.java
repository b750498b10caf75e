package dev.nunchi.serve;

import java.lang.reflect.Proxy;
import org.jboss.logging.Logger;

/// Hears of a second SIGTERM or SIGINT, which Java takes no notice of once it is at stopping.
///
/// The class that hears of signals, `sun.misc.Signal` of the module `jdk.unsupported`, is called by
/// name: the compiler warns of it, and cannot be told not to.
final class SecondSignal {
  private static final Logger LOG = Logger.getLogger(SecondSignal.class);

  private SecondSignal() {}

  /// Has it run at each further signal from now on.
  static void then(Runnable task) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object runs =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (_, method, _) -> {
                if (method.getName().equals("handle")) {
                  task.run();
                }
                return null;
              });
      for (String name : new String[] {"TERM", "INT"}) {
        signal
            .getMethod("handle", signal, handler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), runs);
      }
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      LOG.debug("A second signal will not be heard", e);
    }
  }
}
