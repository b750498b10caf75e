package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// One model in the cache of `huggingface_hub`.
///
/// ```
/// models--klue--roberta-base/
///   blobs/DIGEST               a file by what its bytes come to; DIGEST.incomplete while it comes
///   snapshots/COMMIT/NAME      links to the blobs: the model's directory at a commit
///   refs/main                  the commit that a branch or a tag is
/// .locks/models--klue--roberta-base/DIGEST.lock
/// ```
///
/// A ref is written when all files of its snapshot are there, so that a pull that breaks off leaves
/// what was there before.
final class HubRepository {
  private final Path root;
  private final String id;
  private final Path folder;

  /// @param root of the cache
  /// @param id owner and name
  HubRepository(Path root, String id) {
    this.root = root;
    this.id = id;
    this.folder = root.resolve(new HubName(id, HubName.MAIN).folder());
  }

  String id() {
    return id;
  }

  Path folder() {
    return folder;
  }

  boolean exists() {
    return Files.isDirectory(folder.resolve("snapshots"));
  }

  Path blob(ContentDigest digest) {
    return folder.resolve("blobs").resolve(digest.hex());
  }

  Path incomplete(ContentDigest digest) {
    return folder.resolve("blobs").resolve(digest.hex() + ".incomplete");
  }

  Path lock(ContentDigest digest) {
    return locks().resolve(digest.hex() + ".lock");
  }

  Path locks() {
    return root.resolve(".locks").resolve(folder.getFileName());
  }

  Path snapshot(String commit) {
    return folder.resolve("snapshots").resolve(commit);
  }

  /// The commit that a revision was when it was last pulled; empty where it never was.
  Optional<String> commit(String revision) {
    if (revision.matches(HubName.COMMIT)) {
      return Optional.of(revision);
    }
    Path ref = folder.resolve("refs").resolve(revision);
    if (!Files.isRegularFile(ref)) {
      return Optional.empty();
    }
    try {
      String commit = Files.readString(ref).strip();
      return commit.matches(HubName.COMMIT) ? Optional.of(commit) : Optional.empty();
    } catch (IOException e) {
      throw unreadable(ref, e);
    }
  }

  /// Commits whose snapshots are here, in order.
  List<String> commits() {
    return entries(folder.resolve("snapshots")).stream()
        .filter(Files::isDirectory)
        .map(entry -> entry.getFileName().toString())
        .filter(name -> name.matches(HubName.COMMIT))
        .toList();
  }

  /// The branches and tags that are a commit, as far as they were pulled.
  List<String> refs(String commit) {
    Path refs = folder.resolve("refs");
    if (!Files.isDirectory(refs)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(refs)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> refs.relativize(file).toString())
          .filter(ref -> commit(ref).filter(commit::equals).isPresent())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw unreadable(refs, e);
    }
  }

  /// Files of a snapshot, each with where its bytes lie.
  List<Path> files(String commit) {
    List<Path> files = new ArrayList<>();
    Path snapshot = snapshot(commit);
    if (Files.isDirectory(snapshot)) {
      try (Stream<Path> all = Files.walk(snapshot)) {
        all.filter(file -> !Files.isDirectory(file)).sorted().forEach(files::add);
      } catch (IOException e) {
        throw unreadable(snapshot, e);
      }
    }
    return files;
  }

  void makeFolders(String commit) {
    Path making = folder;
    try {
      for (Path each : List.of(folder.resolve("blobs"), snapshot(commit), locks())) {
        making = each;
        Files.createDirectories(each);
      }
    } catch (IOException e) {
      throw DurableFiles.notWritten(making, e);
    }
  }

  /// Gives a blob its name in a snapshot. Where a file system has no links, the blob itself goes
  /// there, as `huggingface_hub` does it.
  void link(String commit, String name, ContentDigest digest) {
    Path file = snapshot(commit).resolve(name);
    Path blob = blob(digest);
    try {
      if (Files.exists(file) && Files.isSameFile(file, blob)) {
        return;
      }
      Files.deleteIfExists(file);
      try {
        Files.createSymbolicLink(file, snapshot(commit).relativize(blob));
      } catch (FileAlreadyExistsException _) {
        // Another pull made it in between.
      } catch (UnsupportedOperationException | FileSystemException e) {
        if (!Files.exists(blob)) {
          throw e;
        }
        Files.move(blob, file);
      }
    } catch (IOException e) {
      throw DurableFiles.notWritten(file, e);
    }
  }

  void writeRef(String revision, String commit) {
    if (revision.equals(commit) || commit(revision).filter(commit::equals).isPresent()) {
      return;
    }
    Path ref = folder.resolve("refs").resolve(revision);
    try {
      Files.createDirectories(ref.toAbsolutePath().resolveSibling(""));
    } catch (IOException e) {
      throw DurableFiles.notWritten(ref, e);
    }
    DurableFiles.write(ref, commit);
  }

  /// Deletes everything, or one commit with the blobs that no other one has.
  ///
  /// @return bytes that were freed
  /// @throws NunchiException `UNAVAILABLE` where another process fetches something of it now
  long remove(Optional<String> commit) {
    requireIdle();
    long before = bytes(entries(folder.resolve("blobs")));
    try {
      if (commit.isEmpty() || commits().equals(List.of(commit.get()))) {
        // Refs and snapshots before what they lead to.
        for (String part : List.of("refs", "snapshots", "blobs")) {
          DurableFiles.deleteTree(folder.resolve(part));
        }
        DurableFiles.deleteTree(folder);
        DurableFiles.deleteTree(locks());
        return before;
      }
      for (String ref : refs(commit.get())) {
        Files.delete(folder.resolve("refs").resolve(ref));
      }
      DurableFiles.deleteTree(snapshot(commit.get()));
      List<Path> used = new ArrayList<>();
      for (String other : commits()) {
        for (Path file : files(other)) {
          used.add(Files.exists(file) ? file.toRealPath() : file);
        }
      }
      for (Path blob : entries(folder.resolve("blobs"))) {
        if (!used.contains(blob.toRealPath())) {
          Files.delete(blob);
        }
      }
      return before - bytes(entries(folder.resolve("blobs")));
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, folder + " cannot be deleted", e);
    }
  }

  private void requireIdle() {
    for (Path blob : entries(folder.resolve("blobs"))) {
      String name = blob.getFileName().toString();
      int dot = name.indexOf('.');
      if (dot > 0 && name.endsWith(".incomplete")) {
        Path lock = locks().resolve(name.substring(0, dot) + ".lock");
        CacheLock.tryAcquire(lock)
            .orElseThrow(() ->
                new NunchiException(
                    Reason.UNAVAILABLE,
                    "%s is being fetched by another process; wait for it, or end it".formatted(id)))
            .close();
      }
    }
  }

  private static long bytes(List<Path> files) {
    long bytes = 0;
    for (Path file : files) {
      try {
        bytes += Files.size(file);
      } catch (IOException _) {
        // It has gone, or leads nowhere.
      }
    }
    return bytes;
  }

  static List<Path> entries(Path directory) {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw unreadable(directory, e);
    }
  }

  private static NunchiException unreadable(Path path, IOException e) {
    return new NunchiException(Reason.IO_FAILURE, path + " cannot be read", e);
  }
}
