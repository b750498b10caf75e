package dev.nunchi.bench;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Unary calls over gRPC: one text each, or a batch.
final class GrpcTarget implements Target {
  private final GrpcChannels channels;
  private final Address address;
  private final Texts texts;
  private final int textsInCall;

  /// @param textsInCall 1 for `Classify`, more for `BatchClassify`
  GrpcTarget(Address address, Texts texts, int textsInCall) {
    this.channels = new GrpcChannels(address);
    this.address = address;
    this.texts = texts;
    this.textsInCall = textsInCall;
  }

  @Override
  public int textsInCall() {
    return textsInCall;
  }

  @Override
  public CompletableFuture<Void> call(long number) {
    GrpcChannels.Line line = channels.get(number);
    SentimentServiceGrpc.SentimentServiceFutureStub plain =
        SentimentServiceGrpc.newFutureStub(line.channel());
    SentimentServiceGrpc.SentimentServiceFutureStub stub =
        address
            .deadline()
            .map(limit -> plain.withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS))
            .orElse(plain);
    CompletableFuture<Void> call =
        textsInCall == 1
            ? future(stub.classify(address.request(texts.get(number))))
            : future(stub.batchClassify(batch(texts.of(number, textsInCall))));
    return call.whenComplete((answer, thrown) -> line.end().run());
  }

  private BatchClassifyRequest batch(List<String> several) {
    return BatchClassifyRequest.newBuilder()
        .addAllRequests(several.stream().map(address::request).toList())
        .build();
  }

  private static <T> CompletableFuture<Void> future(ListenableFuture<T> call) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    Futures.addCallback(
        call,
        new FutureCallback<T>() {
          @Override
          public void onSuccess(@Nullable T answer) {
            future.complete(null);
          }

          @Override
          public void onFailure(Throwable thrown) {
            future.completeExceptionally(
                new Refused(Status.fromThrowable(thrown).getCode().name()));
          }
        },
        MoreExecutors.directExecutor());
    return future;
  }

  @Override
  public void close() {
    channels.close();
  }
}
