import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.sentiment.v1.StreamClassifyRequest;
import dev.nunchi.sentiment.v1.StreamClassifyResponse;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// One attack on a server of this machine, from an address of its own where it needs no client: an
/// honest caller whose address is the attacker's shares its places.
///
/// Arguments: the attack, port, seconds, seed.
public final class Attacker {
  private final int port;
  private final long end;
  private final Random random;

  private Attacker(int port, int seconds, long seed) {
    this.port = port;
    this.end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    this.random = new Random(seed);
  }

  public static void main(String[] args) throws Exception {
    Attacker attacker =
        new Attacker(Integer.parseInt(args[1]), Integer.parseInt(args[2]), Long.parseLong(args[3]));
    switch (args[0]) {
      case "none" -> Thread.sleep(TimeUnit.SECONDS.toMillis(Long.parseLong(args[2])));
      case "pipelining" -> attacker.pipelining();
      case "idle" -> attacker.idle();
      case "streams" -> attacker.streams();
      case "large" -> attacker.large();
      case "headers" -> attacker.headers();
      case "bodies" -> attacker.bodies();
      case "answers" -> attacker.answers();
      default -> throw new IllegalArgumentException("There is no attack " + args[0]);
    }
    System.exit(0);
  }

  private boolean goesOn() {
    return System.nanoTime() < end;
  }

  /// 64 connections, each with another shortest request.
  private void pipelining() throws Exception {
    List<String> lines =
        List.of("GET / ", "GET /q/health/ready ", "GET /v1/models ", "GET /q/metrics ", "PUT /x ");
    List<ByteBuffer> floods = new ArrayList<>();
    for (String line : lines) {
      floods.add(bytes((line + "HTTP/1.1\r\nHost: a\r\n\r\n").repeat(2_000)));
    }
    List<SocketChannel> channels = new ArrayList<>();
    while (goesOn()) {
      while (channels.size() < 64) {
        channels.add(connected());
      }
      boolean wrote = false;
      for (int i = 0; i < channels.size(); i++) {
        // From the beginning of a request each time: what was cut is an error of its own.
        wrote |= write(channels, i, floods.get(random.nextInt(floods.size())).duplicate());
      }
      if (!wrote) {
        Thread.sleep(5);
      }
    }
  }

  /// As many connections as may be: they come again when they are closed.
  private void idle() throws Exception {
    List<ByteBuffer> halves =
        List.of(
            bytes(""),
            bytes("GET /v1/models HTTP/1.1\r\nHost: a\r\nX-A: "),
            bytes(
                "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    + "Authorization: Bearer "
                    + Attacks.HOSTILE
                    + "\r\nContent-Length: 100000\r\n\r\n"
                    + " ".repeat(20_000)));
    List<SocketChannel> channels = new ArrayList<>();
    while (goesOn()) {
      int before = channels.size();
      while (channels.size() < 5_000 && channels.size() < before + 50) {
        int kind = random.nextInt(20);
        SocketChannel channel = connected();
        channels.add(channel);
        write(channels, channels.size() - 1, halves.get(kind == 0 ? 2 : kind % 2).duplicate());
      }
      for (int i = channels.size() - 1; i >= 0; i--) {
        if (isClosed(channels.get(i))) {
          channels.remove(i).close();
        }
      }
      Thread.sleep(5);
    }
  }

  /// Some over one connection, others over one each.
  private void streams() throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    while (goesOn()) {
      for (int i = 0; i < 300; i++) {
        if (channels.size() < 50 && i % 6 == 0) {
          channels.add(channel());
        }
        StreamObserver<StreamClassifyRequest> _ =
            withToken(channels.get(random.nextInt(channels.size()))).streamClassify(new Nobody());
      }
      Thread.sleep(500);
    }
  }

  /// What fits into a message, of nothing but beginnings.
  private void large() throws Exception {
    ByteBuffer json = bytes("{\"requests\":[" + "{},".repeat(1_390_000) + "{}]}");
    byte[] empty = new byte[4_000_000];
    for (int i = 0; i < empty.length; i += 2) {
      empty[i] = 0x0a;
    }
    ManagedChannel channel = channel();
    List<SocketChannel> channels = new ArrayList<>();
    while (goesOn()) {
      for (String encoding : List.of("/v1/classify:batch", "/v1/classify")) {
        SocketChannel rest = connected();
        rest.configureBlocking(true);
        channels.add(rest);
        rest.write(
            bytes(
                "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        .formatted(encoding)
                    + "Authorization: Bearer %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                        .formatted(Attacks.HOSTILE, json.remaining())));
        try {
          ByteBuffer body = json.duplicate();
          while (body.hasRemaining()) {
            rest.write(body);
          }
          rest.read(ByteBuffer.allocate(1000));
        } catch (IOException refused) {
          // Before it was sent whole.
        }
        rest.close();
      }
      try {
        Object _ =
            ClientCalls.blockingUnaryCall(
                ClientInterceptors.intercept(channel, tokens()),
                SentimentServiceGrpc.getBatchClassifyMethod().toBuilder(
                        new Raw(),
                        SentimentServiceGrpc.getBatchClassifyMethod().getResponseMarshaller())
                    .build(),
                CallOptions.DEFAULT,
                empty);
      } catch (StatusRuntimeException refused) {
        // As it should be.
      }
    }
  }

  /// Headers that stand in the table once and are named by a byte each; a table of 4 GiB asked for.
  private void headers() throws Exception {
    List<SocketChannel> channels = new ArrayList<>();
    while (goesOn()) {
      SocketChannel channel = connected();
      channel.configureBlocking(true);
      channels.add(channel);
      if (channels.size() > 50) {
        channels.removeFirst().close();
      }
      try {
        channel.write(bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        channel.write(frame(4, 0, 0, new byte[] {0, 1, -1, -1, -1, -1}));
        DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
        for (int stream = 1; stream < 4_000 && goesOn(); stream += 2) {
          Http2Headers request =
              new DefaultHttp2Headers()
                  .method("GET")
                  .scheme("http")
                  .path("/v1/models/" + random.nextInt())
                  .authority("localhost");
          for (int i = 0; i < 3 + random.nextInt(60); i++) {
            request.add("x-" + "a".repeat(60) + i % 20, "v".repeat(100));
          }
          ByteBuf block = Unpooled.buffer();
          encoder.encodeHeaders(stream, request, block);
          byte[] bytes = new byte[block.readableBytes()];
          block.readBytes(bytes);
          channel.write(frame(1, 5, stream, bytes));
        }
      } catch (IOException closed) {
        // As it should be.
      }
    }
  }

  /// Bodies of nearly 4 MB that never end, over as many connections as are let in.
  private void bodies() throws Exception {
    ByteBuffer half =
        bytes(
            "POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer "
                + Attacks.HOSTILE
                + "\r\nContent-Length: 4000000\r\n\r\n"
                + " ".repeat(3_900_000));
    List<SocketChannel> channels = new ArrayList<>();
    List<ByteBuffer> left = new ArrayList<>();
    while (goesOn()) {
      while (channels.size() < 100) {
        channels.add(connected());
        left.add(half.duplicate());
      }
      boolean wrote = false;
      for (int i = channels.size() - 1; i >= 0; i--) {
        try {
          wrote |= channels.get(i).write(left.get(i)) > 0;
          if (isClosed(channels.get(i))) {
            throw new IOException("closed");
          }
        } catch (IOException closed) {
          channels.remove(i).close();
          left.remove(i);
        }
      }
      if (!wrote) {
        Thread.sleep(5);
      }
    }
  }

  /// Calls over HTTP/2 whose answers, of many KiB each, are never let in.
  private void answers() throws Exception {
    List<SocketChannel> channels = new ArrayList<>();
    while (goesOn()) {
      SocketChannel channel = connected();
      channel.configureBlocking(true);
      channels.add(channel);
      if (channels.size() > 50) {
        channels.removeFirst().close();
      }
      try {
        channel.write(bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        channel.write(frame(4, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}));
        DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
        for (int stream = 1; stream < 4_000 && goesOn(); stream += 2) {
          ByteBuf block = Unpooled.buffer();
          encoder.encodeHeaders(
              stream,
              new DefaultHttp2Headers()
                  .method("GET")
                  .scheme("http")
                  .path("/q/metrics")
                  .authority("localhost")
                  .add("authorization", "Bearer " + Attacks.HOSTILE),
              block);
          byte[] bytes = new byte[block.readableBytes()];
          block.readBytes(bytes);
          channel.write(frame(1, 5, stream, bytes));
          if (stream % 200 == 1) {
            Thread.sleep(20);
          }
        }
      } catch (IOException closed) {
        // As it should be.
      }
    }
  }

  private static ByteBuffer frame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .flip();
  }

  private ManagedChannel channel() {
    return ManagedChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }

  private static ClientInterceptor tokens() {
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "Bearer " + Attacks.HOSTILE);
    return MetadataUtils.newAttachHeadersInterceptor(metadata);
  }

  private static SentimentServiceGrpc.SentimentServiceStub withToken(ManagedChannel channel) {
    return SentimentServiceGrpc.newStub(channel).withInterceptors(tokens());
  }

  private SocketChannel connected() throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.bind(new InetSocketAddress("127.0.0.2", 0));
    channel.connect(new InetSocketAddress("127.0.0.1", port));
    channel.configureBlocking(false);
    return channel;
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  /// Whether something could be written; a connection that is closed is replaced.
  private boolean write(List<SocketChannel> channels, int i, ByteBuffer bytes) throws IOException {
    try {
      return channels.get(i).write(bytes) > 0;
    } catch (IOException closed) {
      channels.get(i).close();
      channels.set(i, connected());
      return false;
    }
  }

  private static boolean isClosed(SocketChannel channel) {
    try {
      return channel.read(ByteBuffer.allocate(100)) < 0;
    } catch (IOException closed) {
      return true;
    }
  }

  private static final class Nobody implements StreamObserver<StreamClassifyResponse> {
    @Override
    public void onNext(StreamClassifyResponse answer) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  private static final class Raw implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream message) {
      throw new UnsupportedOperationException();
    }
  }
}
