package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.PublishedFiles;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/// Takes a model out of a tar archive, gzipped or not, that somebody else made.
///
/// Only files that are read here are written. A name that leads out of the directory, a link, a
/// device, or more than weights can shrink to ends it: nothing an archive holds reaches past the
/// directory or fills the disk.
final class Unpacking {
  private static final int MOST_ENTRIES = 10_000;
  private static final int MOST_DEPTH = 8;

  /// Weights shrink by a third at most; a tokenizer to a tenth.
  private static final long MOST_GROWTH = 50;

  private static final long ALWAYS_ALLOWED = 64L << 20;
  private static final int BUFFER_BYTES = 1 << 20;

  private final String name;
  private final Path archive;
  private final long mostBytes;
  private long bytes;

  /// @param name shown in sentences
  Unpacking(String name, Path archive) throws IOException {
    this.name = name;
    this.archive = archive;
    this.mostBytes = Files.size(archive) * MOST_GROWTH + ALWAYS_ALLOWED;
  }

  /// @throws NunchiException `INVALID_MODEL` naming the entry that does not do
  void into(Path directory) throws IOException {
    int entries = 0;
    try (TarArchiveInputStream tar = new TarArchiveInputStream(plain())) {
      while (next(tar) instanceof TarArchiveEntry entry) {
        if (++entries > MOST_ENTRIES) {
          throw refused(String.format(Locale.ROOT, "more than %,d entries", MOST_ENTRIES));
        }
        Path place = place(directory, entry);
        if (!entry.isDirectory()) {
          write(tar, entry, place);
        }
      }
    }
  }

  private InputStream plain() throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(archive), BUFFER_BYTES);
    try {
      in.mark(2);
      boolean isGzip = in.read() == 0x1f && in.read() == 0x8b;
      in.reset();
      return isGzip ? new GZIPInputStream(in, BUFFER_BYTES) : in;
    } catch (IOException e) {
      in.close();
      throw refused("no gzipped data: " + e.getMessage());
    }
  }

  private @Nullable TarArchiveEntry next(TarArchiveInputStream tar) {
    try {
      return tar.getNextEntry();
    } catch (IOException | RuntimeException e) {
      throw refused("no tar archive, or a damaged one (%s)".formatted(e.getMessage()));
    }
  }

  private Path place(Path directory, TarArchiveEntry entry) {
    String path = entry.getName();
    byte type = entry.getLinkFlag();
    boolean isFile = type == TarConstants.LF_NORMAL || type == TarConstants.LF_OLDNORM;
    if (!isFile && !entry.isDirectory() || entry.isSparse()) {
      throw refused("'%s', which is neither a file nor a directory".formatted(path));
    }
    String[] parts = path.replaceFirst("^(\\./)+", "").split("/", -1);
    Path place = directory;
    for (String part : parts) {
      if (part.equals("..") || part.matches(".*[\\\\\\p{Cntrl}].*") || path.startsWith("/")) {
        throw refused("'%s', whose name leads elsewhere".formatted(path));
      }
      place = part.isEmpty() || part.equals(".") ? place : place.resolve(part);
    }
    if (parts.length > MOST_DEPTH || !place.normalize().startsWith(directory)) {
      throw refused("'%s', whose name leads elsewhere".formatted(path));
    }
    return place;
  }

  private void write(TarArchiveInputStream tar, TarArchiveEntry entry, Path place)
      throws IOException {
    boolean isRead = PublishedFiles.isRead(place.getFileName().toString());
    if (isRead) {
      Files.createDirectories(place.getParent());
    }
    try (OutputStream out =
        isRead
            ? Files.newOutputStream(place, StandardOpenOption.CREATE_NEW)
            : OutputStream.nullOutputStream()) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = read(tar, buffer); count >= 0; count = read(tar, buffer)) {
        bytes += count;
        if (bytes > mostBytes) {
          throw refused(
              String.format(
                  Locale.ROOT,
                  "more than %,d bytes, which no weights of its size unpack to",
                  mostBytes));
        }
        out.write(buffer, 0, count);
      }
    } catch (FileAlreadyExistsException _) {
      throw refused("'%s' twice".formatted(entry.getName()));
    } catch (IOException e) {
      throw DurableFiles.notWritten(place, e);
    }
    if (isRead) {
      DurableFiles.sync(place);
    }
  }

  private int read(TarArchiveInputStream tar, byte[] buffer) {
    try {
      return tar.read(buffer);
    } catch (IOException e) {
      throw refused("data that cannot be unpacked (%s)".formatted(e.getMessage()));
    }
  }

  private NunchiException refused(String what) {
    return new NunchiException(Reason.INVALID_MODEL, name + " holds " + what);
  }
}
