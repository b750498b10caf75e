package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.TokenLimit;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerFilesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"spm.model, deberta-v2, 280", "sentencepiece.bpe.model, xlm-roberta, 281"})
  void copy_sentencePieceModel_bringsATokenizerThatGivesTheSameIds(
      String name, String modelType, int highestId) throws IOException {
    Path from = Files.createDirectory(directory.resolve("from"));
    Path to = Files.createDirectory(directory.resolve("to"));
    try (InputStream model =
        Objects.requireNonNull(TextEncoder.class.getResourceAsStream("sentencepiece/" + name))) {
      Files.copy(model, from.resolve(name));
    }
    Files.writeString(from.resolve("config.json"), "{\"model_type\": \"%s\"}".formatted(modelType));
    TokenizerFiles.require(from);
    List<String> copied = TokenizerFiles.copy(from, to);
    assertEquals(List.of(name, TokenizerFiles.TOKENIZER), copied);
    copied.forEach(file -> assertTrue(PublishedFiles.isRead(file), file));
    assertEquals(highestId, TokenLimit.of(from).id());
    assertEquals(highestId, TokenLimit.of(to).id());
    Normalizer none = Normalizer.of(Normalization.NONE);
    try (TextEncoder first = TextEncoder.open(from, none, 100);
        TextEncoder second = TextEncoder.open(to, none, 100)) {
      String text = "영화 정말 great";
      assertArrayEquals(
          first.encode(text, Truncation.REJECT).inputIds(),
          second.encode(text, Truncation.REJECT).inputIds());
    }
  }
}
