package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The files beside an ONNX graph in which its tensors lie, by the names that the graph has for
/// them.
///
/// Walks through the protobuf without keeping any of it: a graph may hold gigabytes itself. Tensors
/// stand in graphs, in attributes of their nodes, in the graphs in those, and in functions.
///
/// See <https://github.com/onnx/onnx/blob/main/docs/ExternalData.md>.
final class GraphFiles {
  private enum Kind {
    MODEL,
    GRAPH,
    FUNCTION,
    NODE,
    ATTRIBUTE,
    SPARSE_TENSOR,
    TENSOR
  }

  /// Of each kind of message the fields that lead to tensors.
  private static final Map<Kind, Map<Integer, Kind>> INSIDE =
      Map.of(
          Kind.MODEL, Map.of(7, Kind.GRAPH, 25, Kind.FUNCTION),
          Kind.GRAPH, Map.of(1, Kind.NODE, 5, Kind.TENSOR, 15, Kind.SPARSE_TENSOR),
          Kind.FUNCTION, Map.of(7, Kind.NODE),
          Kind.NODE, Map.of(5, Kind.ATTRIBUTE),
          Kind.ATTRIBUTE,
              Map.of(
                  5,
                  Kind.TENSOR,
                  6,
                  Kind.GRAPH,
                  10,
                  Kind.TENSOR,
                  11,
                  Kind.GRAPH,
                  22,
                  Kind.SPARSE_TENSOR,
                  23,
                  Kind.SPARSE_TENSOR),
          Kind.SPARSE_TENSOR, Map.of(1, Kind.TENSOR, 2, Kind.TENSOR),
          Kind.TENSOR, Map.of());

  private static final int EXTERNAL_DATA = 13;
  private static final int DATA_LOCATION = 14;
  private static final int EXTERNAL = 1;

  /// Of one directory, and no control characters, as it stands in messages.
  private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[^/\\\\\\p{Cntrl}]+");

  /// Longer ones are no names of files.
  private static final int LONGEST_ENTRY = 1 << 14;

  private static final int DEEPEST = 64;

  private final InputStream in;
  private final SortedSet<String> names = new TreeSet<>();
  private long position;
  private int depth;

  private GraphFiles(InputStream in) {
    this.in = in;
  }

  /// @return empty where the tensors lie in the graph itself; of a file that is no graph what was
  ///   found until then, since ONNX Runtime will say better what is wrong
  /// @throws NunchiException `IO_FAILURE` where the file cannot be read, `UNSUPPORTED_MODEL` where
  ///   tensors lie elsewhere than beside it
  static SortedSet<String> of(Path graph) {
    PlainFile.require(graph);
    try (InputStream in = new BufferedInputStream(Files.newInputStream(graph), 1 << 16)) {
      GraphFiles files = new GraphFiles(in);
      try {
        files.message(Kind.MODEL, Long.MAX_VALUE);
      } catch (EOFException _) {
        // The end of the file, or of what can be understood.
      }
      requireBeside(graph, files.names);
      return files.names;
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, graph + " cannot be read", e);
    }
  }

  private static void requireBeside(Path graph, SortedSet<String> names) {
    for (String name : names) {
      if (!NAME.matcher(name).matches()) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s has weights in '%s'; they have to lie in a file beside it".formatted(graph, name));
      }
    }
  }

  private void message(Kind kind, long end) throws IOException {
    if (++depth > DEEPEST) {
      throw new EOFException();
    }
    String location = "";
    boolean external = false;
    while (position < end) {
      long tag = varint();
      int field = (int) (tag >>> 3);
      if ((tag & 7) != 2) {
        long value = scalar((int) (tag & 7));
        external |= kind == Kind.TENSOR && field == DATA_LOCATION && value == EXTERNAL;
        continue;
      }
      long length = varint();
      if (length < 0 || length > end - position) {
        throw new EOFException();
      }
      Kind inside = INSIDE.getOrDefault(kind, Map.of()).get(field);
      if (inside != null) {
        message(inside, position + length);
      } else if (kind == Kind.TENSOR && field == EXTERNAL_DATA && length <= LONGEST_ENTRY) {
        location = location(location, position + length);
      } else {
        skip(length);
      }
    }
    if (external && !location.isEmpty()) {
      names.add(location);
    }
    depth--;
  }

  /// The value of an entry whose key is `location`, else what was known before.
  private String location(String known, long end) throws IOException {
    String key = "";
    String value = "";
    while (position < end) {
      long tag = varint();
      if ((tag & 7) != 2) {
        scalar((int) (tag & 7));
        continue;
      }
      long length = varint();
      if (length < 0 || length > end - position) {
        throw new EOFException();
      }
      String text = new String(bytes((int) length), StandardCharsets.UTF_8);
      switch ((int) (tag >>> 3)) {
        case 1 -> key = text;
        case 2 -> value = text;
        default -> {}
      }
    }
    return key.equals("location") ? value : known;
  }

  /// A value that has no length before it; 0 for those that are no whole number.
  private long scalar(int wireType) throws IOException {
    switch (wireType) {
      case 0 -> {
        return varint();
      }
      case 1 -> skip(8);
      case 5 -> skip(4);
      default -> throw new EOFException();
    }
    return 0;
  }

  private long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException();
      }
      position++;
      value |= (long) (next & 0x7f) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new EOFException();
  }

  private byte[] bytes(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    position += length;
    return bytes;
  }

  private void skip(long length) throws IOException {
    in.skipNBytes(length);
    position += length;
  }
}
