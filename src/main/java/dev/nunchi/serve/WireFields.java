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
    WireFields fields = new WireFields(message, most);
    try {
      fields.read(type);
      return fields.count > most;
    } catch (InvalidProtocolBufferException e) {
      // Also of a message in which counting stopped, when the one around it is read on.
      return fields.count > most;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      reset(message);
    }
  }

  /// Groups, of which no message here has any, become objects as other fields do that are not
  /// known: their begin, their end and what lies between are counted.
  private void read(Descriptor type) throws IOException {
    int groups = 0;
    for (int tag = in.readTag(); tag != 0 && ++count <= most; tag = in.readTag()) {
      switch (WireFormat.getTagWireType(tag)) {
        case WireFormat.WIRETYPE_START_GROUP -> groups++;
        case WireFormat.WIRETYPE_END_GROUP -> groups--;
        default -> {
          @Nullable Descriptor inner = groups == 0 ? messageType(type, tag) : null;
          if (inner == null) {
            in.skipField(tag);
          } else {
            int outer = in.pushLimit(in.readRawVarint32());
            read(inner);
            in.popLimit(outer);
          }
        }
      }
    }
  }

  /// The type of a message that stands in a field; null where none does.
  private static @Nullable Descriptor messageType(Descriptor type, int tag) {
    @Nullable FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
    return field != null
            && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
            && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED
        ? field.getMessageType()
        : null;
  }

  private static void reset(InputStream message) {
    try {
      message.reset();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
