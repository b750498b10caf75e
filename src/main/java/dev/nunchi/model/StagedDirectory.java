package dev.nunchi.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A model directory in the making, inside the [OutputDirectory] that it is for; closed before it
/// is committed, it leaves nothing behind and what stood there untouched.
///
/// A model that stands there is replaced file by file. First its journal is synced, a copy of the
/// manifest of the new one; then the files are renamed, those of the old one that the new one lacks
/// are deleted, and `nunchi.json` and `config.json` (of an adapter `adapter_config.json`) come
/// last, so that no reader takes a mixture for whole. What a process leaves that is killed after
/// the journal, the next one finishes.
///
/// Nothing is replaced or deleted but what a manifest names with its digest: anything else that has
/// got in the way is renamed.
///
/// A file may be an absolute link to one of another model, which becomes a relative one.
public final class StagedDirectory implements AutoCloseable {
  private static final String PREFIX = DurableFiles.HIDDEN + "staged-";

  /// The files by which a directory is a model's or an adapter's.
  private static final List<String> CONFIGS =
      List.of(CheckpointConfig.FILE_NAME, AdapterConfig.FILE_NAME);

  private final Path output;
  private final TemporaryDirectory staged;

  private StagedDirectory(Path output, TemporaryDirectory staged) {
    this.output = output;
    this.staged = staged;
  }

  static StagedDirectory in(Path output) {
    return new StagedDirectory(output, TemporaryDirectory.in(output, PREFIX));
  }

  static boolean isStaged(Path entry) {
    return entry.getFileName().toString().startsWith(PREFIX)
        && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
  }

  /// Where the files are written until they are committed.
  public Path path() {
    return staged.path();
  }

  /// Puts the files, of which `nunchi.json` is one, in place of those of an older model.
  ///
  /// @return new names of what was in the way and is not this program's, or was changed since
  public List<Path> commit() {
    try {
      Path manifest = path().resolve(Manifest.FILE_NAME);
      syncFiles();
      List<Path> kept = new ArrayList<>();
      ExitCleanUp.undisturbed(() -> {
        Path journal = Files.copy(manifest, path().resolve(WrittenFiles.JOURNAL));
        DurableFiles.sync(journal);
        DurableFiles.syncDirectory(path());
        kept.addAll(finish(output, path()));
      });
      return kept;
    } catch (IOException e) {
      throw DurableFiles.notWritten(output, e);
    }
  }

  /// Moves the whole directory to a place of its own in the output directory.
  ///
  /// @return new names of what was in the way
  public List<Path> commitAs(Path target) {
    try {
      syncFiles();
      List<Path> kept = new ArrayList<>();
      ExitCleanUp.undisturbed(() -> {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
          kept.add(DurableFiles.setAside(target));
        }
        DurableFiles.move(path(), target);
        DurableFiles.syncDirectory(output);
      });
      return kept;
    } catch (IOException e) {
      throw DurableFiles.notWritten(target, e);
    }
  }

  private void syncFiles() throws IOException {
    for (Path file : DurableFiles.entries(path())) {
      if (!Files.isSymbolicLink(file)) {
        DurableFiles.sync(file);
      }
    }
    DurableFiles.syncDirectory(path());
  }

  /// Finishes what a process that was killed had begun to put into place, and deletes what it had
  /// only begun to write; for the holder of the directory's lock.
  static void recover(Path output) throws IOException {
    for (Path entry : DurableFiles.entries(output)) {
      if (isStaged(entry)) {
        if (isComplete(output, entry)) {
          finish(output, entry);
        }
        DurableFiles.deleteTree(entry);
      } else if (DurableFiles.isLeftover(entry) || WrittenFiles.isRemoved(entry)) {
        DurableFiles.deleteTree(entry);
      }
    }
  }

  private static boolean isComplete(Path output, Path staged) {
    Map<String, String> files = WrittenFiles.listed(staged.resolve(WrittenFiles.JOURNAL));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path there = staged.resolve(file.getKey());
      Path found = Files.exists(there) ? there : output.resolve(file.getKey());
      if (!Files.isRegularFile(found) || !Digests.sha256(found).equals(file.getValue())) {
        return false;
      }
    }
    return !files.isEmpty();
  }

  /// Does again, or for the rest, what [#commit] does after the journal.
  private static List<Path> finish(Path output, Path staged) throws IOException {
    WrittenFiles written = WrittenFiles.of(output);
    Path manifest = output.resolve(Manifest.FILE_NAME);
    Map<String, String> old = WrittenFiles.listed(manifest);
    Path journal = staged.resolve(WrittenFiles.JOURNAL);
    Map<String, String> files = WrittenFiles.listed(journal);
    List<Path> kept = new ArrayList<>();
    for (String name : files.keySet()) {
      if (!CONFIGS.contains(name)) {
        replace(output, staged.resolve(name), written, kept);
      }
    }
    for (String name : old.keySet()) {
      Path obsolete = output.resolve(name);
      if (!files.containsKey(name) && written.hold(obsolete)) {
        Files.delete(obsolete);
      }
    }
    DurableFiles.syncDirectory(output);
    // Neither is a model without the other: where there was none, the configuration comes last;
    // else the manifest does, as it says which files are this program's.
    List<String> last = new ArrayList<>(CONFIGS);
    last.add(Files.exists(manifest) ? CONFIGS.size() : 0, Manifest.FILE_NAME);
    for (String name : last) {
      replace(output, staged.resolve(name), written, kept);
      DurableFiles.syncDirectory(output);
    }
    return kept;
  }

  private static void replace(Path output, Path from, WrittenFiles written, List<Path> kept)
      throws IOException {
    if (!Files.exists(from)) {
      return;
    }
    Path to = output.resolve(from.getFileName());
    if (Files.exists(to, LinkOption.NOFOLLOW_LINKS) && !written.hold(to)) {
      kept.add(DurableFiles.setAside(to));
    }
    DurableFiles.move(from, to);
    if (Files.isSymbolicLink(to)) {
      makeRelative(to);
    }
  }

  /// Has a link lead from where it stands, so that it holds wherever the two directories are moved
  /// together. While it was staged it stood elsewhere, and was absolute.
  private static void makeRelative(Path link) throws IOException {
    Path target = Files.readSymbolicLink(link);
    if (target.isAbsolute()) {
      Path relative = link.resolveSibling("").toRealPath().relativize(target);
      Path beside = link.resolveSibling(DurableFiles.HIDDEN + "link");
      Files.deleteIfExists(beside);
      DurableFiles.move(Files.createSymbolicLink(beside, relative), link);
    }
  }

  @Override
  public void close() {
    staged.close();
  }
}
