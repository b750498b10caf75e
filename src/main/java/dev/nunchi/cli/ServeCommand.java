package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusBindException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `nunchi serve`: hands its options to the server as settings and runs it until it is told to
/// stop.
@Command(
    name = "serve",
    header = "Serves models over gRPC and REST.",
    description = {
      "",
      "Opens the models, proves with each model's probe that it answers as it did in training, and"
          + " only then opens the port. gRPC, REST, health and metrics share it. SIGTERM lets the"
          + " calls in flight end.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi serve",
      "      Serve the built-in model on port 8080.",
      "  nunchi serve --model my-model --model movies=models/nsmc-small --port 9000",
      "      Serve two models; requests that name none go to the first.",
      "",
      "  curl localhost:8080/v1/classify -H 'Content-Type: application/json' -d '{\"text\":"
          + " \"좋아요\"}'",
      "  grpcurl -plaintext -d '{\"text\": \"좋아요\"}' localhost:8080"
          + " nunchi.sentiment.v1.SentimentService/Classify",
      "  curl localhost:8080/q/health/ready",
      "",
      "Every setting is also an environment variable, such as QUARKUS_HTTP_PORT, NUNCHI_DEVICE or"
          + " NUNCHI_LIMITS_MAX_TEXT_BYTES.",
    })
final class ServeCommand implements Callable<Integer> {
  // A directory may have = in its name: what stands before the first one is a name only if it
  // looks like one.
  private static final Pattern NAMED = Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)");
  private static final int LAST_PORT = 65535;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "[NAME=]DIR",
      description = {
        "A model directory, as 'nunchi export' writes it, and the name by which requests choose it"
            + " (default: the name in the model). Give it again for further models; the first is"
            + " the default model. Without it the built-in model is served."
      })
  private List<String> models = new ArrayList<>();

  @Option(names = "--port", paramLabel = "PORT", description = "Where to listen (default: 8080).")
  private @Nullable Integer port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "The address to listen at (default: 0.0.0.0, all of them).")
  private @Nullable String host;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda",
      description = "What models run on (default: auto, a GPU where one can be used).")
  private @Nullable Device device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Texts of one model that are run at a time (default: one for each core).")
  private @Nullable Integer threads;

  @Override
  public Integer call() {
    settings().forEach(System::setProperty);
    AtomicInteger exitCode = new AtomicInteger();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    // Returns when the server has stopped, or could not start.
    Quarkus.run(
        null,
        (code, thrown) -> {
          exitCode.set(code);
          failure.set(thrown);
        });
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw reported(thrown);
    }
    return exitCode.get();
  }

  /// What kept the server from starting, in the user's words where they can mend it.
  static RuntimeException reported(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof NunchiException refused) {
        return refused;
      }
      if (cause instanceof QuarkusBindException inUse) {
        return new NunchiException(
            Reason.UNAVAILABLE,
            "Port %d of %s is in use by another program; choose another one with --port"
                .formatted(inUse.getPort(), inUse.getHost()),
            failure);
      }
    }
    return new IllegalStateException("The server could not start: " + failure, failure);
  }

  /// The options that were given, as the server's settings.
  Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    for (int i = 0; i < models.size(); i++) {
      String key = "nunchi.models[%d].".formatted(i);
      Matcher named = NAMED.matcher(models.get(i));
      if (named.matches()) {
        settings.put(key + "name", named.group(1));
        settings.put(key + "directory", named.group(2));
      } else {
        settings.put(key + "directory", models.get(i));
      }
    }
    if (port != null) {
      require(port >= 0 && port <= LAST_PORT, "--port is a number from 0 to 65535, not " + port);
      settings.put("quarkus.http.port", port.toString());
    }
    if (host != null) {
      settings.put("quarkus.http.host", host);
    }
    if (device != null) {
      settings.put("nunchi.device", device.name());
    }
    if (threads != null) {
      require(threads >= 1, "--threads is at least 1, not " + threads);
      settings.put("nunchi.threads", threads.toString());
    }
    return settings;
  }

  private void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }
}
