package dev.nunchi.serve;

import com.google.protobuf.Descriptors.Descriptor;
import dev.nunchi.NunchiException;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// A message as it stands on the wire, decompressed where it came so.
///
/// @param length bytes that it had on the wire
/// @param bytes nothing of it where it is refused
/// @param refusal why it is not taken, told when it is delivered; null where it is
record WireMessage(int length, InputStream bytes, @Nullable NunchiException refusal) {
  private static final InputStream NOTHING = InputStream.nullInputStream();

  /// @param type what it is to be a message of
  /// @throws NunchiException the refusal, or `INVALID_ARGUMENT` for more fields than are taken
  void check(Descriptor type, Limits limits) {
    if (refusal != null) {
      throw refusal;
    }
    if (WireFields.areMoreThan(limits.mostFields(), bytes, type)) {
      throw limits.tooManyFields("message");
    }
  }

  /// Has messages parsed by the call's handler and not before it, where [InvalidMessageInterceptor]
  /// sees those that are none.
  ///
  /// It decompresses too: Vert.x would leave a call without an end whose messages are no gzip, and
  /// would decompress without a bound. Which are compressed shows in their first bytes, as no
  /// message of protobuf begins like gzip: 0x1f would be a field of a type that does not exist.
  record Marshaller(Limits limits) implements MethodDescriptor.Marshaller<WireMessage> {
    @Override
    public InputStream stream(WireMessage message) {
      return message.bytes();
    }

    @Override
    public WireMessage parse(InputStream message) {
      int length = 0;
      try {
        length = message.available();
        limits.checkMessage(length);
        return new WireMessage(
            length,
            isGzip(message)
                ? new ByteArrayInputStream(
                    Gzip.decompressed("message", message, limits.maxMessageBytes()))
                : message,
            null);
      } catch (NunchiException refused) {
        return new WireMessage(length, NOTHING, refused);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /// Of requests alone: answers, which come here too, cannot be read twice.
    private static boolean isGzip(InputStream message) throws IOException {
      if (!message.markSupported()) {
        return false;
      }
      message.mark(2);
      boolean gzip = message.read() == 0x1f && message.read() == 0x8b;
      message.reset();
      return gzip;
    }
  }
}
