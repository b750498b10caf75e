package dev.nunchi.model;

import dev.nunchi.nn.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A zip archive whose entries are stored as they are, so that each is a run of the archive's own
/// bytes; archives and entries over 4 GB too
/// (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, sections 4.3 and 4.5.3).
///
/// The JDK's reader gives streams, which would be copies.
final class StoredZip {
  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int LARGE_END = 0x06064b50;
  private static final int LARGE_END_LOCATOR = 0x07064b50;
  private static final int LARGE_END_LOCATOR_BYTES = 20;
  private static final int ENTRY = 0x02014b50;
  private static final int LOCAL = 0x04034b50;
  private static final int MOST_COMMENT_BYTES = 0xffff;
  private static final long IN_EXTRA = 0xffffffffL;
  private static final int LARGE_EXTRA = 1;
  private static final int ENCRYPTED = 1;
  private static final int MOST_ENTRIES = 1_000_000;

  private final Map<String, MemorySegment> entries = new LinkedHashMap<>();
  private final PickleBytes in;
  private final MemorySegment archive;

  private StoredZip(PickleBytes in, MemorySegment archive) {
    this.in = in;
    this.archive = archive;
  }

  /// @param in the archive, for errors
  static StoredZip read(PickleBytes in, MemorySegment archive) {
    StoredZip zip = new StoredZip(in, archive);
    zip.readDirectory();
    return zip;
  }

  Set<String> names() {
    return entries.keySet();
  }

  Optional<MemorySegment> entry(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  private void readDirectory() {
    long end = end();
    PickleBytes record = in.at(end + 8);
    long count = record.unsignedShort();
    record.unsignedShort();
    record.int32();
    long directory = unsigned(record.int32());
    long locator = end - LARGE_END_LOCATOR_BYTES;
    if (locator >= 0 && archive.get(LittleEndian.INT, locator) == LARGE_END_LOCATOR) {
      PickleBytes large = in.at(in.at(locator + 8).int64());
      if (large.int32() != LARGE_END) {
        throw damaged();
      }
      large.slice(20);
      count = large.int64();
      large.slice(16);
      directory = large.int64();
    }
    if (count < 0 || count > MOST_ENTRIES) {
      throw in.invalid("it has %s entries".formatted(Long.toUnsignedString(count)));
    }
    PickleBytes headers = in.at(directory);
    for (long i = 0; i < count; i++) {
      readEntry(headers);
    }
  }

  /// Where the record is that ends every archive; a comment may follow it.
  private long end() {
    long last = archive.byteSize() - END_BYTES;
    for (long at = last; at >= 0 && at >= last - MOST_COMMENT_BYTES; at--) {
      if (archive.get(LittleEndian.INT, at) == END) {
        return at;
      }
    }
    throw in.invalid("it is truncated: the directory of a zip archive is not at its end");
  }

  private void readEntry(PickleBytes header) {
    if (header.int32() != ENTRY) {
      throw damaged();
    }
    header.int32();
    int flags = header.unsignedShort();
    int method = header.unsignedShort();
    header.slice(8);
    long stored = unsigned(header.int32());
    long size = unsigned(header.int32());
    int nameBytes = header.unsignedShort();
    int extraBytes = header.unsignedShort();
    int commentBytes = header.unsignedShort();
    header.slice(8);
    long local = unsigned(header.int32());
    String name = new String(header.array(nameBytes), StandardCharsets.UTF_8);
    PickleBytes extra = in.over(header.slice(extraBytes));
    header.slice(commentBytes);
    while (extra.remaining() >= 4) {
      int kind = extra.unsignedShort();
      PickleBytes field = in.over(extra.slice(extra.unsignedShort()));
      if (kind == LARGE_EXTRA) {
        size = size == IN_EXTRA ? field.int64() : size;
        stored = stored == IN_EXTRA ? field.int64() : stored;
        local = local == IN_EXTRA ? field.int64() : local;
      }
    }
    if (method != 0 || stored != size || (flags & ENCRYPTED) != 0) {
      throw in.invalid(
          "its %s is compressed, which torch.save never does".formatted(PickleBytes.shown(name)));
    }
    @Nullable MemorySegment other = entries.put(name, bytes(local, size));
    if (other != null) {
      throw in.invalid("it has %s twice".formatted(PickleBytes.shown(name)));
    }
  }

  private MemorySegment bytes(long local, long size) {
    PickleBytes header = in.at(local);
    if (header.int32() != LOCAL) {
      throw damaged();
    }
    header.slice(22);
    int nameBytes = header.unsignedShort();
    header.slice((long) header.unsignedShort() + nameBytes);
    return header.slice(size);
  }

  private RuntimeException damaged() {
    return in.invalid("the directory of its zip archive is damaged");
  }

  private static long unsigned(int value) {
    return Integer.toUnsignedLong(value);
  }
}
