package dev.nunchi.bench;

import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Texts in streams over gRPC, one stream on each connection.
final class StreamTarget implements Target {
  private final GrpcChannels channels;
  private final Address address;
  private final Texts texts;
  private final List<Stream> streams = new ArrayList<>();

  StreamTarget(Address address, Texts texts) {
    this.channels = new GrpcChannels(address);
    this.address = address;
    this.texts = texts;
    for (int i = 0; i < channels.size(); i++) {
      streams.add(new Stream(SentimentServiceGrpc.newStub(channels.get(i))));
    }
  }

  @Override
  public int textsInCall() {
    return 1;
  }

  @Override
  public CompletableFuture<Void> call(long number) {
    CompletableFuture<Void> answer =
        streams.get((int) Math.floorMod(number, (long) streams.size())).send(number);
    return address
        .deadline()
        .map(limit ->
            answer
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionallyCompose(thrown ->
                    CompletableFuture.failedFuture(
                        thrown instanceof Refused ? thrown : new Refused("DEADLINE_EXCEEDED"))))
        .orElse(answer);
  }

  @Override
  public void close() {
    streams.forEach(Stream::end);
    channels.close();
  }

  private final class Stream implements StreamObserver<StreamClassifyResponse> {
    private final Map<String, CompletableFuture<Void>> waiting = new ConcurrentHashMap<>();
    private final StreamObserver<StreamClassifyRequest> requests;
    private volatile String ended = "";

    private Stream(SentimentServiceGrpc.SentimentServiceStub stub) {
      requests = stub.streamClassify(this);
    }

    private CompletableFuture<Void> send(long number) {
      String id = Long.toString(number);
      CompletableFuture<Void> answer = new CompletableFuture<>();
      waiting.put(id, answer);
      if (!ended.isEmpty()) {
        waiting.remove(id);
        return CompletableFuture.failedFuture(new Refused(ended));
      }
      StreamClassifyRequest request =
          StreamClassifyRequest.newBuilder()
              .setId(id)
              .setRequest(address.request(texts.get(number)))
              .build();
      // A stream's side is written by one thread at a time.
      synchronized (requests) {
        requests.onNext(request);
      }
      return answer;
    }

    @Override
    public void onNext(StreamClassifyResponse response) {
      CompletableFuture<Void> answer = waiting.remove(response.getId());
      if (answer == null) {
        return;
      }
      if (response.hasError()) {
        answer.completeExceptionally(
            new Refused(Status.fromCodeValue(response.getError().getCode()).getCode().name()));
      } else {
        answer.complete(null);
      }
    }

    @Override
    public void onError(Throwable thrown) {
      end(Status.fromThrowable(thrown).getCode().name());
    }

    @Override
    public void onCompleted() {
      end("STREAM_ENDED");
    }

    private void end(String reason) {
      ended = reason;
      waiting.values().forEach(answer -> answer.completeExceptionally(new Refused(reason)));
      waiting.clear();
    }

    private void end() {
      synchronized (requests) {
        if (ended.isEmpty()) {
          requests.onCompleted();
        }
      }
    }
  }
}
