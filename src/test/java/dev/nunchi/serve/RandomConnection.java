package dev.nunchi.serve;

import dev.nunchi.faults.Fault;
import dev.nunchi.faults.RandomText;
import dev.nunchi.faults.WireFault;
import dev.nunchi.sentiment.v1.BatchClassifyRequest;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/// What a caller sends over one connection, with something wrong in it, and how he ends it.
///
/// @param http2 whether it is of HTTP/2
/// @param pieces in which it is sent
/// @param reset whether the caller resets the connection, in place of closing it
/// @param read whether he waits for answers
record RandomConnection(boolean http2, List<byte[]> pieces, boolean reset, boolean read) {
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final String SERVICE = "/nunchi.sentiment.v1.SentimentService/";
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int WINDOW_UPDATE = 8;
  private static final int CONTINUATION = 9;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  /// What the ping holds that a caller of HTTP/2 ends with.
  static final long LAST_PING = 0x6e756e636869L;

  private static final List<String> PATHS =
      List.of(
          SERVICE + "Classify",
          SERVICE + "BatchClassify",
          SERVICE + "StreamClassify",
          SERVICE + "GetModel",
          SERVICE + "ListModels",
          SERVICE + "Nothing",
          "/grpc.health.v1.Health/Check",
          "/grpc.health.v1.Health/Watch",
          "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
          "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");

  private static final List<String> REST_PATHS =
      List.of(
          "/v1/classify",
          "/v1/classify:batch",
          "/v1/classify%3Abatch",
          "/v1/models",
          "/v1/models/tiny",
          "/v1/models/tiny:reload",
          "/q/health/live",
          "/q/metrics",
          "/",
          "/playground/words.js",
          "/v1/../v1/models",
          "/v1/models/%ed%a0%80",
          "/v1/models/%",
          "//",
          "/v1/models?x=%zz&&=",
          "*",
          "http://[::1",
          "/\u0001");

  static RandomConnection of(Random random) {
    boolean http2 = random.nextInt(3) > 0;
    byte[] sent = http2 ? frames(random) : requests(random);
    List<byte[]> pieces = new ArrayList<>();
    int from = 0;
    while (from < sent.length) {
      int to = random.nextInt(3) > 0 ? sent.length : from + 1 + random.nextInt(sent.length - from);
      pieces.add(java.util.Arrays.copyOfRange(sent, from, to));
      from = to;
    }
    return new RandomConnection(http2, pieces, random.nextInt(4) == 0, random.nextInt(8) > 0);
  }

  /// Requests of HTTP/1.1, the last of which is a right one.
  private static byte[] requests(Random random) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = random.nextInt(3); i >= 0; i--) {
      byte[] request = request(random);
      all.writeBytes(random.nextBoolean() ? request : WireFault.damagedBytes(request, random));
    }
    all.writeBytes(
        "GET /q/health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            .getBytes(StandardCharsets.US_ASCII));
    return all.toByteArray();
  }

  private static byte[] request(Random random) {
    StringBuilder head =
        new StringBuilder(
            Fault.of(
                List.of(
                    "POST",
                    "POST",
                    "POST",
                    "GET",
                    "PUT",
                    "HEAD",
                    "OPTIONS",
                    "PRI",
                    "CONNECT",
                    "TRACE",
                    "post",
                    "P\u0000ST",
                    ""),
                random));
    head.append(Fault.of(List.of(" ", " ", " ", " ", "  ", "\t", ""), random));
    head.append(Fault.of(REST_PATHS, random));
    head.append(
        Fault.of(
            List.of(
                " HTTP/1.1",
                " HTTP/1.1",
                " HTTP/1.1",
                " HTTP/1.0",
                " HTTP/2.0",
                " HTTP/9",
                "",
                " http/1.1"),
            random));
    head.append("\r\n");
    if (random.nextInt(12) > 0) {
      head.append("Host: localhost\r\n");
    }
    if (random.nextInt(6) > 0) {
      head.append("Authorization: Bearer ").append(GuardedServer.TOKEN).append("\r\n");
    }
    if (random.nextInt(6) > 0) {
      head.append("Content-Type: application/json\r\n");
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      head.append(header(random)).append("\r\n");
    }
    byte[] body = json(random).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    if (random.nextInt(3) == 0) {
      head.append("Transfer-Encoding: chunked\r\n\r\n");
      request.writeBytes(head.toString().getBytes(StandardCharsets.UTF_8));
      chunks(request, body, random);
    } else {
      String length =
          random.nextInt(5) > 0
              ? Integer.toString(body.length)
              : Fault.of(
                  List.of("0", "-1", "5", "99999999999999999999", "4, 4", "x", "", "1e3", "0x10"),
                  random);
      head.append("Content-Length: ").append(length).append("\r\n\r\n");
      request.writeBytes(head.toString().getBytes(StandardCharsets.UTF_8));
      request.writeBytes(body);
    }
    return request.toByteArray();
  }

  private static String header(Random random) {
    return switch (random.nextInt(12)) {
      case 0 ->
          "X-Request-Timeout-Ms: " + Fault.of(List.of("1", "0", "99999999", "-1", "a"), random);
      case 1 ->
          "Content-Encoding: " + Fault.of(List.of("gzip", "x-gzip", "br", "gzip, gzip"), random);
      case 2 -> "Expect: " + Fault.of(List.of("100-continue", "200-ok"), random);
      case 3 -> "Host: other";
      case 4 -> "Transfer-Encoding: " + Fault.of(List.of("gzip", "chunked, chunked", "x"), random);
      case 5 -> "Connection: " + Fault.of(List.of("Upgrade, HTTP2-Settings", "close", "x"), random);
      case 6 -> "Upgrade: " + Fault.of(List.of("h2c", "websocket", "HTTP/3"), random);
      case 7 -> "HTTP2-Settings: " + Fault.of(List.of("AAMAAABk", "!!!", "", "AAM"), random);
      case 8 ->
          "Accept: " + Fault.of(List.of("text/html", "*/*;q=2", "a/b;q=x", ";;", "*"), random);
      case 9 -> " folded: line";
      case 10 -> "X-" + RandomText.of(random, 30) + ": " + RandomText.of(random, 60);
      default ->
          "Authorization: " + Fault.of(List.of("Bearer", "Basic eA==", "Bearer  ", "x"), random);
    };
  }

  private static void chunks(ByteArrayOutputStream request, byte[] body, Random random) {
    int from = 0;
    while (from < body.length) {
      int length = 1 + random.nextInt(body.length - from);
      String size =
          random.nextInt(12) > 0
              ? Integer.toHexString(length)
              : Fault.of(
                  List.of("ffffffffffffffff", "-1", "g", "", "7fffffff", "0x4", "4;a=b"), random);
      request.writeBytes((size + "\r\n").getBytes(StandardCharsets.US_ASCII));
      request.write(body, from, length);
      request.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
      from += length;
    }
    if (random.nextInt(8) > 0) {
      request.writeBytes(
          Fault.of(
                  List.of("0\r\n\r\n", "0\r\n\r\n", "0\r\nX-T: 1\r\n\r\n", "0\r\nbad\r\n\r\n"),
                  random)
              .getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static String json(Random random) {
    String text = RandomText.of(random, 200).replaceAll("[\"\\\\\\p{Cntrl}]", "");
    String one = "{\"text\": \"%s\"}".formatted(text);
    return Fault.of(
        List.of(one, one, "{\"requests\": [%s, %s]}".formatted(one, one), "{", "", "[]"), random);
  }

  /// Frames of HTTP/2, and at their end a ping.
  private static byte[] frames(Random random) {
    Frames frames = new Frames(random);
    for (int i = random.nextInt(10); i >= 0; i--) {
      frames.some();
    }
    frames.frame(PING, 0, 0, ByteBuffer.allocate(8).putLong(LAST_PING).array());
    byte[] sent = frames.out.toByteArray();
    return random.nextInt(6) == 0 ? WireFault.damagedBytes(sent, random) : sent;
  }

  /// Writes frames, right ones and others.
  private static final class Frames {
    private final Random random;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private int stream = 1;

    Frames(Random random) {
      this.random = random;
      out.writeBytes(PREFACE);
      frame(SETTINGS, 0, 0, random.nextInt(4) == 0 ? settings() : new byte[0]);
    }

    void some() {
      switch (random.nextInt(16)) {
        case 0, 1, 2, 3, 4 -> call();
        case 5 -> frame(SETTINGS, random.nextInt(6) == 0 ? 1 : 0, 0, settings());
        case 6 -> frame(WINDOW_UPDATE, 0, random.nextInt(stream + 2), number());
        case 7 -> frame(RST_STREAM, 0, random.nextInt(stream + 2), number());
        case 8 -> storm();
        case 9 -> {
          byte[] payload = new byte[random.nextInt(64)];
          random.nextBytes(payload);
          frame(random.nextInt(14), random.nextInt(256), random.nextInt(stream + 4), payload);
        }
        case 10 -> continued();
        case 11 -> {
          // A block of headers that is none.
          byte[] block = block(headers());
          frame(HEADERS, END_HEADERS, next(), WireFault.damagedBytes(block, random));
        }
        case 12 -> lyingLength();
        case 13 -> emptyData();
        case 14 -> frame(PING, random.nextInt(2), 0, new byte[random.nextInt(3) == 0 ? 7 : 8]);
        default -> frame(random.nextInt(10), random.nextInt(256), next(), call(false));
      }
    }

    /// A call, whole or with something wrong in what it carries.
    private void call() {
      int id = next();
      frame(HEADERS, END_HEADERS, id, block(headers()));
      byte[] body = call(random.nextBoolean());
      boolean ends = random.nextInt(8) > 0;
      int from = 0;
      while (body.length - from > 1 && random.nextInt(3) == 0) {
        int length = 1 + random.nextInt(body.length - from - 1);
        data(id, java.util.Arrays.copyOfRange(body, from, from + length), false);
        from += length;
      }
      data(id, java.util.Arrays.copyOfRange(body, from, body.length), ends);
      if (random.nextInt(8) == 0) {
        frame(RST_STREAM, 0, id, number());
      }
    }

    private void data(int id, byte[] payload, boolean ends) {
      if (random.nextInt(10) == 0) {
        // Padded, by a length that may lie.
        byte[] padded = new byte[payload.length + 4];
        padded[0] = (byte) (random.nextInt(4) == 0 ? 255 : 3);
        System.arraycopy(payload, 0, padded, 1, payload.length);
        frame(DATA, 8 | (ends ? END_STREAM : 0), id, padded);
      } else {
        frame(DATA, ends ? END_STREAM : 0, id, payload);
      }
    }

    /// Messages of gRPC with what stands before each.
    private byte[] call(boolean damaged) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      for (int i = random.nextInt(4) == 0 ? random.nextInt(4) : 1; i > 0; i--) {
        byte[] message = message();
        if (damaged) {
          message = WireFault.damaged(message, random);
        }
        int length = random.nextInt(10) > 0 ? message.length : random.nextInt();
        body.write(random.nextInt(10) > 0 ? 0 : random.nextInt(256));
        body.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
        body.writeBytes(message);
      }
      return body.size() > 16_000
          ? java.util.Arrays.copyOf(body.toByteArray(), 16_000)
          : body.toByteArray();
    }

    private byte[] message() {
      ClassifyRequest one =
          ClassifyRequest.newBuilder().setText(RandomText.of(random, 100)).build();
      return switch (random.nextInt(4)) {
        case 0 -> one.toByteArray();
        case 1 -> BatchClassifyRequest.newBuilder().addRequests(one).build().toByteArray();
        case 2 ->
            StreamClassifyRequest.newBuilder().setId("a").setRequest(one).build().toByteArray();
        default -> new byte[0];
      };
    }

    private Http2Headers headers() {
      boolean rest = random.nextInt(4) == 0;
      Http2Headers headers =
          new DefaultHttp2Headers(false)
              .method(random.nextInt(10) > 0 ? "POST" : Fault.of(List.of("GET", "", "x y"), random))
              .scheme(random.nextInt(10) > 0 ? "http" : Fault.of(List.of("", "ftp", "h t"), random))
              .path(Fault.of(rest ? REST_PATHS : PATHS, random))
              .authority(
                  random.nextInt(10) > 0 ? "localhost" : Fault.of(List.of("", "a b", "["), random));
      if (random.nextInt(10) > 0) {
        headers.set(
            "content-type",
            rest
                ? "application/json"
                : random.nextInt(10) > 0
                    ? "application/grpc"
                    : Fault.of(
                        List.of("application/grpc+json", "application/grpc-web", "a", ""), random));
        headers.set("te", "trailers");
      }
      if (random.nextInt(8) > 0) {
        headers.set("authorization", "Bearer " + GuardedServer.TOKEN);
      }
      for (int i = random.nextInt(3); i > 0; i--) {
        odd(headers);
      }
      return headers;
    }

    private void odd(Http2Headers headers) {
      switch (random.nextInt(14)) {
        case 0 ->
            headers.set(
                "grpc-timeout",
                Fault.of(List.of("1n", "1S", "99999999H", "-1S", "1", "S", "100000000S"), random));
        case 1 ->
            headers.set(
                "grpc-encoding", Fault.of(List.of("gzip", "snappy", "", "identity,gzip"), random));
        case 2 -> headers.add("x-note-bin", Fault.of(List.of("AAAR", "!!!", "AAA=,AAAB"), random));
        case 3 -> headers.add("x-note-bin", RandomText.of(random, 30));
        case 4 -> headers.add("X-Upper", "a");
        case 5 -> headers.add(":status", "200");
        case 6 -> headers.add(":path", "/v1/models");
        case 7 -> headers.add("connection", "close");
        case 8 -> headers.add("transfer-encoding", "chunked");
        case 9 ->
            headers.set("content-length", Fault.of(List.of("0", "5", "-1", "99999999999"), random));
        case 10 -> headers.add("x-" + RandomText.of(random, 20), RandomText.of(random, 50));
        case 11 -> headers.add("x-large", "v".repeat(random.nextInt(20_000)));
        case 12 -> headers.remove(Fault.of(List.of(":path", ":method", ":scheme"), random));
        default -> headers.add("", "");
      }
    }

    private byte[] block(Http2Headers headers) {
      ByteBuf block = Unpooled.buffer();
      try {
        encoder.encodeHeaders(stream, headers, block);
      } catch (Http2Exception e) {
        throw new AssertionError(e);
      }
      return ByteBufUtil.getBytes(block);
    }

    private void continued() {
      int id = next();
      byte[] block = block(headers());
      int cut = random.nextInt(block.length);
      frame(HEADERS, 0, id, java.util.Arrays.copyOf(block, cut));
      for (int i = random.nextInt(30); i > 0; i--) {
        frame(CONTINUATION, 0, id, new byte[0]);
      }
      if (random.nextInt(4) == 0) {
        frame(PING, 0, 0, new byte[8]);
      }
      frame(
          CONTINUATION,
          random.nextInt(4) == 0 ? 0 : END_HEADERS,
          random.nextInt(6) == 0 ? id + 2 : id,
          java.util.Arrays.copyOfRange(block, cut, block.length));
    }

    private void storm() {
      for (int i = random.nextInt(60); i > 0; i--) {
        int id = next();
        frame(HEADERS, END_HEADERS | random.nextInt(2), id, block(headers()));
        frame(RST_STREAM, 0, id, new byte[] {0, 0, 0, 8});
      }
    }

    private void emptyData() {
      int id = next();
      frame(HEADERS, END_HEADERS, id, block(headers()));
      for (int i = random.nextInt(100); i > 0; i--) {
        frame(DATA, 0, id, new byte[0]);
      }
    }

    private void lyingLength() {
      int at = out.size();
      call();
      byte[] all = out.toByteArray();
      out.reset();
      all[at + random.nextInt(3)] ^= (byte) (1 << random.nextInt(8));
      out.writeBytes(all);
    }

    private byte[] settings() {
      ByteBuffer settings = ByteBuffer.allocate(6 * (1 + random.nextInt(4)));
      while (settings.hasRemaining()) {
        settings.putShort((short) random.nextInt(10)).put(number());
      }
      return random.nextInt(8) == 0
          ? WireFault.damagedBytes(settings.array(), random)
          : settings.array();
    }

    private byte[] number() {
      int number =
          Fault.of(
              List.of(
                  0,
                  1,
                  8,
                  100,
                  16_384,
                  65_535,
                  16_777_215,
                  Integer.MAX_VALUE,
                  -1,
                  Integer.MIN_VALUE),
              random);
      return ByteBuffer.allocate(4).putInt(number).array();
    }

    private int next() {
      int id = stream;
      stream += random.nextInt(12) == 0 ? random.nextInt(5) : 2;
      return id;
    }

    private void frame(int type, int flags, int id, byte[] payload) {
      out.write(payload.length >> 16);
      out.write(payload.length >> 8);
      out.write(payload.length);
      out.write(type);
      out.write(flags);
      out.writeBytes(ByteBuffer.allocate(4).putInt(id).array());
      out.writeBytes(payload);
    }
  }

  @Override
  public String toString() {
    return "HTTP/%s%s%s %s"
        .formatted(
            http2 ? "2" : "1.1",
            reset ? ", reset" : "",
            read ? "" : ", not read",
            String.join(
                " | ", pieces.stream().map(piece -> HexFormat.of().formatHex(piece)).toList()));
  }
}
