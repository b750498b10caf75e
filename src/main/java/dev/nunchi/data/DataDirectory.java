package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A directory with the files `train`, `validation` and `test`, each in any format for examples,
/// and perhaps `unlabelled`, texts without labels.
///
/// A name's case does not count. Where there is no `validation`, one called `valid`, `val`, `dev`
/// or `eval` is it, for `unlabelled` one called `unlabeled`; and where no file has the very name of
/// a split, one whose name ends in it is, as `ratings_train.txt` of NSMC. A `.txt`, which may be
/// anything, is a split where nothing else is.
public record DataDirectory(Path path) {
  private static final Map<String, List<String>> OTHER_NAMES =
      Map.of(
          "validation", List.of("valid", "val", "dev", "eval"),
          "unlabelled", List.of("unlabeled"));
  private static final List<String> SPLITS = List.of("train", "validation", "test", "unlabelled");

  /// What may be data that this program does not read.
  private static final Set<String> FOREIGN =
      Set.of(".json", ".parquet", ".arrow", ".feather", ".xlsx", ".xls", ".ods", ".zip");

  /// @throws NunchiException `IO_FAILURE` if `path` is not a directory
  public DataDirectory {
    if (!Files.isDirectory(path)) {
      throw new NunchiException(
          Reason.IO_FAILURE, "%s: expected a directory with the data".formatted(path));
    }
  }

  public Path train() {
    return require("train");
  }

  public Path validation() {
    return require("validation");
  }

  public Path test() {
    return require("test");
  }

  /// The file of one split, where the directory has it.
  ///
  /// @param split for example `validation`
  /// @throws NunchiException `INVALID_DATA` if two files could be it
  public Optional<Path> find(String split) {
    List<String> others = OTHER_NAMES.getOrDefault(split, List.of());
    List<Path> files = files();
    List<Path> tables = files.stream().filter(DataDirectory::isTable).toList();
    List<Path> texts = files.stream().filter(DataDirectory::isText).toList();
    return Stream.of(tables, texts)
        .flatMap(kind ->
            Stream.<Predicate<String>>of(
                    split::equals,
                    others::contains,
                    stem -> isEnding(stem, split),
                    stem -> others.stream().anyMatch(other -> isEnding(stem, other)))
                .map(name -> kind.stream().filter(file -> name.test(stem(file))).toList()))
        .filter(found -> !found.isEmpty())
        .findFirst()
        .map(found -> only(found, split));
  }

  private Path only(List<Path> found, String split) {
    if (found.size() > 1) {
      throw new NunchiException(
          Reason.INVALID_DATA,
          "%s: %s and %s could both be the %s split; expected one of them"
              .formatted(path, found.get(0).getFileName(), found.get(1).getFileName(), split));
    }
    return found.getFirst();
  }

  /// The file of one split.
  ///
  /// @throws NunchiException `IO_FAILURE` if it is not there, else as [#find]
  public Path require(String split) {
    return find(split)
        .orElseThrow(() -> {
          List<String> passedOver = passedOver(List.of());
          return new NunchiException(
              Reason.IO_FAILURE,
              "%s: no %s split; looked for %s with the endings %s%s"
                  .formatted(
                      path,
                      split,
                      split,
                      String.join(", ", DataFormat.exampleExtensions()),
                      passedOver.isEmpty() ? "" : ", and found " + String.join(", ", passedOver)));
        });
  }

  /// Names of files that look like data and are neither among `used` nor a split for tests.
  public List<String> passedOver(Collection<Path> used) {
    Set<Path> known = used.stream().map(DataDirectory::real).collect(Collectors.toSet());
    try {
      find("test").map(DataDirectory::real).ifPresent(known::add);
    } catch (NunchiException _) {
      // Two files could be it; both are named.
    }
    return files().stream()
        .filter(file -> !known.contains(real(file)))
        .filter(file ->
            isTable(file)
                || FOREIGN.stream().anyMatch(DataFormat.plainName(file)::endsWith)
                || (isText(file) && isNamedLikeASplit(file)))
        .map(file -> file.getFileName().toString())
        .toList();
  }

  private static boolean isNamedLikeASplit(Path file) {
    String stem = stem(file);
    return Stream.concat(SPLITS.stream(), OTHER_NAMES.values().stream().flatMap(List::stream))
        .anyMatch(name -> stem.equals(name) || isEnding(stem, name));
  }

  private static boolean isEnding(String stem, String name) {
    return Stream.of("_", "-", ".").anyMatch(separator -> stem.endsWith(separator + name));
  }

  private static boolean isTable(Path file) {
    return DataFormat.find(file).filter(format -> format != DataFormat.TEXT).isPresent();
  }

  private static boolean isText(Path file) {
    return DataFormat.find(file).filter(format -> format == DataFormat.TEXT).isPresent();
  }

  /// The file's name in small letters without its endings.
  private static String stem(Path file) {
    String plain = DataFormat.plainName(file);
    int dot = plain.lastIndexOf('.');
    return dot < 0 ? plain : plain.substring(0, dot);
  }

  private static Path real(Path file) {
    return file.toAbsolutePath().normalize();
  }

  /// In the order of their names, without hidden ones.
  private List<Path> files() {
    try (Stream<Path> files = Files.list(path)) {
      return files
          .filter(file -> !Files.isDirectory(file))
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new Source(path.toString()).unreadable(e, 0);
    }
  }
}
