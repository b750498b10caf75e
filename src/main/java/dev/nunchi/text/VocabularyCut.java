package dev.nunchi.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// Cuts the vocabulary of a `tokenizer.json` to some of its pieces.
///
/// Kept beside the pieces that are asked for are
///
/// - every added token, special or not, and what the file itself refers to: the token for the
///   unknown, those of the template and of padding
/// - the pieces that spell bytes
/// - unless said otherwise, every piece of a single character, so that what could be spelled still
///   can
/// - what those need to come out as before, which each kind of model knows: with a byte-pair
///   encoding the pieces on the way
///
/// The order of the ids stays. A text whose pieces are all kept is encoded as before; another one
/// into more and shorter pieces.
public final class VocabularyCut {
  /// What becomes of single characters that no text uses.
  public enum Characters {
    /// They stay, and no character becomes unknown.
    ALL,
    /// They go, unless they spell bytes.
    USED
  }

  private static final JsonMapper MAPPER = new JsonMapper();

  private final Path file;
  private final ObjectNode json;
  private final PieceModel model;

  private VocabularyCut(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
    this.model = PieceModel.of(file, json.path("model"));
  }

  /// @throws NunchiException `UNSUPPORTED_MODEL` where the directory has no `tokenizer.json` or one
  ///   of another kind, `INVALID_MODEL` where it is damaged
  public static VocabularyCut of(Path directory) {
    Path file = directory.resolve(TokenizerFile.TOKENIZER_JSON);
    if (!Files.exists(file)) {
      throw new NunchiException(
          Reason.UNSUPPORTED_MODEL,
          "%s is missing, of which alone a vocabulary is cut; open the directory with transformers' AutoTokenizer and save_pretrained it there"
              .formatted(file));
    }
    try {
      return new VocabularyCut(
          file, (ObjectNode) MAPPER.readTree(TokenizerFile.read(directory).json()));
    } catch (JsonProcessingException e) {
      throw TokenizerFile.damaged(file, "is not valid JSON", e);
    }
  }

  /// Tokens in all, added ones included.
  public int size() {
    BitSet all = model.ids();
    all.or(addedIds());
    return all.cardinality();
  }

  /// Whether a token has an id.
  public boolean has(int id) {
    return model.ids().get(id) || addedIds().get(id);
  }

  /// Which ids are kept.
  ///
  /// @param used by texts
  /// @param named elsewhere, as in `config.json`; those that the tokenizer does not give are passed
  ///   over
  public KeptIds kept(BitSet used, Characters characters, Collection<Integer> named) {
    BitSet kept = (BitSet) used.clone();
    BitSet bytes = spellsBytes(json) ? model.alphabet() : model.bytes();
    kept.or(bytes);
    if (characters == Characters.ALL) {
      kept.or(model.alphabet());
    }
    model.complete(kept);
    BitSet added = addedIds();
    kept.or(added);
    referred(json.path("post_processor"), kept);
    named.stream().filter(id -> id >= 0).forEach(kept::set);
    keepNumber(json.path("padding").path("pad_id"), kept);
    keepNumber(json.path("model").path("unk_id"), kept);
    keepPiece(json.path("model").path("unk_token"), kept);
    BitSet pieces = (BitSet) kept.clone();
    pieces.and(model.ids());
    // An added token without a piece of its own gets its number behind all pieces.
    added.andNot(pieces);
    return KeptIds.inOrder(List.of(pieces, added));
  }

  private BitSet addedIds() {
    BitSet added = new BitSet();
    json.path("added_tokens").forEach(token -> keepNumber(token.path("id"), added));
    return added;
  }

  private static void keepNumber(JsonNode id, BitSet kept) {
    if (id.isInt() && id.intValue() >= 0) {
      kept.set(id.intValue());
    }
  }

  private void keepPiece(JsonNode piece, BitSet kept) {
    if (piece.isTextual() && model.id(piece.textValue()) >= 0) {
      kept.set(model.id(piece.textValue()));
    }
  }

  /// Whether some part maps the bytes of every text to characters, which the model's are then.
  static boolean spellsBytes(JsonNode json) {
    return json.path("pre_tokenizer").findValuesAsText("type").contains("ByteLevel")
        || json.path("decoder").findValuesAsText("type").contains("ByteLevel");
  }

  private static void referred(JsonNode processor, BitSet kept) {
    processor.path("processors").forEach(each -> referred(each, kept));
    for (JsonNode special : processor.path("special_tokens")) {
      special.path("ids").forEach(id -> keepNumber(id, kept));
    }
    for (String pair : List.of("cls", "sep")) {
      keepNumber(processor.path(pair).path(1), kept);
    }
  }

  /// The `tokenizer.json` with the pieces that are kept.
  public ObjectNode tokenizerJson(KeptIds kept) {
    ObjectNode cut = json.deepCopy();
    model.cut((ObjectNode) cut.path("model"), kept);
    if (cut.path("added_tokens") instanceof ArrayNode added) {
      added.forEach(token -> renumber((ObjectNode) token, "id", kept));
      // They get their numbers in the order of the list.
      List<JsonNode> sorted = new ArrayList<>();
      added.forEach(sorted::add);
      sorted.sort(Comparator.comparingInt(token -> token.path("id").asInt()));
      cut.set("added_tokens", cut.arrayNode().addAll(sorted));
    }
    renumberProcessor(cut.path("post_processor"), kept);
    if (cut.path("padding") instanceof ObjectNode padding) {
      renumber(padding, "pad_id", kept);
    }
    return cut;
  }

  private static void renumberProcessor(JsonNode processor, KeptIds kept) {
    processor.path("processors").forEach(each -> renumberProcessor(each, kept));
    for (JsonNode special : processor.path("special_tokens")) {
      if (special.path("ids") instanceof ArrayNode ids) {
        renumber(ids, kept);
      }
    }
    for (String pair : List.of("cls", "sep")) {
      if (processor.path(pair) instanceof ArrayNode named) {
        renumber(named, kept);
      }
    }
  }

  private static void renumber(ObjectNode node, String key, KeptIds kept) {
    JsonNode id = node.path(key);
    if (id.isInt() && kept.has(id.intValue())) {
      node.put(key, kept.newId(id.intValue()));
    }
  }

  private static void renumber(ArrayNode ids, KeptIds kept) {
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i).isInt() && kept.has(ids.get(i).intValue())) {
        ids.set(i, IntNode.valueOf(kept.newId(ids.get(i).intValue())));
      }
    }
  }

  /// The lines of a `vocab.txt`, which WordPiece models had before there was a `tokenizer.json`.
  ///
  /// @param cut what [#tokenizerJson] gave
  public static List<String> vocabTxt(ObjectNode cut) {
    List<String> lines = new ArrayList<>();
    cut.path("model").path("vocab").fieldNames().forEachRemaining(lines::add);
    return lines;
  }

  /// The lines of a `merges.txt`, which byte-pair encodings had.
  ///
  /// @param cut what [#tokenizerJson] gave
  public static List<String> mergesTxt(ObjectNode cut) {
    List<String> lines = new ArrayList<>(List.of("#version: 0.2"));
    for (JsonNode merge : cut.path("model").path("merges")) {
      lines.add(
          merge.isArray() ? merge.path(0).asText() + " " + merge.path(1).asText() : merge.asText());
    }
    return lines;
  }

  public Path file() {
    return file;
  }
}
