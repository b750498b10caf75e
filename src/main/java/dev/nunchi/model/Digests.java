package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import dev.nunchi.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// SHA-256 of a model's files: what proves that a directory is the one that was written.
public final class Digests {
  private Digests() {}

  /// Lower-case hexadecimal, as `sha256sum` prints it.
  ///
  /// @throws NunchiException `INVALID_MODEL` where the file is missing
  public static String sha256(Path file) {
    PlainFile.require(file);
    MessageDigest digest = Sha256.begin();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      byte[] buffer = new byte[1 << 20];
      while (in.read(buffer) >= 0) {
        // The stream feeds the digest.
      }
    } catch (NoSuchFileException e) {
      throw new NunchiException(Reason.INVALID_MODEL, file + " is missing", e);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /// Digests of the named files of a directory, by name.
  public static Map<String, String> of(Path directory, Collection<String> names) {
    Map<String, String> digests = new TreeMap<>();
    for (String name : names) {
      digests.put(name, sha256(directory.resolve(name)));
    }
    return digests;
  }

  /// The revision of a model: `sha256:` and the digest of the file that it consists of; of several,
  /// the digest of theirs, one hexadecimal line each in the order of the names.
  ///
  /// @param digests of the files, by name; at least one
  public static String revision(Map<String, String> digests) {
    List<String> lines = List.copyOf(new TreeMap<>(digests).values());
    if (lines.size() == 1) {
      return "sha256:" + lines.getFirst();
    }
    MessageDigest digest = Sha256.begin();
    for (String line : lines) {
      digest.update((line + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    return "sha256:" + HexFormat.of().formatHex(digest.digest());
  }

  /// Checks every file that the manifest lists.
  ///
  /// @throws NunchiException `INVALID_MODEL` naming the first file that is missing or not the one
  ///   that was written
  public static void verify(Path directory, Manifest manifest) {
    damage(directory, manifest)
        .ifPresent(damage -> {
          throw new NunchiException(Reason.INVALID_MODEL, damage);
        });
  }

  /// The first file of the manifest's list that is missing or not the one that was written, as a
  /// sentence; empty where there is none.
  ///
  /// @throws NunchiException `IO_FAILURE` where a file cannot be read, which proves nothing
  public static Optional<String> damage(Path directory, Manifest manifest) {
    return damage(directory, manifest.proof().files());
  }

  /// The same by the digests of a manifest.
  static Optional<String> damage(Path directory, Map<String, String> files) {
    for (Map.Entry<String, String> file : new TreeMap<>(files).entrySet()) {
      Path path = directory.resolve(file.getKey());
      Optional<String> fault = PlainFile.fault(path);
      if (fault.isPresent()) {
        return Optional.of(path + " " + fault.get());
      }
      if (Files.notExists(path)) {
        return Optional.of(path + " is missing");
      }
      String actual = sha256(path);
      if (!actual.equals(file.getValue())) {
        return Optional.of(
            "%s is not the file that %s lists: its SHA-256 should be %s, but is %s"
                .formatted(path, Manifest.FILE_NAME, file.getValue(), actual));
      }
    }
    return Optional.empty();
  }

  /// Checks that a manifest lists what is read, without which nobody knows whether it is what was
  /// written, and that the revision, by which callers tell models apart, is that of the list.
  ///
  /// @throws NunchiException `INVALID_MODEL` naming what is not listed
  static void requireProof(
      Path directory, Map<String, String> files, String revision, Set<String> read) {
    Path manifest = directory.resolve(Manifest.FILE_NAME);
    Set<String> unlisted = new TreeSet<>(read);
    unlisted.removeAll(files.keySet());
    if (!unlisted.isEmpty()) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s: 'files' has no digest of %s, which the model is made of; 'nunchi export' writes them all"
              .formatted(manifest, String.join(", ", unlisted)));
    }
    String own = revision(files);
    if (!own.equals(revision)) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "%s: 'revision' should be %s, the digest of its 'files', but is %s"
              .formatted(manifest, own, revision));
    }
  }
}
