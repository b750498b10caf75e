package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/// The `vocab` of a model that gives each piece its id.
final class PieceTable {
  private final Map<String, Integer> ids = new HashMap<>();

  PieceTable(JsonNode vocabulary) {
    vocabulary.forEachEntry((piece, id) -> ids.put(piece, id.asInt()));
  }

  /// -1 where there is no such piece.
  int id(String piece) {
    return ids.getOrDefault(piece, -1);
  }

  BitSet ids() {
    return matching(_ -> true);
  }

  BitSet matching(Predicate<String> wanted) {
    BitSet matching = new BitSet();
    ids.forEach((piece, id) -> {
      if (wanted.test(piece)) {
        matching.set(id);
      }
    });
    return matching;
  }

  /// Puts the pieces that are kept in place of the model's, in the order of their ids.
  void cut(ObjectNode model, KeptIds kept) {
    ObjectNode rest = model.objectNode();
    ids.entrySet().stream()
        .filter(entry -> kept.has(entry.getValue()))
        .sorted(Comparator.comparing(Map.Entry::getValue))
        .forEach(entry -> rest.put(entry.getKey(), kept.newId(entry.getValue())));
    model.set("vocab", rest);
  }
}
