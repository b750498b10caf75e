package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// When the tokenizer of a vocabulary of characters is opened, and the library with it.
final class LibraryTokenizerTest {
  private static final Normalizer NONE = Normalizer.of(Normalization.NONE);
  private static final int A = 5;
  private static final int B = 6;
  private static final int[] OF_SPECIAL_TOKEN = {
    Vocabulary.CLS_ID, A, Vocabulary.SEP_ID, B, Vocabulary.SEP_ID
  };

  @TempDir private Path directory;

  @BeforeEach
  void write() {
    List<String> tokens = new ArrayList<>(Vocabulary.SPECIAL_TOKENS);
    tokens.addAll(List.of("a", "b"));
    new CharacterVocabulary(tokens).write(directory, 32);
  }

  /// In a process whose library is none, so that whatever loads it fails.
  @Test
  void encode_libraryThatCannotBeLoaded_failsOnlyTheTextsThatNeedIt() throws Exception {
    Path library = Files.writeString(directory.resolve("library"), "no library");
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-DRUST_LIBRARY_PATH=" + library,
                "-cp",
                System.getProperty("java.class.path"),
                WithoutLibrary.class.getName(),
                directory.toString(),
                Fixtures.path("tokenizer").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().remove("RUST_LIBRARY_PATH");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertEquals(
        List.of(
            "ab: 4",
            "a[SEP]b: UNAVAILABLE",
            "a[SEP]b: UNAVAILABLE",
            "ab: 4",
            "another tokenizer: UNAVAILABLE"),
        said.lines().filter(line -> line.contains(": ")).toList());
  }

  static final class WithoutLibrary {
    private WithoutLibrary() {}

    public static void main(String[] arguments) {
      try (TextEncoder encoder = TextEncoder.open(Path.of(arguments[0]), NONE, 8)) {
        for (String text : List.of("ab", "a[SEP]b", "a[SEP]b", "ab")) {
          try {
            System.out.println(text + ": " + encoder.encode(text, Truncation.REJECT).length());
          } catch (NunchiException e) {
            System.out.println(text + ": " + e.reason());
          }
        }
      }
      NunchiException e =
          assertThrows(
              NunchiException.class, () -> TextEncoder.open(Path.of(arguments[1]), NONE, 8));
      System.out.println("another tokenizer: " + e.reason());
    }
  }

  @Test
  void encode_contextAfterTextsWithoutOne_isThatOfTheLibrary() {
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 8)) {
      assertArrayEquals(
          new int[] {Vocabulary.CLS_ID, A, Vocabulary.SEP_ID},
          encoder.encode("a", Truncation.REJECT).inputIds());
      Encoding pair = encoder.encode("a", "b", Truncation.REJECT);
      assertArrayEquals(OF_SPECIAL_TOKEN, pair.inputIds());
      assertArrayEquals(new int[] {0, 0, 0, 1, 1}, pair.tokenTypeIds());
      assertEquals(3, pair.contextStart());
    }
  }

  @Test
  void encode_manyThreadsFirst_giveTheSame() throws Exception {
    int threads = 8;
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 8);
        ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      CountDownLatch ready = new CountDownLatch(threads);
      List<Future<Encoding>> encodings = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        encodings.add(
            executor.submit(() -> {
              ready.countDown();
              ready.await();
              return encoder.encode("a[SEP]b", Truncation.REJECT);
            }));
      }
      for (Future<Encoding> encoding : encodings) {
        assertArrayEquals(OF_SPECIAL_TOKEN, encoding.get().inputIds());
      }
    }
  }

  @Test
  void close_beforeAnyTextNeededTheLibrary_allTextsFail() {
    TextEncoder encoder = TextEncoder.open(directory, NONE, 8);
    encoder.close();
    encoder.close();
    assertClosed(encoder);
  }

  @Test
  void close_afterATextNeededTheLibrary_allTextsFail() {
    TextEncoder encoder = TextEncoder.open(directory, NONE, 8);
    encoder.encode("a[SEP]b", Truncation.REJECT);
    encoder.close();
    encoder.close();
    assertClosed(encoder);
  }

  @Test
  void close_whileTextsComeFirst_eachIsWholeOrFails() throws Exception {
    int rounds = 50;
    int threads = 3;
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      for (int round = 0; round < rounds; round++) {
        TextEncoder encoder = TextEncoder.open(directory, NONE, 8);
        CountDownLatch ready = new CountDownLatch(threads);
        List<Future<Encoding>> encodings = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          encodings.add(
              executor.submit(() -> {
                ready.countDown();
                return encoder.encode("a[SEP]b", Truncation.REJECT);
              }));
        }
        ready.await();
        encoder.close();
        assertClosed(encoder);
        for (Future<Encoding> encoding : encodings) {
          try {
            assertArrayEquals(OF_SPECIAL_TOKEN, encoding.get().inputIds());
          } catch (ExecutionException e) {
            assertInstanceOf(IllegalStateException.class, e.getCause());
          }
        }
      }
    }
  }

  @Test
  void open_charactersWithoutRoomBesideSpecialTokens_isRefused() {
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, NONE, 2));
    assertEquals(Reason.INVALID_ARGUMENT, e.reason());
    assertEquals(
        "the maximum length is 2 tokens; with the 2 special tokens it is at least 3",
        e.getMessage());
    try (TextEncoder encoder = TextEncoder.open(directory, NONE, 3)) {
      assertEquals(2, encoder.specialTokens());
    }
  }

  /// What the library would refuse when the first text needs it.
  @ParameterizedTest
  @CsvSource({
    "'\"b\" : 6', '\"b\" : -6'",
    "'\"b\" : 6', '\"b\" : 6.0'",
    "'\"b\" : 6', '\"b\" : \"6\"'",
    "'\"b\" : 6', '\"b\" : null'",
    "'\"b\" : 6', '\"\\ud83d\" : 6'",
    "'\"unk_token\" : \"[UNK]\"\n  }\n}', '\"unk_token\" : \"[UNK]\"\n  }\n} }'"
  })
  void open_charactersThatTheLibraryDoesNotTake_isRefusedAtOnce(String part, String damaged)
      throws IOException {
    Path file = directory.resolve("tokenizer.json");
    String json = Files.readString(file);
    assertTrue(json.contains(part), json);
    Files.writeString(file, json.replace(part, damaged));
    NunchiException e =
        assertThrows(NunchiException.class, () -> TextEncoder.open(directory, NONE, 8));
    assertEquals(Reason.INVALID_MODEL, e.reason());
    assertTrue(e.getMessage().startsWith(file + " is not "), e.getMessage());
  }

  private static void assertClosed(TextEncoder encoder) {
    for (String text : List.of("ab", "a[SEP]b")) {
      assertThrows(IllegalStateException.class, () -> encoder.encode(text, Truncation.REJECT));
    }
  }
}
