package dev.nunchi.faults;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/// What can be wrong with a `tokenizer.json` that is still one by its form.
public enum TokenizerFault implements Fault {
  ADDED_TOKEN_OUT_OF_RANGE {
    @Override
    void change(ObjectNode json, Random random) {
      added(json, "[NEW]", 1 + random.nextInt(Integer.MAX_VALUE - 1));
    }
  },
  ADDED_TOKEN_AFTER_THE_LAST {
    @Override
    void change(ObjectNode json, Random random) {
      added(json, "[NEW]", vocabulary(json).size());
    }
  },
  ADDED_TOKEN_OF_ANOTHERS_ID {
    @Override
    void change(ObjectNode json, Random random) {
      added(json, "[NEW]", 5);
    }
  },
  NORMALIZER_UNKNOWN {
    @Override
    void change(ObjectNode json, Random random) {
      json.putObject("normalizer").put("type", "Romanizer");
    }
  },
  EXPRESSION_MALFORMED {
    @Override
    void change(ObjectNode json, Random random) {
      ObjectNode split = json.putObject("pre_tokenizer").put("type", "Split");
      split.putObject("pattern").put("Regex", "([가-");
      split.put("behavior", "Isolated").put("invert", false);
    }
  },
  UNKNOWN_TOKEN_MISSING {
    @Override
    void change(ObjectNode json, Random random) {
      ObjectNode model = (ObjectNode) json.get("model");
      model.put("unk_token", "[NOWHERE]");
    }
  },
  UNKNOWN_TOKEN_UNSAID {
    @Override
    void change(ObjectNode json, Random random) {
      ((ObjectNode) json.get("model")).remove("unk_token");
    }
  },
  MERGE_OF_NO_TOKENS {
    @Override
    void change(ObjectNode json, Random random) {
      ((ObjectNode) json.get("model")).putArray("merges").add("가나 다라").add("x");
    }
  },
  MODEL_OF_ANOTHER_TYPE {
    @Override
    void change(ObjectNode json, Random random) {
      ((ObjectNode) json.get("model")).put("type", random.nextBoolean() ? "Unigram" : "WordLevel");
    }
  },
  ID_OUT_OF_RANGE {
    @Override
    void change(ObjectNode json, Random random) {
      vocabulary(json).put("영화", 1_000_000 + random.nextInt(1_000_000));
    }
  },
  IDS_TWICE {
    @Override
    void change(ObjectNode json, Random random) {
      ObjectNode vocabulary = vocabulary(json);
      vocabulary.fieldNames().forEachRemaining(name -> vocabulary.put(name, 3));
    }
  },
  NO_VOCABULARY {
    @Override
    void change(ObjectNode json, Random random) {
      vocabulary(json).removeAll();
    }
  },
  TEMPLATE_OF_UNKNOWN_TOKENS {
    @Override
    void change(ObjectNode json, Random random) {
      ObjectNode template = json.putObject("post_processor").put("type", "TemplateProcessing");
      template.putArray("single").addObject().putObject("SpecialToken").put("id", "[GO]");
      template.putArray("pair");
      template.putObject("special_tokens");
    }
  },
  NO_TEMPLATE {
    @Override
    void change(ObjectNode json, Random random) {
      json.putNull("post_processor");
    }
  },
  CUT_TO_NOTHING {
    @Override
    void change(ObjectNode json, Random random) {
      json.putObject("truncation")
          .put("direction", "Right")
          .put("max_length", random.nextInt(3))
          .put("strategy", "LongestFirst")
          .put("stride", 7);
    }
  },
  NO_MODEL {
    @Override
    void change(ObjectNode json, Random random) {
      json.putNull("model");
    }
  };

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Override
  public String damage(Path file, Random random) throws IOException {
    ObjectNode json = (ObjectNode) MAPPER.readTree(file.toFile());
    change(json, random);
    Files.writeString(file, json.toString());
    return toString();
  }

  abstract void change(ObjectNode json, Random random);

  private static void added(ObjectNode json, String content, int id) {
    ((ArrayNode) json.get("added_tokens"))
        .addObject()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  private static ObjectNode vocabulary(ObjectNode json) {
    return (ObjectNode) json.get("model").get("vocab");
  }
}
