package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.BuiltInModel;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.Workers;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.http.HttpServer;
import io.quarkus.vertx.http.HttpServerStart;
import io.quarkus.vertx.http.HttpsServerStart;
import io.smallrye.config.SmallRyeConfig;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/// Opens the models before the port: whoever can connect finds them ready. A model that is refused
/// is named in the log and left out; where none is left the server does not start.
@Singleton
final class ModelStartup {
  private static final Logger LOG = Logger.getLogger(ModelStartup.class);

  @Produces
  @Singleton
  ModelRegistry models(ServeConfig config) {
    return new ModelRegistry(open(config));
  }

  void close(@Disposes ModelRegistry models) {
    models.close();
  }

  @Produces
  @Singleton
  ServeConfig config() {
    return ServeConfig.from(ConfigProvider.getConfig().unwrap(SmallRyeConfig.class));
  }

  @Produces
  @Singleton
  Limits limits(ServeConfig config) {
    return config.limits();
  }

  void started(
      @Observes StartupEvent event, ModelRegistry models, OpenStreams streams, Metrics metrics) {
    models.all().forEach(metrics::observe);
    metrics.observe(streams);
  }

  void listening(@ObservesAsync HttpServerStart event, HttpServer server, ModelRegistry models) {
    announce(new ServerAddress("http", event.options().getHost(), server.getPort()), models);
  }

  void listeningWithTls(
      @ObservesAsync HttpsServerStart event, HttpServer server, ModelRegistry models) {
    announce(new ServerAddress("https", event.options().getHost(), server.getSecurePort()), models);
  }

  private static void announce(ServerAddress address, ModelRegistry models) {
    LOG.infof(
        "Serving %s at %s (gRPC and REST%s)",
        models.all().stream().map(ModelStartup::nameAndRevision).collect(Collectors.joining(", ")),
        address.url(),
        address.isEverywhere() ? ", at all addresses of this machine" : "");
  }

  private static List<ServedModel> open(ServeConfig config) {
    Workers workers = new Workers(config.threads());
    if (config.models().isEmpty()) {
      return BuiltInModel.directories(config.home()).stream()
          .map(directory -> load(directory, config, workers))
          .map(model -> new ServedModel(model.manifest().name(), model))
          .toList();
    }
    Map<String, ServedModel> models = new LinkedHashMap<>();
    for (ServeConfig.Source source : config.models()) {
      open(source, config, workers).ifPresent(model -> add(model, source, models));
    }
    if (models.isEmpty()) {
      throw new NunchiException(Reason.INVALID_MODEL, "No model is left to serve");
    }
    return List.copyOf(models.values());
  }

  private static Optional<ServedModel> open(
      ServeConfig.Source source, ServeConfig config, Workers workers) {
    try {
      LoadedModel loaded = load(Path.of(source.directory()), config, workers);
      return Optional.of(new ServedModel(name(source, loaded), loaded));
    } catch (NunchiException e) {
      LOG.errorf("Not served: %s", e.getMessage());
      return Optional.empty();
    }
  }

  private static String name(ServeConfig.Source source, LoadedModel loaded) {
    try {
      return source.name().orElseGet(() -> ModelName.of(loaded.manifest().name()));
    } catch (NunchiException e) {
      loaded.close();
      throw new NunchiException(
          e.reason(),
          "%s: %s; name it with --model NAME=DIR".formatted(source.directory(), e.getMessage()),
          e);
    }
  }

  private static void add(
      ServedModel model, ServeConfig.Source source, Map<String, ServedModel> models) {
    if (models.putIfAbsent(model.name(), model) != null) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "Two models are named %s; name the one in %s with --model NAME=DIR"
              .formatted(model.name(), source.directory()));
    }
  }

  private static LoadedModel load(Path directory, ServeConfig config, Workers workers) {
    return ModelLoader.load(
        directory,
        new LoadOptions(config.device(), workers, config.queueSize(), OptionalInt.empty()));
  }

  private static String nameAndRevision(ServedModel model) {
    String revision = model.manifest().proof().revision();
    int digest = revision.indexOf(':') + 1;
    return "%s (%s)"
        .formatted(model.name(), revision.substring(0, Math.min(revision.length(), digest + 12)));
  }
}
