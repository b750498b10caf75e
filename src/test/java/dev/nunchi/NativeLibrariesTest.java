package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  private static final String CONTENT = "machine code ".repeat(1000);

  @TempDir private Path folder;
  private Path home;
  private Path temporary;

  @BeforeEach
  void makeFolders() throws IOException {
    home = Files.createDirectory(folder.resolve("home"));
    temporary = Files.createDirectory(folder.resolve("tmp"));
  }

  @Test
  void unpack_firstTime_putsTheLibraryUnderItsNameIntoTheCache() throws IOException {
    Path copy = libraries().unpack("x", List.of(library(CONTENT)));
    assertTrue(copy.startsWith(home.resolve(".cache/nunchi")), copy::toString);
    assertEquals(CONTENT, Files.readString(copy.resolve("libx.so")));
    assertEquals(List.of("libx.so"), names(copy));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(home.resolve(".cache/nunchi"))));
  }

  @Test
  void unpack_again_leavesTheCopyAsItIs() throws IOException {
    Path copy = libraries().unpack("x", List.of(library(CONTENT)));
    Object before = Files.getLastModifiedTime(copy.resolve("libx.so"));
    assertEquals(copy, libraries().unpack("x", List.of(library(CONTENT))));
    assertEquals(before, Files.getLastModifiedTime(copy.resolve("libx.so")));
  }

  @Test
  void unpack_otherContent_isAnotherFolder() throws IOException {
    Path first = libraries().unpack("x", List.of(library(CONTENT)));
    Path second = libraries().unpack("x", List.of(library(CONTENT + "!")));
    assertNotEquals(first, second);
    assertEquals(CONTENT, Files.readString(first.resolve("libx.so")));
  }

  @Test
  void unpack_copyThatIsTornOrAltered_isMadeAnew() throws IOException {
    Path copy = libraries().unpack("x", List.of(library(CONTENT)));
    for (String damaged : List.of("", CONTENT.substring(1), CONTENT.replaceFirst("m", "n"))) {
      Files.writeString(copy.resolve("libx.so"), damaged);
      assertEquals(copy, libraries().unpack("x", List.of(library(CONTENT))));
      assertEquals(CONTENT, Files.readString(copy.resolve("libx.so")));
    }
  }

  @Test
  void unpack_whereAProcessWasKilled_leavesNothingOfIt() throws IOException {
    Path copy = libraries().unpack("x", List.of(library(CONTENT)));
    Files.move(copy.resolve("libx.so"), copy.resolve("libx.so.part"));
    libraries().unpack("x", List.of(library(CONTENT)));
    assertEquals(List.of("libx.so"), names(copy));
  }

  @Test
  void unpack_fromManyThreadsAtOnce_givesAllTheSameWholeCopy() throws Exception {
    URL library = library(CONTENT);
    List<Future<Path>> copies = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 8; i++) {
        copies.add(executor.submit(() -> libraries().unpack("x", List.of(library))));
      }
    }
    for (Future<Path> copy : copies) {
      assertEquals(CONTENT, Files.readString(copy.get().resolve("libx.so")));
      assertEquals(copies.getFirst().get(), copy.get());
    }
  }

  @Test
  void unpack_homeThatIsNone_goesToTheTemporaryFolder() throws IOException {
    for (String none : List.of("?", "", "/", folder.resolve("gone").toString())) {
      Path copy =
          new NativeLibraries(Map.of(), none, temporary).unpack("x", List.of(library(CONTENT)));
      assertTrue(copy.startsWith(temporary), copy::toString);
    }
    assertFalse(Files.exists(folder.resolve("gone")));
    assertFalse(Files.exists(Path.of("?")));
  }

  @Test
  void unpack_folderNamedByTheEnvironment_isTaken() throws IOException {
    Path named = folder.resolve("a/b/c");
    Path copy =
        new NativeLibraries(Map.of("NUNCHI_CACHE", named.toString()), home.toString(), temporary)
            .unpack("x", List.of(library(CONTENT)));
    assertTrue(copy.startsWith(named), copy::toString);
    Path cache = folder.resolve("xdg");
    copy =
        new NativeLibraries(Map.of("XDG_CACHE_HOME", cache.toString()), home.toString(), temporary)
            .unpack("x", List.of(library(CONTENT)));
    assertTrue(copy.startsWith(cache.resolve("nunchi")), copy::toString);
  }

  @Test
  void unpack_whereNothingCanBeWritten_namesTheFoldersAndTheVariable() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                new NativeLibraries(Map.of(), file + "/home", file.resolve("tmp"))
                    .unpack("x", List.of(library(CONTENT))));
    assertEquals(Reason.IO_FAILURE, refused.reason());
    assertTrue(refused.getMessage().contains(file + "/home/.cache/nunchi ("), refused.toString());
    assertTrue(refused.getMessage().contains(file + "/tmp/nunchi-"), refused.toString());
    assertTrue(refused.getMessage().endsWith("NUNCHI_CACHE"), refused.toString());
    assertThrows(
        NunchiException.class,
        () ->
            new NativeLibraries(Map.of("NUNCHI_CACHE", file.toString()), "?", temporary)
                .folder("y"));
  }

  @Test
  void unpack_temporaryFolderThatOthersMayWrite_isNotTrusted() throws IOException {
    Path copy =
        new NativeLibraries(Map.of(), "?", temporary).unpack("x", List.of(library(CONTENT)));
    Files.setPosixFilePermissions(copy.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
    NunchiException refused =
        assertThrows(
            NunchiException.class,
            () ->
                new NativeLibraries(Map.of(), "?", temporary)
                    .unpack("x", List.of(library(CONTENT))));
    assertTrue(refused.getMessage().contains("another user"), refused.toString());
  }

  private NativeLibraries libraries() {
    return new NativeLibraries(Map.of(), home.toString(), temporary);
  }

  /// A jar with a library of that content.
  private URL library(String content) throws IOException {
    Path jar = folder.resolve("x-%d.jar".formatted(content.length()));
    if (!Files.exists(jar)) {
      try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
        zip.putNextEntry(new ZipEntry("native/libx.so"));
        zip.write(content.getBytes(StandardCharsets.UTF_8));
      }
    }
    return URI.create("jar:" + jar.toUri() + "!/native/libx.so").toURL();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
