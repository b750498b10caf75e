package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.BitSet;

/// The `model` of a `tokenizer.json`, as far as a cut of its vocabulary has to know it: which
/// pieces hang on which.
sealed interface PieceModel permits UnigramPieces, WordPieces, BytePairPieces {
  /// @param file named in errors
  /// @throws NunchiException `UNSUPPORTED_MODEL` where the model is of another kind
  static PieceModel of(Path file, JsonNode model) {
    String type = model.path("type").asText("");
    return switch (type) {
      case "Unigram" -> new UnigramPieces(model);
      case "WordPiece" -> new WordPieces(model);
      case "BPE" -> new BytePairPieces(model);
      default ->
          throw new NunchiException(
              Reason.UNSUPPORTED_MODEL,
              "%s: model.type is %s; a vocabulary is cut of Unigram, WordPiece and BPE"
                  .formatted(file, type.isEmpty() ? "missing" : type));
    };
  }

  /// The ids that have a piece.
  BitSet ids();

  /// The id of a piece, -1 where there is none.
  int id(String piece);

  /// The pieces by which a text is spelled where no longer ones fit: one for each character, and
  /// the longer ones with a character that has none of its own.
  BitSet alphabet();

  /// The pieces that spell bytes where a character has none; empty where there are none.
  default BitSet bytes() {
    BitSet bytes = new BitSet();
    for (int value = 0; value < 256; value++) {
      int id = id("<0x%02X>".formatted(value));
      if (id >= 0) {
        bytes.set(id);
      }
    }
    return bytes;
  }

  /// Adds what has to stay so that the pieces that texts use come out as before.
  void complete(BitSet used);

  /// Leaves the pieces that are kept in the model, with their new ids.
  void cut(ObjectNode model, KeptIds ids);

  /// Whether a piece is one character.
  static boolean isCharacter(String piece) {
    return piece.codePointCount(0, piece.length()) == 1;
  }
}
