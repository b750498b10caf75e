package dev.nunchi.serve;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/// Bounds what the requests of one connection hold in memory: a body until its call is answered, of
/// gRPC a message until it has come whole.
///
/// A body of some MiB that does not end, or that waits to be read, is held for as long, and a
/// caller has many at a time. All together may hold a sixteenth of the heap ([MemoryShares]);
/// beyond that a connection that holds more than its share has the call that it sends just now
/// reset (`ENHANCE_YOUR_CALM`), over HTTP/1.1 refused ([OpenCalls#refuseOverfull]).
///
/// On the connection's event loop alone.
final class HeldBodies {
  private final MemoryShares.Holder all;

  HeldBodies(MemoryShares shares) {
    this.all = shares.holder();
  }

  /// @return whether so many bytes more may be held
  boolean take(int bytes) {
    return all.take(bytes);
  }

  /// @param bytes that were taken
  void giveBack(int bytes) {
    all.giveBack(bytes);
  }

  /// Those of the streams of a connection, from the first request on: before that Vert.x has not
  /// taken it over.
  Streams ofStreams(Http2ConnectionHandler connection) {
    Streams streams = new Streams(connection.connection());
    connection.connection().addListener(streams);
    connection
        .decoder()
        .frameListener(
            new Http2FrameListenerDecorator(connection.decoder().frameListener()) {
              @Override
              public int onDataRead(
                  ChannelHandlerContext context,
                  int stream,
                  ByteBuf data,
                  int padding,
                  boolean ends)
                  throws Http2Exception {
                int bytes = data.readableBytes();
                if (!streams.comes(stream, data)) {
                  connection.resetStream(
                      context, stream, Http2Error.ENHANCE_YOUR_CALM.code(), context.newPromise());
                  // They are read, as far as the caller's window goes.
                  return bytes + padding;
                }
                return super.onDataRead(context, stream, data, padding, ends);
              }
            });
    return streams;
  }

  /// What one stream holds.
  private static final class Body {
    private static final int PREFIX_BYTES = 5;

    private final boolean messages;
    private int held;

    /// Of gRPC: bytes of the prefix of a message that have come, and those of the message that have
    /// not.
    private int prefix;

    private long length;

    Body(boolean messages) {
      this.messages = messages;
    }

    /// How much more is held, or less, with what has come.
    int change(ByteBuf data) {
      if (!messages) {
        return data.readableBytes();
      }
      int after = held;
      int end = data.writerIndex();
      for (int at = data.readerIndex(); at < end; ) {
        if (prefix < PREFIX_BYTES) {
          // A flag, and four bytes of the length.
          length = prefix == 0 ? 0 : length << 8 | data.getUnsignedByte(at);
          prefix++;
          at++;
        }
        if (prefix == PREFIX_BYTES) {
          int next = (int) Math.min(length, end - at);
          length -= next;
          at += next;
          after = length == 0 ? 0 : after + next;
          prefix = length == 0 ? 0 : prefix;
        }
      }
      return after - held;
    }
  }

  /// Of the streams of HTTP/2.
  final class Streams extends Http2ConnectionAdapter {
    private final Http2Connection http2;
    private final Http2Connection.PropertyKey key;

    private Streams(Http2Connection http2) {
      this.http2 = http2;
      this.key = http2.newKey();
    }

    /// @param messages whether what comes is of gRPC
    void begins(Http2Stream stream, boolean messages) {
      stream.setProperty(key, new Body(messages));
    }

    private boolean comes(int id, ByteBuf data) {
      @Nullable Http2Stream stream = http2.stream(id);
      @Nullable Body body = stream == null ? null : stream.getProperty(key);
      if (body == null) {
        return true;
      }
      int change = body.change(data);
      if (change > 0 && !take(change)) {
        return false;
      }
      giveBack(-change);
      body.held += change;
      return true;
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      ends(stream);
    }

    /// It is answered: what still comes of it is thrown away.
    void ends(Http2Stream stream) {
      @Nullable Body body = stream.removeProperty(key);
      if (body != null) {
        giveBack(body.held);
      }
    }
  }
}
