package dev.nunchi.export;

import dev.nunchi.Sha256;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;

/// A new file that is written from its start to its end through a buffer of a few megabytes; its
/// SHA-256 is taken on the way, so that nobody has to read it again for that.
final class HashedFile implements AutoCloseable {
  /// The most that [#room] can be asked for.
  static final int BUFFER_BYTES = 1 << 22;

  private final FileChannel channel;
  private final MessageDigest digest = Sha256.begin();
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private long flushed;

  private HashedFile(FileChannel channel) {
    this.channel = channel;
  }

  static HashedFile create(Path file) throws IOException {
    return new HashedFile(
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
  }

  /// The buffer, little endian and with room for so many bytes after its position, which are to be
  /// put there.
  ByteBuffer room(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
    return buffer;
  }

  /// Appends bytes as they stand.
  void append(MemorySegment bytes) throws IOException {
    for (long from = 0; from < bytes.byteSize(); ) {
      int count = (int) Math.min(BUFFER_BYTES, bytes.byteSize() - from);
      room(count).put(bytes.asSlice(from, count).asByteBuffer());
      from += count;
    }
  }

  /// Appends zeros up to a place in the file.
  void fill(long position) throws IOException {
    while (position() < position) {
      room(1).put((byte) 0);
    }
  }

  private long position() {
    return flushed + buffer.position();
  }

  /// Ends the file and makes it outlast a loss of power.
  ///
  /// @return its SHA-256, as [dev.nunchi.model.Digests#sha256(Path)] would read it
  String finish() throws IOException {
    flush();
    channel.force(true);
    return HexFormat.of().formatHex(digest.digest());
  }

  private void flush() throws IOException {
    flushed += buffer.flip().remaining();
    digest.update(buffer.duplicate());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
