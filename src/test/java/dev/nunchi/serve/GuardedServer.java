package dev.nunchi.serve;

import dev.nunchi.infer.Backend;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.ClassifierSettings;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.Workers;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.PaddedBatch;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.ConfigProvider;

/// A server that asks for tokens, logs its calls, and serves a model that fails, one that waits for
/// the test and a [StagedModel] beside one that answers.
public class GuardedServer implements QuarkusTestProfile {
  static final String TOKEN = "right-token-0123456789";

  /// What the model `failing` says when it fails, which no caller may read.
  static final String SECRET = "/var/lib/inner-secret";

  @Override
  public Map<String, String> getConfigOverrides() {
    try {
      Path directory = Files.createTempDirectory("nunchi-guarded");
      Path tokens = Files.writeString(directory.resolve("tokens"), "# test\n" + TOKEN + "\n");
      Path log = directory.resolve("access.log");
      Map<String, String> settings = new HashMap<>(accessLog(log));
      settings.putAll(
          Map.of(
              "nunchi.auth.tokens-file",
              tokens.toString(),
              "nunchi.playground",
              "true",
              "nunchi.reload-period",
              "0.2S",
              "nunchi.limits.write-timeout",
              "2S",
              "quarkus.http.cors.enabled",
              "true",
              "quarkus.http.cors.origins",
              "https://known.example"));
      return settings;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Settings by which a server logs its calls to a file.
  static Map<String, String> accessLog(Path file) {
    return Map.of(
        "nunchi.access-log",
        "true",
        "quarkus.log.handler.file.\"access-file\".enabled",
        "true",
        "quarkus.log.handler.file.\"access-file\".path",
        file.toString(),
        "quarkus.log.handler.file.\"access-file\".format",
        "%s%n",
        "quarkus.log.category.\"dev.nunchi.access\".handlers",
        "access-file",
        "test.access-log",
        file.toString());
  }

  @Override
  public Set<Class<?>> getEnabledAlternatives() {
    return Set.of(Models.class, SmallSockets.class);
  }

  /// Has the system take little of what nobody reads, so that a test soon sees what comes then.
  @Alternative
  @Singleton
  static final class SmallSockets implements HttpServerOptionsCustomizer {
    private static final int BYTES = 16 << 10;

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
      options.setSendBufferSize(BYTES);
    }
  }

  static Path tokens() {
    return Path.of(ConfigProvider.getConfig().getValue("nunchi.auth.tokens-file", String.class));
  }

  static Path accessLog() {
    return Path.of(ConfigProvider.getConfig().getValue("test.access-log", String.class));
  }

  /// Runs of the model `waiting` that may go on.
  static final Semaphore PERMITS = new Semaphore(0);

  /// Runs of the model `waiting` that have begun.
  static final AtomicInteger BEGUN = new AtomicInteger();

  /// The tiny model, and two with its encoder: one whose runs fail, and one whose runs wait.
  @Alternative
  @Singleton
  static class Models {
    @Produces
    @Alternative
    @Singleton
    ModelRegistry models(ServeConfig config) {
      LoadedModel tiny =
          ModelLoader.load(
              Path.of(config.models().getFirst().directory()),
              new LoadOptions(
                  config.device(), new Workers(OptionalInt.of(1), 16), OptionalInt.empty()));
      return new ModelRegistry(
          List.of(
              new ServedModel("tiny", tiny),
              withBackend("failing", tiny, new FailingBackend()),
              withBackend("waiting", tiny, new WaitingBackend()),
              with("staged", tiny, new StagedModel.Encoding(tiny), new StagedModel.Running())));
    }

    private static ServedModel withBackend(String name, LoadedModel tiny, Backend backend) {
      return with(
          name,
          tiny,
          (text, context, truncation) -> tiny.classifier().encode(text, truncation),
          backend);
    }

    static ServedModel with(String name, LoadedModel tiny, Encoder encoder, Backend backend) {
      Classifier classifier =
          new Classifier(
              encoder,
              backend,
              new ClassifierSettings(
                  "tiny",
                  tiny.manifest().task().labels(),
                  tiny.manifest().task().problemType(),
                  1,
                  0,
                  new Workers(OptionalInt.of(1), 16).on(InferenceOptions.Device.CPU)));
      return new ServedModel(name, new LoadedModel(tiny.manifest(), 24, "cpu", classifier));
    }
  }

  private static final class WaitingBackend implements Backend {
    @Override
    public float[][] logits(PaddedBatch batch) {
      BEGUN.incrementAndGet();
      PERMITS.acquireUninterruptibly();
      return new float[][] {{1, 0, 0}};
    }

    @Override
    public void close() {}
  }

  private static final class FailingBackend implements Backend {
    @Override
    public float[][] logits(PaddedBatch batch) {
      throw new AssertionError(SECRET + " is broken");
    }

    @Override
    public void close() {}
  }
}
