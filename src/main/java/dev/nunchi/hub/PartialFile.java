package dev.nunchi.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/// The part of a file that is here: its bytes from the first on, with their digest as far as they
/// go. What was appended outlasts the process.
final class PartialFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;

  private final FileChannel channel;
  private final RemoteFile file;
  private MessageDigest digest;
  private long length;

  private PartialFile(FileChannel channel, RemoteFile file) {
    this.channel = channel;
    this.file = file;
    this.digest = file.digest().begin(file.size());
  }

  /// Opens what an earlier run left, or begins; what is longer than the file can be is dropped.
  static PartialFile open(Path path, RemoteFile file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      PartialFile partial = new PartialFile(channel, file);
      if (channel.size() > file.size()) {
        partial.restart();
      } else {
        partial.readOn();
      }
      return partial;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private void readOn() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    while (channel.read(buffer.clear()) >= 0) {
      length += buffer.flip().remaining();
      digest.update(buffer);
    }
  }

  long length() {
    return length;
  }

  void append(ByteBuffer bytes) throws IOException {
    ByteBuffer written = bytes.duplicate();
    int count = bytes.remaining();
    while (written.hasRemaining()) {
      channel.write(written, length + written.position() - bytes.position());
    }
    digest.update(bytes);
    length += count;
  }

  void restart() throws IOException {
    channel.truncate(0);
    digest = file.digest().begin(file.size());
    length = 0;
  }

  /// Of what is here; once.
  ContentDigest digest() {
    return ContentDigest.of(digest);
  }

  /// Makes what is here outlast a loss of power too.
  void sync() throws IOException {
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
