package dev.nunchi.serve;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// A connection of HTTP/2 whose frames the test writes, several at once where it likes.
final class RawHttp2 implements AutoCloseable {
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  private static final int DATA = 0;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int ACK = 1;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int CANCEL = 8;

  private final DefaultHttp2HeadersEncoder headers = new DefaultHttp2HeadersEncoder();
  private final ByteArrayOutputStream frames = new ByteArrayOutputStream();
  private final Socket socket;
  private final DataInputStream in;

  /// @param window bytes of an answer that the server may send before it is given more
  RawHttp2(int window) throws IOException {
    this(ServerUnderTest.port(), window);
  }

  RawHttp2(int port, int window) throws IOException {
    socket = new Socket("localhost", port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(10_000);
    in = new DataInputStream(socket.getInputStream());
    frames.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    byte[] initialWindow = {0, 4, 0, 0, (byte) (window >> 8), (byte) window};
    frame(SETTINGS, 0, 0, initialWindow);
  }

  /// A call of ours.
  ///
  /// @param message at most 255 bytes
  RawHttp2 call(int stream, String method, byte[] message) throws Http2Exception {
    return callPath(stream, "/nunchi.sentiment.v1.SentimentService/" + method, message);
  }

  /// A call of gRPC.
  RawHttp2 callPath(int stream, String path, byte[] message) throws Http2Exception {
    return callOf(stream, path, message.length, message);
  }

  /// A call whose first message is said to have `length` bytes.
  RawHttp2 callOf(int stream, String path, int length, byte[] message) throws Http2Exception {
    Http2Headers request =
        new DefaultHttp2Headers()
            .method("POST")
            .scheme("http")
            .path(path)
            .authority("localhost")
            .set("content-type", "application/grpc")
            .set("te", "trailers")
            // For a server that asks for it.
            .set("authorization", "Bearer " + GuardedServer.TOKEN);
    ByteBuf block = Unpooled.buffer();
    headers.encodeHeaders(stream, request, block);
    frame(HEADERS, END_HEADERS, stream, ByteBufUtil.getBytes(block));
    byte[] data = new byte[5 + message.length];
    data[4] = (byte) length;
    System.arraycopy(message, 0, data, 5, message.length);
    frame(DATA, END_STREAM, stream, data);
    return this;
  }

  /// A request without a body.
  RawHttp2 get(int stream, String path, String... more) throws Http2Exception {
    Http2Headers request =
        new DefaultHttp2Headers().method("GET").scheme("http").path(path).authority("localhost");
    for (int i = 0; i < more.length; i += 2) {
      request.add(more[i], more[i + 1]);
    }
    ByteBuf block = Unpooled.buffer();
    headers.encodeHeaders(stream, request, block);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, ByteBufUtil.getBytes(block));
    return this;
  }

  /// A request whose body goes on.
  RawHttp2 post(int stream, String path, String type, byte[]... pieces) throws Http2Exception {
    ByteBuf block = Unpooled.buffer();
    headers.encodeHeaders(
        stream,
        new DefaultHttp2Headers()
            .method("POST")
            .scheme("http")
            .path(path)
            .authority("localhost")
            .set("content-type", type),
        block);
    frame(HEADERS, END_HEADERS, stream, ByteBufUtil.getBytes(block));
    for (byte[] piece : pieces) {
      frame(DATA, 0, stream, piece);
    }
    return this;
  }

  RawHttp2 reset(int stream) {
    frame(RST_STREAM, 0, stream, new byte[] {0, 0, 0, CANCEL});
    return this;
  }

  /// Sends what has been written, in one piece.
  void send() throws IOException {
    frames.writeTo(socket.getOutputStream());
    frames.reset();
  }

  /// Whether the server still answers on this connection.
  boolean isAlive() throws IOException {
    frame(PING, 0, 0, new byte[8]);
    try {
      send();
      await(PING, ACK);
      return true;
    } catch (EOFException | java.net.SocketException e) {
      return false;
    }
  }

  /// @throws EOFException if the connection ends before a frame of this type comes
  void await(int type) throws IOException {
    await(type, 0);
  }

  private void await(int type, int flags) throws IOException {
    while (true) {
      int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
      int found = in.readUnsignedByte();
      int foundFlags = in.readUnsignedByte();
      in.skipNBytes(4 + length);
      if (found == type && (foundFlags & flags) == flags) {
        return;
      }
    }
  }

  private void frame(int type, int flags, int stream, byte[] payload) {
    try {
      DataOutputStream out = new DataOutputStream(frames);
      out.writeShort(payload.length >> 8);
      out.writeByte(payload.length);
      out.writeByte(type);
      out.writeByte(flags);
      out.writeInt(stream);
      out.write(payload);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
