package dev.nunchi.bench;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Texts in streams over gRPC, one stream at a time on each connection.
///
/// A server that stops ends its streams and says that it is the one who goes; then the texts that
/// have no answer go into another stream, as the contract has it, and are no failures. Every other
/// end leaves them without an answer, and so does an end that is in order and comes too early.
final class StreamTarget implements Target {
  private static final long LONGEST_WAIT_MILLIS = 5_000;

  private final GrpcChannels channels;
  private final Address address;
  private final Texts texts;
  private final int textsInStream;
  private final List<Place> places = new ArrayList<>();
  private final AtomicLong numbers = new AtomicLong();
  private final LongAdder moved = new LongAdder();

  private record Item(StreamClassifyRequest request, CompletableFuture<Void> answer) {}

  /// @param textsInStream after which a stream is closed and another one opened; 0: none
  StreamTarget(Address address, Texts texts, int textsInStream) {
    this.channels = new GrpcChannels(address);
    this.address = address;
    this.texts = texts;
    this.textsInStream = textsInStream;
    for (int i = 0; i < address.connections().count(); i++) {
      places.add(new Place(i));
    }
  }

  @Override
  public int textsInCall() {
    return 1;
  }

  @Override
  public CompletableFuture<Void> call(long number) {
    Item item =
        new Item(
            StreamClassifyRequest.newBuilder()
                .setId(Long.toString(number))
                .setRequest(address.request(texts.get(number)))
                .build(),
            new CompletableFuture<>());
    places.get((int) Math.floorMod(number, (long) places.size())).send(item);
    return address
        .deadline()
        .map(limit ->
            item.answer()
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionallyCompose(thrown ->
                    CompletableFuture.failedFuture(
                        thrown instanceof Refused ? thrown : new Refused("DEADLINE_EXCEEDED"))))
        .orElse(item.answer());
  }

  @Override
  public long moved() {
    return moved.sum();
  }

  @Override
  public void close() {
    places.forEach(Place::end);
    channels.close();
  }

  /// Where one stream follows the other.
  private final class Place {
    private final int connection;
    private @Nullable Stream open;
    private int sent;
    private long waitMillis = 100;

    private Place(int connection) {
      this.connection = connection;
    }

    /// One thread writes to a stream at a time.
    private synchronized void send(Item item) {
      if (item.answer().isDone()) {
        return;
      }
      if (open == null || !open.take(item)) {
        open = new Stream(this);
        sent = 0;
        if (!open.take(item)) {
          open.leave(List.of(item));
          return;
        }
      }
      if (++sent == textsInStream) {
        open.close();
        open = null;
      }
    }

    /// Waits longer each time, as a server that goes may still be the one that is found.
    private void sendElsewhere(List<Item> items) {
      long wait;
      synchronized (this) {
        wait = waitMillis;
        waitMillis = Math.min(2 * waitMillis, LONGEST_WAIT_MILLIS);
      }
      CompletableFuture.delayedExecutor(wait, TimeUnit.MILLISECONDS)
          .execute(() -> items.forEach(this::send));
    }

    private synchronized void answered() {
      waitMillis = 100;
    }

    private synchronized void end() {
      if (open != null) {
        open.close();
        open = null;
      }
    }
  }

  private final class Stream implements StreamObserver<StreamClassifyResponse> {
    private final Place place;
    private final Map<String, Item> waiting = new ConcurrentHashMap<>();
    private final GrpcChannels.Line line;
    private final StreamObserver<StreamClassifyRequest> requests;
    private boolean ended;

    /// Why texts have no answer; null where the server goes, and where the stream is open.
    private @Nullable String reason;

    private Stream(Place place) {
      this.place = place;
      line =
          channels.get(
              address.connections().fresh() ? numbers.getAndIncrement() : place.connection);
      requests = SentimentServiceGrpc.newStub(line.channel()).streamClassify(this);
    }

    /// Whether the stream is open, and will answer it.
    private synchronized boolean take(Item item) {
      if (ended) {
        return false;
      }
      waiting.put(item.request().getId(), item);
      requests.onNext(item.request());
      return true;
    }

    private synchronized void close() {
      if (!ended) {
        requests.onCompleted();
      }
    }

    @Override
    public void onNext(StreamClassifyResponse response) {
      Item item = waiting.remove(response.getId());
      if (item == null) {
        return;
      }
      place.answered();
      if (response.hasError()) {
        item.answer()
            .completeExceptionally(
                new Refused(Status.fromCodeValue(response.getError().getCode()).getCode().name()));
      } else {
        item.answer().complete(null);
      }
    }

    @Override
    public void onError(Throwable thrown) {
      if (isServerGoing(thrown)) {
        moved.increment();
        end(null);
      } else {
        end(Status.fromThrowable(thrown).getCode().name());
      }
    }

    @Override
    public void onCompleted() {
      end("STREAM_ENDED");
    }

    private void end(@Nullable String because) {
      synchronized (this) {
        ended = true;
        reason = because;
      }
      line.end().run();
      leave(List.copyOf(waiting.values()));
    }

    /// Gives up texts that this stream answers no more.
    private void leave(List<Item> items) {
      @Nullable String because;
      synchronized (this) {
        because = reason;
      }
      if (because == null) {
        place.sendElsewhere(items);
      } else {
        items.forEach(item -> item.answer().completeExceptionally(new Refused(because)));
      }
    }

    private static boolean isServerGoing(Throwable thrown) {
      var status = StatusProto.fromThrowable(thrown);
      return status != null
          && status.getCode() == Status.Code.UNAVAILABLE.value()
          && status.getDetailsList().stream().anyMatch(Stream::saysUnavailable);
    }

    private static boolean saysUnavailable(Any detail) {
      try {
        return detail.is(ErrorInfo.class)
            && detail.unpack(ErrorInfo.class).getReason().equals("UNAVAILABLE");
      } catch (InvalidProtocolBufferException _) {
        return false;
      }
    }
  }
}
