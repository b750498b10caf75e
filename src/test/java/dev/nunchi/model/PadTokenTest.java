package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.nn.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The tokens of the tiny Llama: 301 begins a text, 302 ends it, 303 pads.
class PadTokenTest {
  private static final int END_OF_TEXT = 302;
  private static final int PAD = 303;

  private Path directory = Path.of("");

  @BeforeEach
  void copy(@TempDir Path temporary) throws IOException {
    directory = CopiedDirectory.of(TinyCheckpoint.LLAMA.path(), temporary.resolve("llama"));
    edit("config.json", config -> config.remove("pad_token_id"));
  }

  @Test
  void open_decoderThatNamesNone_takesWhatItsTokenizerPadsWith() throws IOException {
    assertEquals(PAD, padToken());
    edit(
        "tokenizer_config.json",
        config -> config.putObject("pad_token").put("content", "<|begin_of_text|>"));
    assertEquals(301, padToken());
  }

  /// Older conversions have -1.
  @Test
  void open_nullOrANegativeNumberForPadding_isNone() throws IOException {
    edit("config.json", config -> config.putNull("pad_token_id"));
    assertEquals(PAD, padToken());
    edit("config.json", config -> config.put("pad_token_id", -1));
    assertEquals(PAD, padToken());
  }

  @Test
  void open_tokenizerThatSaysNothing_takesTheReservedToken() throws IOException {
    Files.delete(directory.resolve("tokenizer_config.json"));
    assertEquals(PAD, padToken());
  }

  @Test
  void open_tokenizersOwnPadding_isTaken() throws IOException {
    Files.delete(directory.resolve("tokenizer_config.json"));
    edit("tokenizer.json", json -> json.putObject("padding").put("pad_id", 17));
    assertEquals(17, padToken());
  }

  @Test
  void open_noTokenForIt_takesWhatEndsTexts() throws IOException {
    Files.delete(directory.resolve("tokenizer_config.json"));
    edit("tokenizer.json", json -> ((ArrayNode) json.get("added_tokens")).remove(2));
    assertEquals(END_OF_TEXT, padToken());
    edit("config.json", config -> config.putArray("eos_token_id").add(9).add(END_OF_TEXT));
    assertEquals(9, padToken());
  }

  @Test
  void open_nothingAtAll_namesNoneAndPadsWithTheFirst() throws IOException {
    Files.delete(directory.resolve("tokenizer_config.json"));
    edit("tokenizer.json", json -> ((ArrayNode) json.get("added_tokens")).remove(2));
    edit("config.json", config -> config.putNull("eos_token_id"));
    try (CheckpointDirectory opened = CheckpointDirectory.open(directory)) {
      assertFalse(opened.config().has("pad_token_id"));
      assertEquals(0, opened.network().padTokenId());
    }
  }

  /// As a token that somebody added without making the table longer.
  @Test
  void open_tokenWithoutARow_isLeft() throws IOException {
    Files.delete(directory.resolve("tokenizer_config.json"));
    edit("tokenizer.json", json -> json.putObject("padding").put("pad_id", 304));
    assertEquals(PAD, padToken());
  }

  @Test
  void open_encoderThatNamesNone_keepsItsFamilys() throws IOException {
    Path bert = CopiedDirectory.of(TinyCheckpoint.BERT.path(), directory.resolveSibling("bert"));
    CopiedDirectory.edit(bert.resolve("config.json"), config -> config.remove("pad_token_id"));
    try (CheckpointDirectory opened = CheckpointDirectory.open(bert)) {
      assertFalse(opened.config().has("pad_token_id"));
      assertEquals(0, opened.network().padTokenId());
    }
  }

  private int padToken() {
    try (CheckpointDirectory opened = CheckpointDirectory.open(directory)) {
      assertEquals(opened.config().get("pad_token_id").intValue(), opened.network().padTokenId());
      return opened.network().padTokenId();
    }
  }

  private void edit(String file, Consumer<ObjectNode> change) throws IOException {
    CopiedDirectory.edit(directory.resolve(file), change);
  }
}
