package dev.nunchi;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;

/// One library as a resource.
///
/// @param bytes its size
/// @param crc32 its checksum; of a jar's entry both stand in the jar's directory and cost nothing
record NativeLibrary(URL resource, long bytes, long crc32) {
  private static final int BUFFER_BYTES = 1 << 20;

  static NativeLibrary of(URL resource) {
    try {
      URLConnection connection = resource.openConnection();
      connection.setUseCaches(false);
      if (connection instanceof JarURLConnection jar) {
        try (JarFile _ = jar.getJarFile()) {
          JarEntry entry = jar.getJarEntry();
          return new NativeLibrary(resource, entry.getSize(), entry.getCrc());
        }
      }
      try (InputStream in = connection.getInputStream()) {
        return read(resource, in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(resource + " cannot be read", e);
    }
  }

  /// What tells these libraries from others of the same names.
  static long fingerprint(List<NativeLibrary> libraries) {
    long fingerprint = 1;
    for (NativeLibrary library : libraries) {
      fingerprint = 31 * (31 * fingerprint + library.crc32) + library.bytes;
    }
    return fingerprint;
  }

  /// Whether the folder has a copy of it, all of it.
  boolean isWholeIn(Path folder) {
    Path file = folder.resolve(fileName());
    try {
      if (!Files.isRegularFile(file) || Files.size(file) != bytes) {
        return false;
      }
      try (InputStream in = Files.newInputStream(file)) {
        return read(resource, in).crc32 == crc32;
      }
    } catch (IOException e) {
      return false;
    }
  }

  /// Puts a copy into a folder on which the caller holds a lock, in place of one that is there.
  void unpack(Path folder) throws IOException {
    Path part = folder.resolve(fileName() + ".part");
    try {
      URLConnection connection = resource.openConnection();
      connection.setUseCaches(false);
      try (InputStream in = connection.getInputStream()) {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(part, folder.resolve(fileName()), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private String fileName() {
    String path = resource.getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static NativeLibrary read(URL resource, InputStream in) throws IOException {
    CheckedInputStream checked = new CheckedInputStream(in, new CRC32());
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = 0;
    for (int count = checked.read(buffer); count >= 0; count = checked.read(buffer)) {
      bytes += count;
    }
    return new NativeLibrary(resource, bytes, checked.getChecksum().getValue());
  }
}
