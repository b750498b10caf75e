package dev.nunchi.serve;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.nunchi.NunchiException;
import io.grpc.Status;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.core.http.HttpServerRequest;
import jakarta.inject.Singleton;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/// What whoever runs the server asks of it, with a token for that: see
/// [Authentication#requireAdmin].
@Path("/v1")
@Produces(MediaType.APPLICATION_JSON)
@NonBlocking
@Singleton
final class AdminResource {
  private static final String METHOD = "ReloadModel";
  private static final int UNPROCESSABLE = 422;

  private final Authentication authentication;
  private final ModelRegistry models;
  private final ModelReload reload;
  private final Reloads reloads;
  private final Metrics metrics;

  AdminResource(
      Authentication authentication,
      ModelRegistry models,
      ModelReload reload,
      Reloads reloads,
      Metrics metrics) {
    this.authentication = authentication;
    this.models = models;
    this.reload = reload;
    this.reloads = reloads;
    this.metrics = metrics;
  }

  /// What a reload has led to.
  @JsonNaming(SnakeCaseStrategy.class)
  record Reloaded(String name, String revision, String previousRevision) {}

  /// Opens a model anew from its directory, and answers when calls get it. A model that cannot be
  /// opened is told to this caller, who may know the server's inside: 422 with the reason.
  @POST
  @Path("/models/{name: [^:/]+}{colon: (:|%3[Aa])}reload")
  public CompletionStage<Response> reloadModel(
      @Context HttpServerRequest request, @PathParam("name") String name) {
    authentication.requireAdmin(request);
    // Asked here, as the call is unknown to the thread that reloads.
    CallRecord call = CallRecord.current();
    String previous = models.find("name", name).manifest().proof().revision();
    return reloads
        .run(() -> reload.again(name))
        .handle((model, failure) -> {
          if (failure == null) {
            metrics.request(Protocol.REST, METHOD, Status.Code.OK);
            return Response.ok(
                    new Reloaded(model.name(), model.manifest().proof().revision(), previous))
                .build();
          }
          if (failure.getCause() instanceof NunchiException refused) {
            return refused(refused, call);
          }
          throw new CompletionException(failure);
        });
  }

  private Response refused(NunchiException refused, CallRecord call) {
    Failure failure = Failure.told(refused, UNPROCESSABLE);
    metrics.request(Protocol.REST, METHOD, failure);
    call.refused(failure.reason());
    return Response.status(failure.httpStatus())
        .type(Problem.MEDIA_TYPE)
        .entity(
            Problem.of(failure.httpStatus(), failure.message(), failure.reason(), failure.field()))
        .build();
  }
}
