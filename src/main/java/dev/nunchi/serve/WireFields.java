package dev.nunchi.serve;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// Counts the fields of a message as it stands on the wire, with those of the messages in it,
/// before any of them becomes an object.
final class WireFields {
  private final CodedInputStream in;
  private final int most;
  private int count;

  private WireFields(InputStream message, int most) {
    this.in = CodedInputStream.newInstance(message);
    this.most = most;
  }

  /// Whether there are more than that many; what is no message has none, and the parser says so.
  ///
  /// @param message is where it was afterwards
  static boolean areMoreThan(int most, InputStream message, Descriptor type) {
    message.mark(Integer.MAX_VALUE);
    try {
      WireFields fields = new WireFields(message, most);
      fields.read(type);
      return fields.count > most;
    } catch (InvalidProtocolBufferException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      reset(message);
    }
  }

  private void read(Descriptor type) throws IOException {
    for (int tag = in.readTag(); tag != 0 && ++count <= most; tag = in.readTag()) {
      @Nullable FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
      if (field != null
          && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
          && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int outer = in.pushLimit(in.readRawVarint32());
        read(field.getMessageType());
        in.popLimit(outer);
      } else if (!in.skipField(tag)) {
        return;
      }
    }
  }

  private static void reset(InputStream message) {
    try {
      message.reset();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
