package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.Deadline;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.BatchClassifyResponse;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyResponse;
import dev.nunchi.sentiment.v1.GetModelRequest;
import dev.nunchi.sentiment.v1.GetModelResponse;
import dev.nunchi.sentiment.v1.ListModelsRequest;
import dev.nunchi.sentiment.v1.ListModelsResponse;
import dev.nunchi.sentiment.v1.Model;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import java.util.concurrent.CompletableFuture;

/// The gRPC front end.
///
/// Its methods run on the event loop and never block; answers are sent there too, see [EventLoop].
@GrpcService
final class SentimentGrpcService extends SentimentServiceGrpc.SentimentServiceImplBase {
  private final Classification classification;
  private final ModelRegistry models;
  private final OpenStreams streams;
  private final Limits limits;
  private final LargeRequests large;
  private final Metrics metrics;

  SentimentGrpcService(
      Classification classification,
      ModelRegistry models,
      OpenStreams streams,
      Limits limits,
      LargeRequests large,
      Metrics metrics) {
    this.classification = classification;
    this.models = models;
    this.streams = streams;
    this.limits = limits;
    this.large = large;
    this.metrics = metrics;
  }

  /// Has messages parsed by the handler, see [WireMessage.Marshaller].
  @Override
  public ServerServiceDefinition bindService() {
    return ServerInterceptors.useMarshalledMessages(
        super.bindService(), new WireMessage.Marshaller(limits));
  }

  @Override
  public void classify(ClassifyRequest request, StreamObserver<ClassifyResponse> observer) {
    letGo(
        new UnaryCall<>("Classify", observer, metrics)
            .answer(
                () ->
                    classification.classify(
                        GrpcMessages.query(request), DeadlineInterceptor.current()),
                GrpcMessages::response));
  }

  @Override
  public void batchClassify(
      BatchClassifyRequest request, StreamObserver<BatchClassifyResponse> observer) {
    Deadline deadline = DeadlineInterceptor.current();
    letGo(
        new UnaryCall<>("BatchClassify", observer, metrics)
            .answer(
                () ->
                    large.run(
                        request.getSerializedSize(),
                        () ->
                            classification.classifyAll(
                                request.getRequestsList(), GrpcMessages::query, deadline)),
                answers ->
                    BatchClassifyResponse.newBuilder()
                        .addAllResponses(answers.stream().map(GrpcMessages::response).toList())
                        .build()));
  }

  @Override
  public StreamObserver<StreamClassifyRequest> streamClassify(
      StreamObserver<StreamClassifyResponse> observer) {
    ClassifyStream stream =
        new ClassifyStream(
            (ServerCallStreamObserver<StreamClassifyResponse>) observer,
            (request, deadline) ->
                classification.classifyWhenFree(GrpcMessages.query(request), deadline),
            limits.maxStreamItemCount(),
            DeadlineInterceptor.current(),
            metrics,
            streams,
            EventLoop.current());
    try {
      streams.open(stream, streams.holder(GrpcEntrance.exchange().request()));
    } catch (NunchiException e) {
      new UnaryCall<>("StreamClassify", observer, metrics).refuse(Failure.of(e));
      return new IgnoredItems();
    }
    try {
      stream.start();
      CompletableFuture<Void> _ =
          InvalidMessageInterceptor.invalidMessage().thenAccept(stream::close);
      GrpcEntrance.exchange().addEndHandler(_ -> stream.disconnected());
      return stream;
    } catch (RuntimeException | Error e) {
      // Its place would be lost.
      stream.disconnected();
      throw e;
    }
  }

  /// Cancels what was begun for the call that runs on this thread when the connection breaks.
  private static void letGo(CompletableFuture<?> answer) {
    GrpcEntrance.exchange().addEndHandler(_ -> answer.cancel(false));
  }

  @Override
  public void getModel(GetModelRequest request, StreamObserver<GetModelResponse> observer) {
    CompletableFuture<GetModelResponse> _ =
        new UnaryCall<>("GetModel", observer, metrics)
            .answer(
                () -> CompletableFuture.completedFuture(models.find("name", request.getName())),
                model -> GetModelResponse.newBuilder().setModel(message(model)).build());
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> observer) {
    CompletableFuture<ListModelsResponse> _ =
        new UnaryCall<>("ListModels", observer, metrics)
            .answer(
                () -> CompletableFuture.completedFuture(models.all()),
                all ->
                    ListModelsResponse.newBuilder()
                        .addAllModels(all.stream().map(this::message).toList())
                        .build());
  }

  private Model message(ServedModel model) {
    return GrpcMessages.model(model, limits, models.isDefault(model));
  }

  /// What comes in a stream that was refused.
  private static final class IgnoredItems implements StreamObserver<StreamClassifyRequest> {
    @Override
    public void onNext(StreamClassifyRequest item) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
