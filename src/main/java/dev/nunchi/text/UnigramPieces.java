package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The pieces of a Unigram model (SentencePiece), each with the logarithm of its probability.
///
/// The encoding of a text is the most likely way to join pieces to it, which stays the most likely
/// one where others are gone. One thing hangs on all pieces: an unknown character counts a fixed
/// step less than the least likely piece of all, so that one stays.
final class UnigramPieces implements PieceModel {
  private final List<String> pieces = new ArrayList<>();
  private final List<Double> scores = new ArrayList<>();
  private final Map<String, Integer> ids = new HashMap<>();

  UnigramPieces(JsonNode model) {
    for (JsonNode piece : model.path("vocab")) {
      ids.put(piece.path(0).asText(), pieces.size());
      pieces.add(piece.path(0).asText());
      scores.add(piece.path(1).asDouble());
    }
  }

  @Override
  public BitSet ids() {
    BitSet all = new BitSet();
    all.set(0, pieces.size());
    return all;
  }

  @Override
  public int id(String piece) {
    return ids.getOrDefault(piece, -1);
  }

  @Override
  public BitSet alphabet() {
    BitSet alphabet = new BitSet();
    for (int id = 0; id < pieces.size(); id++) {
      if (PieceModel.isCharacter(pieces.get(id)) || !isSpelled(pieces.get(id))) {
        alphabet.set(id);
      }
    }
    return alphabet;
  }

  private boolean isSpelled(String piece) {
    return piece.codePoints().mapToObj(Character::toString).allMatch(ids::containsKey);
  }

  @Override
  public void complete(BitSet used) {
    int least = 0;
    for (int id = 1; id < pieces.size(); id++) {
      least = scores.get(id) < scores.get(least) ? id : least;
    }
    used.set(least);
  }

  @Override
  public void cut(ObjectNode model, KeptIds kept) {
    ArrayNode vocabulary = (ArrayNode) model.path("vocab");
    ArrayNode rest = model.arrayNode();
    for (int id = 0; id < vocabulary.size(); id++) {
      if (kept.has(id)) {
        rest.add(vocabulary.get(id));
      }
    }
    model.set("vocab", rest);
    JsonNode unknown = model.path("unk_id");
    if (unknown.isInt() && kept.has(unknown.intValue())) {
      model.put("unk_id", kept.newId(unknown.intValue()));
    }
  }
}
