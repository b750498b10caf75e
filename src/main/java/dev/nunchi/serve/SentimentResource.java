package dev.nunchi.serve;

import io.grpc.Status;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// The REST front end: messages of the contract as JSON, their fields in snake_case. Runs on the
/// event loop and never blocks.
@Path("/v1")
@Produces(MediaType.APPLICATION_JSON)
@NonBlocking
@Singleton
final class SentimentResource {
  private final JsonReader<JsonRequest> reader;
  private final JsonReader<JsonBatch.Requests> batchReader;
  private final Classification classification;
  private final ModelRegistry models;
  private final RestBody body;
  private final Limits limits;
  private final LargeRequests large;
  private final Metrics metrics;
  private final Duration timeout;

  SentimentResource(
      Classification classification,
      ModelRegistry models,
      RestBody body,
      Limits limits,
      LargeRequests large,
      Metrics metrics,
      ServeConfig config) {
    this.classification = classification;
    this.models = models;
    this.body = body;
    this.limits = limits;
    this.large = large;
    this.reader = new JsonReader<>(JsonRequest.class, limits);
    this.batchReader = new JsonReader<>(JsonBatch.Requests.class, limits);
    this.metrics = metrics;
    this.timeout = config.restTimeout();
  }

  record Models(List<JsonModel> models) {}

  @POST
  @Path("/classify")
  @Consumes(MediaType.APPLICATION_JSON)
  public CompletionStage<JsonAnswer> classify(@Context RoutingContext request) {
    return new RestCall("Classify", request, large, metrics)
        .answer(
            body,
            RestDeadline.of(request.request(), timeout),
            (json, deadline) -> classification.classify(reader.read(json).query(), deadline),
            JsonAnswer::of);
  }

  @POST
  @Path("/classify{colon: (:|%3[Aa])}batch")
  @Consumes(MediaType.APPLICATION_JSON)
  public CompletionStage<JsonBatch.Answers> batchClassify(@Context RoutingContext request) {
    return new RestCall("BatchClassify", request, large, metrics)
        .answer(
            body,
            RestDeadline.of(request.request(), timeout),
            (json, deadline) ->
                classification.classifyAll(
                    batchReader.read(json).all(), JsonBatch::query, deadline),
            answers -> new JsonBatch.Answers(answers.stream().map(JsonAnswer::of).toList()));
  }

  @GET
  @Path("/models")
  public Models listModels() {
    metrics.request(Protocol.REST, "ListModels", Status.Code.OK);
    return new Models(models.all().stream().map(this::json).toList());
  }

  @GET
  @Path("/models/{name}")
  public JsonModel getModel(@PathParam("name") String name) {
    ServedModel model = models.find("name", name);
    metrics.request(Protocol.REST, "GetModel", Status.Code.OK);
    return json(model);
  }

  private JsonModel json(ServedModel model) {
    return JsonModel.of(model, limits, models.isDefault(model));
  }
}
