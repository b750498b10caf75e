package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.BitSet;

/// The pieces of a WordPiece model: those that begin words, and with a prefix (`##`) those that go
/// on.
///
/// Of a word the longest piece that fits is taken, from the left, so that a piece that was taken
/// still is where others are gone. A word with a character that has no piece in its place is
/// unknown as a whole.
final class WordPieces implements PieceModel {
  private final PieceTable table;
  private final String prefix;

  WordPieces(JsonNode model) {
    this.table = new PieceTable(model.path("vocab"));
    this.prefix = model.path("continuing_subword_prefix").asText("##");
  }

  @Override
  public BitSet ids() {
    return table.ids();
  }

  @Override
  public int id(String piece) {
    return table.id(piece);
  }

  @Override
  public BitSet alphabet() {
    return table.matching(piece -> {
      boolean goesOn = goesOn(piece);
      String letters = goesOn ? piece.substring(prefix.length()) : piece;
      return PieceModel.isCharacter(letters) || !isSpelled(letters, goesOn);
    });
  }

  private boolean goesOn(String piece) {
    return piece.length() > prefix.length() && piece.startsWith(prefix);
  }

  private boolean isSpelled(String letters, boolean goesOn) {
    int[] characters = letters.codePoints().toArray();
    for (int i = 0; i < characters.length; i++) {
      String character = Character.toString(characters[i]);
      if (table.id(i > 0 || goesOn ? prefix + character : character) < 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void complete(BitSet used) {}

  @Override
  public void cut(ObjectNode model, KeptIds kept) {
    table.cut(model, kept);
  }
}
