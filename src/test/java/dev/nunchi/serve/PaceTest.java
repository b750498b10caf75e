package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.nunchi.infer.Handover;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final int BYTES = 3_000;

  @Test
  void channelRead_inSeveralPieces_handsOverAllOfThemTogether() {
    List<Boolean> together = new ArrayList<>();
    List<Integer> bytes = new ArrayList<>();
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new Pace((_, _) -> {}, new DefaultHttp2Connection(true)),
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object message) {
                ByteBuf piece = (ByteBuf) message;
                together.add(Handover.isOn());
                bytes.add(piece.readableBytes());
                piece.release();
              }
            });
    try {
      channel.writeInbound(Unpooled.wrappedBuffer(new byte[BYTES]));
      assertEquals(BYTES, bytes.stream().mapToInt(Integer::intValue).sum());
      assertFalse(bytes.size() == 1, "It is to come in pieces");
      assertEquals(Set.of(true), Set.copyOf(together));
      assertFalse(Handover.isOn());
    } finally {
      channel.finishAndReleaseAll();
    }
  }
}
