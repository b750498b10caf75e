package dev.nunchi.serve;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// What `serve` does before it opens its port, without Quarkus.
public final class ServerStart {
  private ServerStart() {}

  /// Opens the model and closes it again.
  ///
  /// @param log takes what is logged meanwhile
  public static void run(Path model, PrintWriter log) {
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            log.println(entry.getMessage());
            if (entry.getThrown() != null) {
              entry.getThrown().printStackTrace(log);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(NamedModels.class.getName());
    logger.addHandler(handler);
    try {
      Map<String, String> settings =
          Map.of("nunchi.models[0].directory", model.toString(), "nunchi.device", "cpu");
      ServeConfig config =
          ServeConfig.from(
              new SmallRyeConfigBuilder()
                  .withSources(new PropertiesConfigSource(settings, "test", 100))
                  .build());
      new ModelStartup().models(config, new ModelOpener(config)).close();
    } finally {
      logger.removeHandler(handler);
    }
  }
}
