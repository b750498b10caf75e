package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A stream as a client has it, which reads at once or when it is told to.
final class StreamClient
    implements ClientResponseObserver<StreamClassifyRequest, StreamClassifyResponse> {
  final List<StreamClassifyResponse> answers = new CopyOnWriteArrayList<>();

  /// Completed or failed as the call.
  final CompletableFuture<Void> end = new CompletableFuture<>();

  private final boolean reads;
  private @Nullable ClientCallStreamObserver<StreamClassifyRequest> call;

  private StreamClient(boolean reads) {
    this.reads = reads;
  }

  static StreamClient open(SentimentServiceGrpc.SentimentServiceStub stub) {
    StreamClient client = new StreamClient(true);
    stub.streamClassify(client);
    return client;
  }

  static StreamClient open(Channel channel) {
    return open(SentimentServiceGrpc.newStub(channel));
  }

  /// One that takes no answer before [#read].
  static StreamClient openUnread(Channel channel) {
    StreamClient client = new StreamClient(false);
    SentimentServiceGrpc.newStub(channel).streamClassify(client);
    return client;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<StreamClassifyRequest> call) {
    this.call = call;
    if (!reads) {
      call.disableAutoRequestWithInitial(0);
    }
  }

  private ClientCallStreamObserver<StreamClassifyRequest> call() {
    return Objects.requireNonNull(call, "not opened");
  }

  /// Whether an item can be sent without being kept on this side.
  boolean isReady() {
    return call().isReady();
  }

  void send(String id, ClassifyRequest request) {
    call().onNext(StreamClassifyRequest.newBuilder().setId(id).setRequest(request).build());
  }

  void send(String id, String text) {
    send(id, ClassifyRequest.newBuilder().setText(text).build());
  }

  void read(int count) {
    call().request(count);
  }

  void halfClose() {
    call().onCompleted();
  }

  void cancel() {
    call().cancel("the test ends it", null);
  }

  /// Waits until that many answers are there.
  void await(int count) throws Exception {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (answers.size() < count) {
      if (end.isCompletedExceptionally() || System.nanoTime() > limit) {
        end.getNow(null);
        throw new AssertionError("%d answers instead of %d".formatted(answers.size(), count));
      }
      Thread.sleep(1);
    }
  }

  @Override
  public void onNext(StreamClassifyResponse answer) {
    answers.add(answer);
  }

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {
    end.complete(null);
  }
}
