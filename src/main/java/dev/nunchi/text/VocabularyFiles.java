package dev.nunchi.text;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/// The three files of a vocabulary in the form of Hugging Face `tokenizers` and transformers.
///
/// `tokenizer.json` has no normaliser of its own: our [Normalizer] runs before it, with the
/// settings that the model's manifest holds.
final class VocabularyFiles {
  static final String TOKENIZER_CONFIG_JSON = "tokenizer_config.json";
  static final String SPECIAL_TOKENS_MAP_JSON = "special_tokens_map.json";
  private static final JsonMapper MAPPER = new JsonMapper();

  private VocabularyFiles() {}

  static void write(ObjectNode tokenizer, Path directory, int maxLength) {
    try {
      Files.createDirectories(directory);
      write(directory.resolve(TokenizerFile.TOKENIZER_JSON), tokenizer);
      write(directory.resolve(TOKENIZER_CONFIG_JSON), configuration(maxLength));
      write(directory.resolve(SPECIAL_TOKENS_MAP_JSON), specialTokens(MAPPER.createObjectNode()));
    } catch (IOException e) {
      throw new NunchiException(
          Reason.IO_FAILURE, "%s: the vocabulary could not be written".formatted(directory), e);
    }
  }

  /// Single characters in lower case, without white space.
  static ObjectNode tokenizer(CharacterVocabulary vocabulary) {
    ObjectNode root = root();
    root.putObject("normalizer").put("type", "Lowercase");
    ArrayNode preTokenizers =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    split(preTokenizers, "\\s+", "Removed");
    split(preTokenizers, ".", "Isolated");
    setTemplate(root);
    root.putNull("decoder");
    ObjectNode model = root.putObject("model").put("type", "WordLevel");
    putIds(model, vocabulary.tokens());
    model.put("unk_token", Vocabulary.UNK);
    return root;
  }

  static ObjectNode tokenizer(Vocabulary vocabulary) {
    ObjectNode root = root();
    root.putNull("normalizer");
    ArrayNode preTokenizers =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    metaspace(preTokenizers.addObject());
    split(preTokenizers, Pieces.PATTERN, "Isolated");
    setTemplate(root);
    ArrayNode decoders = root.putObject("decoder").put("type", "Sequence").putArray("decoders");
    decoders.addObject().put("type", "ByteFallback");
    metaspace(decoders.addObject());
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.putNull("dropout").put("unk_token", Vocabulary.UNK);
    model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", true).put("ignore_merges", false);
    putIds(model, vocabulary.tokens());
    ArrayNode merges = model.putArray("merges");
    for (Vocabulary.Merge merge : vocabulary.merges()) {
      merges
          .addArray()
          .add(vocabulary.tokens().get(merge.left()))
          .add(vocabulary.tokens().get(merge.right()));
    }
    return root;
  }

  private static ObjectNode root() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < Vocabulary.SPECIAL_TOKENS.size(); id++) {
      added.add(addedToken(MAPPER, id, Vocabulary.SPECIAL_TOKENS.get(id)));
    }
    return root;
  }

  private static void split(ArrayNode preTokenizers, String pattern, String behavior) {
    ObjectNode split = preTokenizers.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", pattern);
    split.put("behavior", behavior).put("invert", false);
  }

  private static void setTemplate(ObjectNode root) {
    root.set(
        "post_processor",
        template(MAPPER, Vocabulary.CLS, Vocabulary.CLS_ID, Vocabulary.SEP, Vocabulary.SEP_ID));
  }

  private static void putIds(ObjectNode model, List<String> tokens) {
    ObjectNode ids = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      ids.put(tokens.get(id), id);
    }
  }

  private static void metaspace(ObjectNode node) {
    node.put("type", "Metaspace").put("replacement", Pieces.WORD_START);
    node.put("prepend_scheme", "always").put("split", false);
  }

  static ObjectNode addedToken(JsonMapper mapper, int id, String content) {
    ObjectNode token = mapper.createObjectNode().put("id", id).put("content", content);
    token.put("single_word", false).put("lstrip", false).put("rstrip", false);
    return token.put("normalized", false).put("special", true);
  }

  /// `[CLS] text [SEP]`, with a context `[CLS] text [SEP] context [SEP]` of types 0 and 1.
  static ObjectNode template(JsonMapper mapper, String cls, int clsId, String sep, int sepId) {
    ObjectNode template = mapper.createObjectNode().put("type", "TemplateProcessing");
    ArrayNode single = template.putArray("single");
    special(single, cls, 0);
    sequence(single, "A", 0);
    special(single, sep, 0);
    ArrayNode pair = template.putArray("pair").addAll(single);
    sequence(pair, "B", 1);
    special(pair, sep, 1);
    ObjectNode tokens = template.putObject("special_tokens");
    for (var token : List.of(Map.entry(cls, clsId), Map.entry(sep, sepId))) {
      ObjectNode node = tokens.putObject(token.getKey()).put("id", token.getKey());
      node.putArray("ids").add(token.getValue());
      node.putArray("tokens").add(token.getKey());
    }
    return template;
  }

  private static void special(ArrayNode template, String token, int type) {
    template.addObject().putObject("SpecialToken").put("id", token).put("type_id", type);
  }

  private static void sequence(ArrayNode template, String name, int type) {
    template.addObject().putObject("Sequence").put("id", name).put("type_id", type);
  }

  private static ObjectNode configuration(int maxLength) {
    ObjectNode configuration = MAPPER.createObjectNode();
    configuration.put("tokenizer_class", "PreTrainedTokenizerFast");
    configuration.put("model_max_length", maxLength);
    configuration.put("clean_up_tokenization_spaces", false);
    ArrayNode inputs = configuration.putArray("model_input_names");
    inputs.add("input_ids").add("token_type_ids").add("attention_mask");
    return specialTokens(configuration);
  }

  private static ObjectNode specialTokens(ObjectNode node) {
    node.put("pad_token", Vocabulary.PAD).put("unk_token", Vocabulary.UNK);
    node.put("cls_token", Vocabulary.CLS).put("sep_token", Vocabulary.SEP);
    return node.put("mask_token", Vocabulary.MASK);
  }

  /// Written beside and renamed, with LF on every system.
  private static void write(Path file, JsonNode json) throws IOException {
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
    String content = MAPPER.writer(printer).writeValueAsString(json) + "\n";
    Path temporary = file.resolveSibling("." + file.getFileName() + ".tmp");
    try {
      Files.writeString(temporary, content, StandardCharsets.UTF_8);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
