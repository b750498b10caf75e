package dev.nunchi.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.faults.Fault;
import dev.nunchi.faults.Fuzz;
import dev.nunchi.faults.RandomText;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Texts of every kind through the normaliser and every kind of tokenizer: none fails but by name,
/// and what comes out keeps its promises.
@Execution(ExecutionMode.CONCURRENT)
final class TextFuzzTest {
  private static final Fuzz TEXTS = new Fuzz("texts", 3_000);
  private static final int MOST_UNITS = 4_000;
  private static final int MAX_LENGTH = 48;
  private static final Set<Reason> OF_THE_TEXT =
      Set.of(Reason.EMPTY_TEXT, Reason.TOO_MANY_TOKENS, Reason.INVALID_UTF8);

  @TempDir static Path temporary;
  private static final List<TextEncoder> ENCODERS = new ArrayList<>();

  /// @param context null for none
  private record Drawn(
      String text,
      @Nullable String context,
      Normalization settings,
      int encoder,
      Truncation truncation) {
    static Drawn of(Random random) {
      return new Drawn(
          RandomText.of(random, MOST_UNITS),
          random.nextInt(4) == 0 ? RandomText.of(random, MOST_UNITS) : null,
          settings(random),
          random.nextInt(ENCODERS.size()),
          Fault.of(List.of(Truncation.values()), random));
    }

    private static Normalization settings(Random random) {
      if (random.nextBoolean()) {
        return Normalization.STANDARD;
      }
      int version = 1 + random.nextInt(2);
      boolean jamo = random.nextBoolean();
      int maxRun = random.nextInt(4);
      return new Normalization(
          version,
          random.nextBoolean(),
          random.nextBoolean(),
          jamo,
          random.nextBoolean(),
          random.nextBoolean(),
          version > 1 && jamo && maxRun == 1 ? 2 : maxRun);
    }

    @Override
    public String toString() {
      return "%s with %s by encoder %d, %s, %s"
          .formatted(
              Fuzz.escaped(text),
              context == null ? "nothing" : Fuzz.escaped(context),
              encoder,
              truncation,
              settings);
    }
  }

  @BeforeAll
  static void open() throws IOException {
    Normalizer standard = Normalizer.of(Normalization.STANDARD);
    Normalizer none = Normalizer.of(Normalization.NONE);
    Path characters = Files.createDirectory(temporary.resolve("characters"));
    CharacterVocabulary.of(List.of("Good! 정말 ㅋ😀 i\u0307 ßςσå [sep] \ufffd ㅠㅠ가힣"), standard, 1, 200)
        .write(characters, MAX_LENGTH);
    for (Path tokenizer :
        List.of(
            characters,
            // WordPiece, from a tokenizer.json and from a vocab.txt.
            TinyCheckpoint.BERT.path(),
            Fixtures.path("wordpiece/vocab.txt"),
            // Byte pairs: of bytes, with a fall back to bytes, and with Gemma's own white space.
            TinyCheckpoint.LLAMA.path(),
            Fixtures.path("tokenizer"),
            TinyCheckpoint.GEMMA3.path(),
            // Unigrams of DeBERTa-v3 and of XLM-R.
            sentencePieces("deberta-v2", "spm.model"),
            sentencePieces("xlm-roberta", "sentencepiece.bpe.model"))) {
      ENCODERS.add(TextEncoder.open(tokenizer, standard, MAX_LENGTH));
      ENCODERS.add(TextEncoder.open(tokenizer, none, MAX_LENGTH));
    }
  }

  private static Path sentencePieces(String type, String file) throws IOException {
    Path directory = Files.createDirectory(temporary.resolve(type));
    Files.copy(Fixtures.path("sentencepiece/" + file), directory.resolve(file));
    Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"%s\"}".formatted(type));
    return directory;
  }

  @AfterAll
  static void close() {
    ENCODERS.forEach(TextEncoder::close);
  }

  @Test
  void text_ofAnyKind_isNormalisedOnceAndForAll() throws InterruptedException {
    TEXTS.run(
        getClass(),
        Drawn::of,
        drawn -> {
          Normalizer normalizer = Normalizer.of(drawn.settings());
          NormalizedText once = normalizer.normalize(drawn.text());
          assertEquals(once.text(), normalizer.apply(once.text()), "twice");
          int start = 0;
          int end = 0;
          for (int i = 0; i < once.text().length(); i++) {
            assertTrue(once.start(i) >= start && once.end(i) >= end, "places go back");
            start = once.start(i);
            end = once.end(i);
            assertTrue(start < end && end <= drawn.text().length(), "places in range");
          }
          if (Normalizer.isEmpty(drawn.text())) {
            assertEquals("", Normalizer.of(Normalization.STANDARD).apply(drawn.text()));
          }
          // What the command line makes of it.
          assertTrue(
              ShownText.sentence(drawn.text()).chars().noneMatch(c -> c == 0x1b || c == '\n'),
              "shown");
          ShownText.distinctName(drawn.text(), 40);
        });
  }

  @Test
  void text_ofAnyKind_isEncodedInBoundsOrRefusedByName() throws InterruptedException {
    TEXTS.run(
        getClass(),
        Drawn::of,
        drawn -> {
          TextEncoder encoder = ENCODERS.get(drawn.encoder());
          try {
            Encoding encoding = encoder.encode(drawn.text(), drawn.context(), drawn.truncation());
            check(encoder, drawn, encoding);
            Encoding again = encoder.encode(drawn.text(), drawn.context(), drawn.truncation());
            assertArrayEquals(encoding.inputIds(), again.inputIds());
          } catch (NunchiException refused) {
            assertTrue(OF_THE_TEXT.contains(refused.reason()), refused.toString());
            assertEquals("text", refused.field());
          }
        });
  }

  private static void check(TextEncoder encoder, Drawn drawn, Encoding encoding) {
    int length = encoding.length();
    assertTrue(length <= MAX_LENGTH && length <= encoding.tokenCount(), "length");
    assertEquals(length < encoding.tokenCount(), encoding.truncated(), "truncated");
    assertEquals(length, encoding.tokenTypeIds().length);
    assertEquals(length, encoding.spans().size());
    assertTrue(encoding.unknownCount() >= 0 && encoding.unknownCount() <= length, "unknown");
    assertTrue(encoding.contextStart() >= 0 && encoding.contextStart() <= length, "context");
    for (int i = 0; i < length; i++) {
      assertTrue(encoding.inputIds()[i] >= 0, "id");
      Span span = encoding.spans().get(i);
      String of =
          i >= encoding.contextStart() && drawn.context() != null ? drawn.context() : drawn.text();
      assertTrue(
          span.start() >= 0 && span.start() <= span.end() && span.end() <= of.length(),
          () -> "span %s of %d units".formatted(span, of.length()));
    }
    assertTrue(encoder.vocabularySize() > 0);
  }
}
