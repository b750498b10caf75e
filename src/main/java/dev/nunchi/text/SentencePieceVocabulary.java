package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The SentencePiece model of checkpoints without a `tokenizer.json`: the `spm.model` of DeBERTa-v3
/// and mDeBERTa, the `sentencepiece.bpe.model` of XLM-R and CamemBERT.
///
/// [#tokenizerJson] is what the classes of transformers 5 make of it and of the files beside it;
/// see [SentencePieceSettings]. `DebertaV2Tokenizer` leaves the normalisation rules of the model
/// out and composes (NFC) instead; the other two follow the rules.
record SentencePieceVocabulary(
    Path file, SentencePieceModel model, SentencePieceSettings settings) {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String SPACE = "\u2581";

  static SentencePieceVocabulary read(Path file) {
    SentencePieceModel model = SentencePieceModel.read(file);
    return new SentencePieceVocabulary(file, model, SentencePieceSettings.beside(file));
  }

  String tokenizerJson() {
    boolean isDeberta = settings.family() == SentencePieceFamily.DEBERTA_V2;
    List<SentencePieceModel.Piece> pieces = pieces();
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < pieces.size(); id++) {
      ids.put(pieces.get(id).text(), id);
    }
    int unknownId = isDeberta ? unknownId() : 3;
    if (unknownId < 0 || unknownId >= pieces.size()) {
      throw TokenizerFile.damaged(
          file, "has the unk_id %d, but %d pieces".formatted(unknownId, pieces.size()), null);
    }
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", "1.0");
    root.putArray("added_tokens").addAll(addedTokens(ids, pieces.size()));
    String prepend =
        settings.flag("add_prefix_space", true) ? "always" : isDeberta ? "first" : "never";
    ArrayNode preTokenizers = MAPPER.createArrayNode();
    if (isDeberta) {
      root.set("normalizer", debertaNormalizer());
      if (settings.flag("split_by_punct", false)) {
        preTokenizers.addObject().put("type", "Punctuation").put("behavior", "Isolated");
      }
      String cls = settings.special("cls");
      String sep = settings.special("sep");
      root.set(
          "post_processor", VocabularyFiles.template(MAPPER, cls, id(cls, ids), sep, id(sep, ids)));
    } else {
      if (!model.characterMap().isEmpty()) {
        root.putObject("normalizer")
            .put("type", "Precompiled")
            .put("precompiled_charsmap", model.characterMap());
      }
      preTokenizers.addObject().put("type", "WhitespaceSplit");
      root.set("post_processor", template(ids));
    }
    metaspace(preTokenizers.addObject(), prepend);
    root.putObject("pre_tokenizer").put("type", "Sequence").set("pretokenizers", preTokenizers);
    metaspace(root.putObject("decoder"), prepend);
    ObjectNode unigram = root.putObject("model").put("type", "Unigram");
    unigram.put("unk_id", unknownId).put("byte_fallback", false);
    ArrayNode vocabulary = unigram.putArray("vocab");
    pieces.forEach(piece -> vocabulary.addArray().add(piece.text()).add(piece.score()));
    return root.toString();
  }

  /// Those of XLM-R and CamemBERT have the ids of fairseq, before whose dictionary stand the
  /// special tokens.
  private List<SentencePieceModel.Piece> pieces() {
    List<SentencePieceModel.Piece> pieces = new ArrayList<>();
    int own = 0;
    switch (settings.family()) {
      case DEBERTA_V2 -> {
        return model.pieces();
      }
      case XLM_ROBERTA -> {
        for (String name : List.of("bos", "pad", "eos", "unk")) {
          pieces.add(plain(settings.special(name), 0));
        }
        own = 3;
      }
      case CAMEMBERT -> {
        pieces.add(plain("<s>NOTUSED", 0));
        pieces.add(plain(settings.special("pad"), 0));
        pieces.add(plain("</s>NOTUSED", 0));
        pieces.add(plain(settings.special("unk"), 0));
        pieces.add(plain("<unk>NOTUSED", -100));
        own = 1;
      }
    }
    model.pieces().stream().skip(own).forEach(pieces::add);
    pieces.add(plain(settings.special("mask"), 0));
    return pieces;
  }

  private static SentencePieceModel.Piece plain(String text, double score) {
    return new SentencePieceModel.Piece(text, score, 1);
  }

  /// The place of the unknown token with the score 0, where there is one.
  private int unknownId() {
    String unknown = settings.special("unk");
    for (int id = 0; id < model.pieces().size(); id++) {
      SentencePieceModel.Piece piece = model.pieces().get(id);
      if (piece.score() == 0 && piece.text().equals(unknown)) {
        return id;
      }
    }
    return model.unknownId();
  }

  /// Those that the vocabulary lacks get the ids after it, in their order, and stand in `ids` then.
  private List<ObjectNode> addedTokens(Map<String, Integer> ids, int size) {
    Map<Integer, ObjectNode> added = new TreeMap<>();
    int next = size;
    for (ObjectNode token : settings.addedTokens(model.pieces())) {
      String content = token.path("content").asText();
      @Nullable Integer known = ids.get(content);
      int id = known == null ? next++ : known;
      ids.put(content, id);
      added.put(id, token.put("id", id));
    }
    return List.copyOf(added.values());
  }

  private JsonNode debertaNormalizer() {
    ObjectNode normalizer = MAPPER.createObjectNode().put("type", "Sequence");
    ArrayNode steps = normalizer.putArray("normalizers");
    if (settings.flag("do_lower_case", false)) {
      steps.addObject().put("type", "Lowercase");
    }
    ObjectNode replace = steps.addObject().put("type", "Replace").put("content", " ");
    replace.putObject("pattern").put("Regex", "\\s{2,}|[\\n\\r\\t]");
    steps.addObject().put("type", "NFC");
    steps.addObject().put("type", "Strip").put("strip_left", false).put("strip_right", true);
    return normalizer;
  }

  /// `<s> text </s>`, with a context `<s> text </s></s> context </s>`, all of type 0.
  private ObjectNode template(Map<String, Integer> ids) {
    String bos = settings.special("bos");
    String eos = settings.special("eos");
    ObjectNode template = VocabularyFiles.template(MAPPER, bos, id(bos, ids), eos, id(eos, ids));
    ArrayNode pair = (ArrayNode) template.path("pair");
    pair.insert(3, pair.get(2));
    for (JsonNode part : pair) {
      part.forEach(token -> ((ObjectNode) token).put("type_id", 0));
    }
    return template;
  }

  private static int id(String token, Map<String, Integer> ids) {
    return Objects.requireNonNull(ids.get(token), token);
  }

  private static void metaspace(ObjectNode node, String prepend) {
    node.put("type", "Metaspace").put("replacement", SPACE);
    node.put("prepend_scheme", prepend).put("split", true);
  }
}
