package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.BuiltInModel;
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
import java.util.List;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;

/// Opens the models before the port: whoever can connect finds them ready. A model that is refused
/// is named in the log and left out; where none is left the server does not start.
@Singleton
final class ModelStartup {
  private static final Logger LOG = Logger.getLogger(ModelStartup.class);

  private final NamedModels named = new NamedModels();

  @Produces
  @Singleton
  ModelRegistry models(ServeConfig config, ModelOpener opener) {
    return new ModelRegistry(open(config, opener));
  }

  @Produces
  @Singleton
  ModelReload reload(ModelRegistry models, ModelOpener opener, Metrics metrics) {
    return new ModelReload(models, opener, metrics);
  }

  void close(@Disposes ModelRegistry models, ModelOpener opener) {
    models.close();
    opener.close();
  }

  @Produces
  @Singleton
  ModelOpener opener(ServeConfig config) {
    return new ModelOpener(config);
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
      @Observes StartupEvent event,
      ServeConfig config,
      ModelRegistry models,
      ModelReload reload,
      Reloads reloads,
      OpenStreams streams,
      WarmUp warmUp,
      Metrics metrics) {
    named.tell(reload);
    config
        .modelsDirectory()
        .ifPresent(directory -> {
          ModelFolder folder = new ModelFolder(directory, models, reload);
          folder.open();
          reloads.repeatOfModels(folder::look);
        });
    warmUp.run(models);
    reloads.repeatOfModels(models::closeGone);
    reloads.repeatOfModels(() -> named.look(reload));
    metrics.observe(models);
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
        models.all().isEmpty()
            ? "no model yet"
            : models.all().stream()
                .map(model -> "%s (%s)".formatted(model.name(), model.shortRevision()))
                .collect(Collectors.joining(", ")),
        address.url(),
        address.isEverywhere() ? ", at all addresses of this machine" : "");
  }

  private List<ServedModel> open(ServeConfig config, ModelOpener opener) {
    if (config.models().isEmpty()) {
      return config.modelsDirectory().isPresent()
          ? List.of()
          : BuiltInModel.directories(config.home()).stream().map(opener::open).toList();
    }
    List<ServedModel> models = named.open(config.models(), opener);
    if (models.isEmpty() && config.modelsDirectory().isEmpty()) {
      throw new NunchiException(Reason.INVALID_MODEL, "No model is left to serve");
    }
    return models;
  }
}
