package dev.nunchi.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// The characters of each piece of one tokenizer, as ids of a vocabulary of single characters
/// ([CharacterVocabulary]): how a network of characters reads what was encoded for another one.
///
/// What marks a word's beginning is no character. A character that the vocabulary does not know is
/// its unknown token, and so are the unknown piece and one that spells a byte. The tokens that
/// begin and end every text are the other vocabulary's own; further special ones, padding among
/// them, are not spelled.
///
/// @param characters `[pieces][longest]`, each row from its start, 0 (the vocabulary's padding)
///   after its end
public record Spelling(int[][] characters) {
  private static final JsonMapper MAPPER = new JsonMapper();

  /// SentencePiece's mark of a word's beginning.
  private static final String WORD = "▁";

  /// What spells a byte of a character that has no piece.
  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

  /// @param pieces directory of the tokenizer whose ids are spelled: Unigram, WordPiece, or BPE of
  ///   characters
  /// @param characters directory of the tokenizer whose tokens are characters
  /// @throws NunchiException `UNSUPPORTED_MODEL` where one of them is of another kind
  public static Spelling of(Path pieces, Path characters) {
    TokenizerFile reader = TokenizerFile.read(characters);
    requireCharacters(reader);
    TokenizerFile spelled = TokenizerFile.read(pieces);
    JsonNode json = json(spelled);
    String prefix = prefix(spelled, json);
    int size = spelled.vocabulary().values().stream().mapToInt(id -> id).max().orElse(0) + 1;
    int[][] rows = new int[size][0];
    spelled
        .vocabulary()
        .forEach((piece, id) -> rows[id] = spelled(without(piece, prefix), reader.vocabulary()));
    for (JsonNode token : json.path("added_tokens")) {
      if (token.path("special").asBoolean()) {
        rows[token.path("id").asInt()] = new int[0];
      }
    }
    if (spelled.unknownId() >= 0) {
      rows[spelled.unknownId()] = new int[] {Vocabulary.UNK_ID};
    }
    Ends ends = Ends.of(pieces);
    rows[ends.first()] = new int[] {Vocabulary.CLS_ID};
    rows[ends.last()] = new int[] {Vocabulary.SEP_ID};
    int longest = Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(1);
    return new Spelling(
        Arrays.stream(rows).map(row -> Arrays.copyOf(row, longest)).toArray(int[][]::new));
  }

  /// The tokens that stand at both ends of every text.
  private record Ends(int first, int last) {
    static Ends of(Path directory) {
      try (TextEncoder encoder =
          TextEncoder.open(directory, Normalizer.of(Normalization.NONE), Integer.MAX_VALUE)) {
        int[] ids = encoder.encode("가", Truncation.REJECT).inputIds();
        if (encoder.specialTokens() != 2) {
          throw new NunchiException(
              Reason.UNSUPPORTED_MODEL,
              "%s puts %d special tokens around a text; its pieces are spelled where one begins it and one ends it"
                  .formatted(directory, encoder.specialTokens()));
        }
        return new Ends(ids[0], ids[ids.length - 1]);
      }
    }
  }

  private static void requireCharacters(TokenizerFile file) {
    if (!json(file).path("model").path("type").asText().equals("WordLevel")
        || file.vocabulary().getOrDefault("가", -1) != CharacterVocabulary.FIRST_SYLLABLE_ID) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s is no vocabulary of single characters, as a model of n-grams has"
              .formatted(file.path()));
    }
  }

  private static String prefix(TokenizerFile file, JsonNode json) {
    JsonNode model = json.path("model");
    String type = model.path("type").asText();
    if (VocabularyCut.spellsBytes(json)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s: its pieces are of bytes; pieces of characters are spelled".formatted(file.path()));
    }
    return switch (type) {
      case "Unigram", "BPE" -> WORD;
      case "WordPiece" -> model.path("continuing_subword_prefix").asText("##");
      default ->
          throw new NunchiException(
              Reason.UNSUPPORTED_MODEL,
              "%s: model.type is %s; pieces of Unigram, BPE and WordPiece are spelled"
                  .formatted(file.path(), type.isEmpty() ? "missing" : type));
    };
  }

  private static String without(String piece, String prefix) {
    return piece.startsWith(prefix) ? piece.substring(prefix.length()) : piece;
  }

  private static int[] spelled(String piece, Map<String, Integer> vocabulary) {
    if (BYTE.matcher(piece).matches()) {
      return new int[] {Vocabulary.UNK_ID};
    }
    // SentencePiece's normaliser makes of ㅋ the initial consonant, which nobody types.
    return Jamo.toCompatibility(piece)
        .toLowerCase(Locale.ROOT)
        .codePoints()
        .filter(c -> !WhiteSpace.isWhiteSpace(c))
        .map(c -> vocabulary.getOrDefault(Character.toString(c), Vocabulary.UNK_ID))
        .toArray();
  }

  private static JsonNode json(TokenizerFile file) {
    try {
      return MAPPER.readTree(file.json());
    } catch (JsonProcessingException e) {
      throw TokenizerFile.damaged(file.path(), "is not valid JSON", e);
    }
  }

  /// The characters of a text, of the ids that it has.
  public int[] of(int[] ids) {
    return Arrays.stream(ids)
        .flatMap(id -> Arrays.stream(characters[id]))
        .filter(character -> character != Vocabulary.PAD_ID)
        .toArray();
  }
}
