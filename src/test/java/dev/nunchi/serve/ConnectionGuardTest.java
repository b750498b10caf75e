package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// A reset ends one call, and none of those that share its connection.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
class ConnectionGuardTest {
  private static final ClassifyRequest REQUEST =
      ClassifyRequest.newBuilder().setText("영화 정말 좋다!").build();

  /// Headers need no window, so the answer has begun, and its trailers wait behind the message. The
  /// window is not 0, with which Quarkus does not begin a call.
  @Test
  void reset_whileTheAnswerWaitsForTheWindow_keepsTheConnection() throws Exception {
    try (RawHttp2 connection = new RawHttp2(1)) {
      for (int stream = 1; stream < 20; stream += 2) {
        connection.call(stream, "Classify", REQUEST.toByteArray()).send();
        connection.await(RawHttp2.HEADERS);
        connection.reset(stream).send();
        assertTrue(connection.isAlive(), "after stream " + stream);
      }
    }
  }

  /// What needs no model is answered before the reset behind it is read.
  @Test
  void reset_inOnePieceWithTheCall_keepsTheConnection() throws Exception {
    try (RawHttp2 connection = new RawHttp2(0xffff)) {
      for (int stream = 1; stream < 20; stream += 2) {
        connection.call(stream, "GetModel", new byte[0]).reset(stream).send();
        assertTrue(connection.isAlive(), "after stream " + stream);
      }
    }
  }

  /// Twice what Vert.x by itself takes for an attack.
  @Test
  void reset_fourHundredTimes_keepsTheConnection() throws Exception {
    try (RawHttp2 connection = new RawHttp2(0xffff)) {
      for (int stream = 1; stream < 800; stream += 2) {
        connection.call(stream, "Classify", REQUEST.toByteArray()).reset(stream).send();
      }
      assertTrue(connection.isAlive());
    }
  }

  @Test
  void deadlines_ofManyCallersOnTwoChannels_keepTheConnections() throws Exception {
    List<ManagedChannel> channels = List.of(ServerUnderTest.channel(), ServerUnderTest.channel());
    try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
      List<Future<Set<Status.Code>>> ends = new ArrayList<>();
      for (int caller = 0; caller < 8; caller++) {
        ManagedChannel channel = channels.get(caller % 2);
        ends.add(callers.submit(() -> endsOfShortCalls(channel)));
      }
      Set<Status.Code> all = EnumSet.noneOf(Status.Code.class);
      for (Future<Set<Status.Code>> end : ends) {
        all.addAll(end.get(60, TimeUnit.SECONDS));
      }
      all.remove(Status.Code.OK);
      // Where the server expects to be late, by what a text took before.
      all.remove(Status.Code.RESOURCE_EXHAUSTED);
      assertEquals(EnumSet.of(Status.Code.DEADLINE_EXCEEDED), all);
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private static Set<Status.Code> endsOfShortCalls(ManagedChannel channel) {
    SentimentServiceGrpc.SentimentServiceBlockingStub client =
        SentimentServiceGrpc.newBlockingStub(channel);
    Set<Status.Code> ends = EnumSet.noneOf(Status.Code.class);
    for (int i = 0; i < 100; i++) {
      try {
        ends.add(Status.Code.OK);
        Object _ = client.withDeadlineAfter(200 + 40L * i, TimeUnit.MICROSECONDS).classify(REQUEST);
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED) {
          // And not that of a connection which is told to be calm.
          assertTrue(String.valueOf(e.getMessage()).contains("overloaded"), e.getMessage());
        }
        ends.add(e.getStatus().getCode());
      }
    }
    return ends;
  }
}
