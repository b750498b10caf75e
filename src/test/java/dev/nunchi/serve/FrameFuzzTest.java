package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.faults.Fuzz;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Connections with something wrong in what they send: frames of HTTP/2 and requests of HTTP/1.1,
/// calls of gRPC in them and bodies of JSON. Whatever came, an honest caller is answered on another
/// connection, nothing is kept of those that went, no answer says that the server failed, and the
/// log has no error.
@QuarkusTest
@QuarkusTestResource(TinyModelResource.class)
@TestProfile(GuardedServer.class)
class FrameFuzzTest {
  private static final Fuzz FRAMES = new Fuzz("frames", 40);
  private static final int CONNECTIONS = 8;

  /// For an answer that may never come, as that to half of a request.
  private static final int PATIENCE_MILLIS = 40;

  private static final int HTTP_2_HEADERS = 1;
  private static final int HTTP_2_GOAWAY = 7;
  private static final int HTTP_2_PING = 6;
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3}) ");

  @Inject OpenCalls calls;
  @Inject OpenStreams streams;
  @Inject LongCalls longCalls;
  @Inject Doors doors;
  @Inject ModelRegistry models;

  private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
  private final List<String> warnings = Collections.synchronizedList(new ArrayList<>());
  private final Handler log =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
            warnings.add(entry.getLoggerName() + ": " + entry.getMessage());
          }
          if (entry.getLevel().intValue() >= Level.SEVERE.intValue()) {
            StringWriter trace = new StringWriter();
            if (entry.getThrown() != null) {
              entry.getThrown().printStackTrace(new PrintWriter(trace));
            }
            errors.add(entry.getLoggerName() + ": " + entry.getMessage() + "\n" + trace);
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private ManagedChannel channel;
  private HttpClient client;

  @BeforeEach
  void connect() throws Exception {
    Logger.getLogger("").addHandler(log);
    channel = ServerUnderTest.channel();
    client = HttpClient.newHttpClient();
    answerHonestCallers();
  }

  @AfterEach
  void disconnect() throws Exception {
    Logger.getLogger("").removeHandler(log);
    client.close();
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(20, TimeUnit.SECONDS));
  }

  /// Connections of one seed, one after the other.
  private record Drawn(List<RandomConnection> connections) {
    @Override
    public String toString() {
      return String.join("\n  ", connections.stream().map(RandomConnection::toString).toList());
    }
  }

  @Test
  void connection_sendsAnything_harmsNobodyElse() throws InterruptedException {
    FRAMES.run(
        getClass(),
        random ->
            new Drawn(
                IntStream.range(0, CONNECTIONS)
                    .mapToObj(_ -> RandomConnection.of(random))
                    .toList()),
        drawn -> {
          errors.clear();
          for (RandomConnection connection : drawn.connections()) {
            List<String> bad = send(connection);
            assertEquals(List.of(), bad, connection::toString);
          }
          answerHonestCallers();
          await("calls are open", calls::isEmpty);
          await("streams are open", () -> streams.count() == 0 && streams.unansweredCount() == 0);
          await("long calls are open", () -> longCalls.count() == 0);
          // Those of the honest callers stay.
          await("connections are open: " + doors.count(), () -> doors.count() <= 2);
          await(
              "places are taken",
              () -> models.all().stream().allMatch(each -> each.classifier().waitingCount() == 0));
          assertEquals(List.of(), errors, "logged");
        });
  }

  private static void await(String what, BooleanSupplier reached) throws InterruptedException {
    long until = System.nanoTime() + 10_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertTrue(System.nanoTime() < until, what);
      Thread.sleep(1);
    }
  }

  private void answerHonestCallers() throws Exception {
    Metadata token = new Metadata();
    token.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "Bearer " + GuardedServer.TOKEN);
    assertEquals(
        "tiny",
        SentimentServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(token))
            .withDeadlineAfter(10, TimeUnit.SECONDS)
            .classify(ClassifyRequest.newBuilder().setText("영화 정말 좋다!").build())
            .getModel());
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(
                    URI.create("http://localhost:%d/v1/classify".formatted(ServerUnderTest.port())))
                .version(HttpClient.Version.HTTP_1_1)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + GuardedServer.TOKEN)
                .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"영화 정말 좋다!\"}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertEquals(200, answer.statusCode(), answer.body());
  }

  /// Sends it all and reads what comes.
  ///
  /// @return what says that the server failed
  private static List<String> send(RandomConnection connection) throws IOException {
    List<String> bad = new ArrayList<>();
    try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(PATIENCE_MILLIS);
      if (connection.reset()) {
        socket.setSoLinger(true, 0);
      }
      try {
        for (byte[] piece : connection.pieces()) {
          socket.getOutputStream().write(piece);
        }
      } catch (IOException e) {
        // The server has closed it: what it said before may still be read.
      }
      if (connection.read()) {
        byte[] answer = answer(socket.getInputStream(), connection.http2());
        bad.addAll(connection.http2() ? badFrames(answer) : badAnswers(answer));
      }
    }
    return bad;
  }

  private static byte[] answer(InputStream in, boolean http2) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] buffer = new byte[16_384];
    try {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        all.write(buffer, 0, read);
        if (http2 && isPinged(all.toByteArray())) {
          break;
        }
      }
    } catch (SocketTimeoutException e) {
      // Nothing more comes.
    } catch (IOException e) {
      // Reset.
    }
    return all.toByteArray();
  }

  /// Whether the answer to the last ping has come: what was sent before has been read.
  private static boolean isPinged(byte[] frames) {
    ByteBuffer in = ByteBuffer.wrap(frames);
    while (in.remaining() >= 9) {
      int length = in.get() << 16 & 0xff0000 | in.getShort() & 0xffff;
      int type = in.get();
      in.position(in.position() + 5);
      if (in.remaining() < length) {
        return false;
      }
      if (type == HTTP_2_PING && in.getLong(in.position()) == RandomConnection.LAST_PING) {
        return true;
      }
      in.position(in.position() + length);
    }
    return false;
  }

  private static List<String> badAnswers(byte[] answer) {
    String text = new String(answer, StandardCharsets.ISO_8859_1);
    List<String> bad = new ArrayList<>();
    for (Matcher status = STATUS.matcher(text); status.find(); ) {
      if (status.group(1).equals("500")) {
        bad.add(text);
      }
    }
    return bad;
  }

  private static List<String> badFrames(byte[] answer) {
    DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    try {
      // As a caller may allow.
      decoder.configuration().maxHeaderTableSize(0xffffffffL);
    } catch (Http2Exception e) {
      throw new AssertionError(e);
    }
    List<String> bad = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(answer);
    while (in.remaining() >= 9) {
      int length = in.get() << 16 & 0xff0000 | in.getShort() & 0xffff;
      int type = in.get();
      int flags = in.get();
      int stream = in.getInt();
      if (in.remaining() < length) {
        break;
      }
      byte[] payload = new byte[length];
      in.get(payload);
      if (type == HTTP_2_GOAWAY && ByteBuffer.wrap(payload).getInt(4) == 2) {
        bad.add("GOAWAY of INTERNAL_ERROR: " + new String(payload, StandardCharsets.ISO_8859_1));
      }
      if (type == HTTP_2_HEADERS) {
        assertTrue((flags & 4) != 0, "an answer's headers in pieces");
        try {
          int priority = (flags & 0x20) == 0 ? 0 : 5;
          Http2Headers headers =
              decoder.decodeHeaders(
                  stream, Unpooled.wrappedBuffer(payload, priority, length - priority));
          String status = String.valueOf(headers.status());
          String grpc = String.valueOf(headers.get("grpc-status"));
          if (status.equals("500") || List.of("2", "13").contains(grpc)) {
            bad.add(headers.toString());
          }
        } catch (Http2Exception e) {
          throw new AssertionError(e + " in " + java.util.HexFormat.of().formatHex(answer), e);
        }
      }
    }
    return bad;
  }

  /// Until a request has come nobody but a handler of ours hears of it.
  @Test
  void connection_resetWithinItsFirstHeader_isNotLogged() throws Exception {
    for (int i = 0; i < 20; i++) {
      try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
        socket.setSoLinger(true, 0);
        socket.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
        Thread.sleep(5);
      }
    }
    await("connections are open", () -> doors.count() <= 2);
    answerHonestCallers();
    assertEquals(List.of(), warnings);
  }

  @Test
  void frame_thatIsNone_isToldToTheCallerAndNotLogged() throws Exception {
    try (Socket socket = new Socket("localhost", ServerUnderTest.port())) {
      socket.setSoTimeout(10_000);
      // Settings, one of which is out of its range.
      socket
          .getOutputStream()
          .write(
              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0006\u0004\0\0\0\0\0\0\u0002\0\0\0\t"
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.contains("ENABLE_PUSH"), answer);
    }
    assertEquals(List.of(), warnings);
  }

  /// The first ends the call, and both come in one frame.
  @Test
  void message_tooLargeBehindOneThatEndedTheCall_isNotLogged() throws Exception {
    try (RawHttp2 connection = new RawHttp2(65_535)) {
      byte[] message = {(byte) 0xff, 0, (byte) 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff};
      connection.callOf(1, "/nunchi.sentiment.v1.SentimentService/Classify", 1, message).send();
      connection.await(RawHttp2.HEADERS);
      assertTrue(connection.isAlive());
    }
    answerHonestCallers();
    assertEquals(List.of(), warnings);
  }

  /// The same as a call's headers would be: what reads them here reads them right.
  @Test
  void badFrames_anAnswerThatFailed_isFound() throws Exception {
    assertFalse(
        badFrames(new byte[] {0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}).isEmpty());
    assertTrue(badFrames(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}).isEmpty());
    assertFalse(badAnswers("HTTP/1.1 500 x".getBytes(StandardCharsets.US_ASCII)).isEmpty());
  }
}
