package dev.nunchi.serve;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.flush.FlushConsolidationHandler;

/// Has what the answers of an HTTP/2 connection are made of go to the socket together.
///
/// Vert.x sends an answer of gRPC in two pieces, its message and its trailers, each by a call of
/// the system of its own, which took two fifths of the event loops' time where texts are short.
/// Here a piece waits for what its event loop has to do already, which may be further answers over
/// the same connection, and all of it goes in one call: where nothing else is to be done, at once.
final class JoinedWrites {
  private static final String HANDLER = "nunchi-joined-writes";

  // Some hundred answers.
  private static final int MOST_FLUSHES = 256;

  private JoinedWrites() {}

  /// Before all other handlers, so that what these write before they close the connection is sent.
  static void join(ChannelPipeline pipeline) {
    pipeline.addFirst(HANDLER, new FlushConsolidationHandler(MOST_FLUSHES, true));
  }
}
