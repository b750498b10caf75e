package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The pieces of a byte-pair encoding and the merges that make them.
///
/// A word's characters are joined pair by pair, each time the pair whose merge stands first in the
/// list. Of the merges that join the characters of one piece, none looks beyond it: so a piece
/// comes out as before where the pieces on the way to it stay, and the merges between them. Merges
/// of pieces that are gone are gone too; those that texts do not use change nothing of them.
final class BytePairPieces implements PieceModel {
  private final PieceTable table;
  private final List<Merge> merges = new ArrayList<>();
  private final Map<Long, Integer> ranks = new HashMap<>();
  private final Map<Integer, String> spelling = new HashMap<>();
  private final String prefix;
  private final String suffix;

  /// @param node as it stands in the file
  private record Merge(int left, int right, int made, JsonNode node) {}

  BytePairPieces(JsonNode model) {
    this.table = new PieceTable(model.path("vocab"));
    this.prefix = model.path("continuing_subword_prefix").asText("");
    this.suffix = model.path("end_of_word_suffix").asText("");
    model.path("vocab").forEachEntry((piece, id) -> spelling.put(id.asInt(), piece));
    for (JsonNode node : model.path("merges")) {
      String[] parts =
          node.isArray()
              ? new String[] {node.path(0).asText(), node.path(1).asText()}
              : node.asText().split(" ", 2);
      if (parts.length == 2) {
        add(parts[0], parts[1], node);
      }
    }
  }

  private void add(String left, String right, JsonNode node) {
    String joined = left + (right.startsWith(prefix) ? right.substring(prefix.length()) : right);
    Merge merge = new Merge(table.id(left), table.id(right), table.id(joined), node);
    // Of a merge that stands twice, the later place counts.
    ranks.put(pair(merge.left, merge.right), merges.size());
    merges.add(merge);
  }

  private static long pair(int left, int right) {
    return ((long) left << 32) | (right & 0xffff_ffffL);
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
    return table.matching(piece -> PieceModel.isCharacter(letters(piece)));
  }

  /// A piece without what says where in a word it stands.
  private String letters(String piece) {
    String letters =
        !prefix.isEmpty() && piece.length() > prefix.length() && piece.startsWith(prefix)
            ? piece.substring(prefix.length())
            : piece;
    return !suffix.isEmpty() && letters.length() > suffix.length() && letters.endsWith(suffix)
        ? letters.substring(0, letters.length() - suffix.length())
        : letters;
  }

  @Override
  public void complete(BitSet used) {
    BitSet onTheWay = new BitSet();
    used.stream().forEach(id -> onTheWay.or(made(id)));
    used.or(onTheWay);
  }

  /// The pieces from the characters of a piece to itself; none where merges do not make it, as
  /// where a whole word is looked up before any.
  private BitSet made(int id) {
    BitSet made = new BitSet();
    @Nullable String piece = spelling.get(id);
    List<Integer> parts = piece == null ? List.of() : characters(piece);
    parts.forEach(made::set);
    while (parts.size() > 1) {
      int best = first(parts);
      if (best < 0) {
        return new BitSet();
      }
      Merge merge = merges.get(best);
      parts = merged(parts, merge);
      made.set(merge.made);
    }
    return parts.equals(List.of(id)) ? made : new BitSet();
  }

  /// The ids of the pieces that a word begins as; none where a character has none.
  private List<Integer> characters(String piece) {
    String letters = letters(piece);
    boolean goesOn =
        !prefix.isEmpty() && piece.length() > letters.length() && piece.startsWith(prefix);
    boolean ends = !suffix.isEmpty() && piece.length() > suffix.length() && piece.endsWith(suffix);
    int[] characters = letters.codePoints().toArray();
    List<Integer> parts = new ArrayList<>();
    for (int i = 0; i < characters.length; i++) {
      String before = i > 0 || goesOn ? prefix : "";
      String behind = ends && i == characters.length - 1 ? suffix : "";
      int id = table.id(before + Character.toString(characters[i]) + behind);
      if (id < 0) {
        return List.of();
      }
      parts.add(id);
    }
    return parts;
  }

  /// The place in the list of the merge that comes next, -1 where there is none.
  private int first(List<Integer> parts) {
    int first = -1;
    for (int i = 0; i + 1 < parts.size(); i++) {
      int rank = ranks.getOrDefault(pair(parts.get(i), parts.get(i + 1)), -1);
      first = rank >= 0 && (first < 0 || rank < first) ? rank : first;
    }
    return first;
  }

  /// The first pair that the merge joins is joined: what that makes may go before the next pair.
  private static List<Integer> merged(List<Integer> parts, Merge merge) {
    for (int i = 0; i + 1 < parts.size(); i++) {
      if (parts.get(i) == merge.left && parts.get(i + 1) == merge.right) {
        List<Integer> merged = new ArrayList<>(parts.subList(0, i));
        merged.add(merge.made);
        merged.addAll(parts.subList(i + 2, parts.size()));
        return merged;
      }
    }
    throw new IllegalArgumentException("%s has nothing to merge".formatted(parts));
  }

  @Override
  public void cut(ObjectNode model, KeptIds kept) {
    table.cut(model, kept);
    ArrayNode rest = model.arrayNode();
    for (Merge merge : merges) {
      if (kept.has(merge.left) && kept.has(merge.right) && kept.has(merge.made)) {
        rest.add(merge.node);
      }
    }
    model.set("merges", rest);
  }
}
