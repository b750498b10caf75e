package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.TemporaryDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/// A graph and the files of its weights, copied among the temporary files for as long as it takes
/// to load them.
///
/// ONNX Runtime maps the weights and reads them there while it lives: whoever writes into the files
/// of a served directory would change answers, or end the process. The copy is deleted as soon as
/// it is mapped, so nobody finds it, and its room on the disk is free again when the session is
/// closed.
///
/// @param graph the copy, with the files of its weights beside it
record PrivateCopy(TemporaryDirectory directory, Path graph) implements AutoCloseable {
  /// @throws NunchiException `IO_FAILURE` where there is no room for it, or a file cannot be read
  static PrivateCopy of(Path graph) {
    PlainFile.require(graph);
    TemporaryDirectory directory = TemporaryDirectory.create();
    try {
      Path copy = directory.path().resolve(graph.getFileName());
      Files.copy(graph, copy);
      for (String beside : ModelDirectory.filesBeside(copy)) {
        PlainFile.require(graph.resolveSibling(beside));
        Files.copy(graph.resolveSibling(beside), directory.path().resolve(beside));
      }
      return new PrivateCopy(directory, copy);
    } catch (IOException e) {
      directory.close();
      throw new NunchiException(
          Reason.IO_FAILURE,
          "%s and its weights cannot be copied to %s (%s), from where they are served; make room, name another folder with JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIR, or set nunchi.private-copy=false where nothing is ever written into the model's directory"
              .formatted(graph, directory.path().getParent(), e),
          e);
    } catch (RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /// Opens a graph, from such a copy where that is wanted, or its weights are links: ONNX Runtime
  /// refuses those that lead out of the directory.
  ///
  /// @param opening from a graph, the copy or the file itself, with its weights beside it
  /// @throws NunchiException as [#of]
  static <S> S open(Path graph, boolean copied, Function<Path, S> opening) {
    if (!copied
        && ModelDirectory.filesBeside(graph).stream()
            .map(graph::resolveSibling)
            .noneMatch(Files::isSymbolicLink)) {
      return opening.apply(graph);
    }
    try (PrivateCopy copy = of(graph)) {
      return opening.apply(copy.graph());
    }
  }

  @Override
  public void close() {
    directory.close();
  }
}
