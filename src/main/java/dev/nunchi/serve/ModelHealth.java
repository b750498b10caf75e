package dev.nunchi.serve;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/// Whether the server takes calls: yes from when its models have passed their self-test, and the
/// keys of the identity provider were there if there is one, no from when it was told to stop.
///
/// HTTP readiness lists the models. `grpc.health.v1` knows the server as the empty name and as
/// `nunchi.sentiment.v1.SentimentService`, and each model as that with `/NAME` after it.
@Singleton
@Readiness
final class ModelHealth implements HealthCheck, ModelRegistry.Observer {
  private static final String SERVICE = "nunchi.sentiment.v1.SentimentService";

  private final ModelRegistry models;
  private final GrpcHealthStorage grpcHealth;
  private final LongCalls longCalls;
  private final Oidc oidc;
  private volatile boolean stopping;

  ModelHealth(ModelRegistry models, GrpcHealthStorage grpcHealth, LongCalls longCalls, Oidc oidc) {
    this.models = models;
    this.grpcHealth = grpcHealth;
    this.longCalls = longCalls;
    this.oidc = oidc;
  }

  @Override
  public HealthCheckResponse call() {
    HealthCheckResponseBuilder response = HealthCheckResponse.named("models").status(isServing());
    models
        .all()
        .forEach(model -> response.withData(model.name(), model.manifest().proof().revision()));
    return response.build();
  }

  void started(@Observes StartupEvent event) {
    setGrpcStatus();
    models.observe(this);
    oidc.whenReady(this::setGrpcStatus);
  }

  @Override
  public void came(ServedModel model) {
    grpcHealth.setStatus(service(model), status());
  }

  @Override
  public void went(ServedModel model) {
    // To who watches; who asks is told that there is no such service.
    grpcHealth.setStatus(service(model), ServingStatus.UNKNOWN);
    grpcHealth.getStatuses().remove(service(model));
  }

  void stopping(@Observes ShutdownDelayInitiatedEvent event) {
    stopping = true;
    setGrpcStatus();
    // Afterwards, so that who watches hears it.
    longCalls.stop();
  }

  private boolean isServing() {
    return !stopping && oidc.isReady();
  }

  private ServingStatus status() {
    return isServing() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  /// One at a time, or what was before could be said last.
  private synchronized void setGrpcStatus() {
    ServingStatus status = status();
    grpcHealth.setStatus(GrpcHealthStorage.DEFAULT_SERVICE_NAME, status);
    grpcHealth.setStatus(SERVICE, status);
    models.all().forEach(model -> grpcHealth.setStatus(service(model), status));
  }

  private static String service(ServedModel model) {
    return SERVICE + "/" + model.name();
  }
}
