package dev.nunchi;

import java.io.IOException;
import java.net.URL;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where the native libraries lie that come in jars: one copy of each version, which all processes
/// of a user share and which stays when they end.
///
/// The folder is `NUNCHI_CACHE`; without it the first that can be written of
/// `$XDG_CACHE_HOME/nunchi`, `.cache/nunchi` in the home and `nunchi-UID` in the temporary folder.
/// A folder that cannot be written serves too where it holds the whole copy already, as in an
/// image.
///
/// A copy is held against the size and the checksum that the jar names before it is used, and is
/// renamed into place when it is whole. Who unpacks holds a lock on the folder.
public final class NativeLibraries {
  static final String VARIABLE = "NUNCHI_CACHE";

  private static final String LOCK = ".lock";
  private static final long LOCK_PAUSE_MILLIS = 20;
  private static final Path THIS_PROCESS = Path.of("/proc/self");

  private final List<Path> places = new ArrayList<>();
  private final @Nullable Path shared;

  /// @param environment the process's environment
  /// @param home the user's home as Java sees it: `?` where the system knows of none
  /// @param temporary the folder for temporary files, which other users may write too
  NativeLibraries(Map<String, String> environment, String home, Path temporary) {
    String named = environment.getOrDefault(VARIABLE, "");
    if (!named.isBlank()) {
      places.add(Path.of(named).toAbsolutePath());
      shared = null;
      return;
    }
    Path cache = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
    if (cache.isAbsolute()) {
      places.add(cache.resolve("nunchi"));
    }
    Set<String> homes = new LinkedHashSet<>(List.of(home, environment.getOrDefault("HOME", "")));
    homes.stream()
        .map(Path::of)
        .filter(folder -> folder.isAbsolute() && !folder.equals(folder.getRoot()))
        .forEach(folder -> places.add(folder.resolve(".cache/nunchi")));
    shared = temporary.toAbsolutePath().resolve("nunchi-" + userId());
    places.add(shared);
  }

  /// For the process that runs.
  public static NativeLibraries ofProcess() {
    return new NativeLibraries(
        System.getenv(),
        System.getProperty("user.home"),
        Path.of(System.getProperty("java.io.tmpdir")));
  }

  /// A folder with copies of the libraries, under their own names.
  ///
  /// @param name of the folder, for people; what the libraries hold is added to it
  /// @param libraries resources, for example of a jar
  /// @throws NunchiException `IO_FAILURE` naming the folders, where none can be written
  public Path unpack(String name, List<URL> libraries) {
    List<NativeLibrary> all = libraries.stream().map(NativeLibrary::of).toList();
    String folder = name + "-" + Long.toHexString(NativeLibrary.fingerprint(all));
    for (Path place : places) {
      Path copy = place.resolve(folder);
      if (all.stream().allMatch(library -> library.isWholeIn(copy)) && isTrusted(place)) {
        return copy;
      }
    }
    return inFirst(place -> {
      Path copy = place.resolve(folder);
      try (FileChannel channel =
              FileChannel.open(
                  place.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock _ = lock(channel)) {
        Files.createDirectories(copy);
        for (NativeLibrary library : all) {
          // Another process may have unpacked it while this one waited.
          if (!library.isWholeIn(copy)) {
            library.unpack(copy);
          }
        }
      }
      return copy;
    });
  }

  /// A folder that can be written, for a library that unpacks itself.
  ///
  /// @throws NunchiException as [#unpack]
  public Path folder(String name) {
    return inFirst(place -> {
      Path folder = Files.createDirectories(place.resolve(name));
      if (!Files.isWritable(folder)) {
        throw new AccessDeniedException(folder.toString());
      }
      return folder;
    });
  }

  private interface Attempt {
    Path in(Path place) throws IOException;
  }

  /// What an attempt gives in the first place where it succeeds.
  private Path inFirst(Attempt attempt) {
    List<String> refusals = new ArrayList<>();
    IOException last = null;
    for (Path place : places) {
      try {
        create(place);
        if (!isTrusted(place)) {
          throw new FileSystemException(place.toString(), null, "another user may write it");
        }
        return attempt.in(place);
      } catch (IOException e) {
        refusals.add("%s (%s)".formatted(place, reason(e)));
        last = e;
      }
    }
    throw new NunchiException(
        Reason.IO_FAILURE,
        "Native libraries have to be unpacked, and no folder for them can be written: %s; make one writable, or name another with %s"
            .formatted(String.join(", ", refusals), VARIABLE),
        last);
  }

  /// A home that is not there is not made, for there is none then.
  private void create(Path place) throws IOException {
    Path parent = place.getParent();
    if (Files.isDirectory(place) || parent == null) {
      return;
    }
    if (shared == null) {
      Files.createDirectories(parent);
    } else {
      createPrivate(parent);
    }
    createPrivate(place);
  }

  private static void createPrivate(Path folder) throws IOException {
    try {
      Path parent = folder.getParent();
      if (parent != null && isPosix(parent)) {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        Files.createDirectory(folder);
      }
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    }
  }

  /// Whether nobody else can have put libraries there: where others may make folders, ours has to
  /// be our own and closed to them.
  private boolean isTrusted(Path place) {
    try {
      if (!place.equals(shared) || !isPosix(place)) {
        return true;
      }
      Set<PosixFilePermission> permissions =
          Files.getPosixFilePermissions(place, LinkOption.NOFOLLOW_LINKS);
      return !Files.isSymbolicLink(place)
          && !permissions.contains(PosixFilePermission.GROUP_WRITE)
          && !permissions.contains(PosixFilePermission.OTHERS_WRITE)
          && (!Files.exists(THIS_PROCESS)
              || Files.getOwner(place).equals(Files.getOwner(THIS_PROCESS)));
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isPosix(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("posix");
  }

  private static String userId() {
    try {
      return Files.getAttribute(THIS_PROCESS, "unix:uid").toString();
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return System.getProperty("user.name").replaceAll("[^A-Za-z0-9._-]", "_");
    }
  }

  /// Waits for other processes, and for other class loaders of this one.
  private static FileLock lock(FileChannel channel) throws IOException {
    while (true) {
      try {
        return channel.lock();
      } catch (OverlappingFileLockException e) {
        pause();
      }
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(LOCK_PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "may not be written";
      case FileAlreadyExistsException existing -> existing.getFile() + " is no folder";
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case FileSystemException failed when failed.getReason() != null -> failed.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
