package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;

/// The implemented families, by the `model_type` of a `config.json`.
final class Families {
  private Families() {}

  static Network network(JsonNode json) {
    Configuration config = new Configuration(json);
    String modelType = config.text("model_type");
    return switch (modelType) {
      case "bert" -> Bert.of(config);
      case "electra" -> Electra.of(config);
      case NgramLinear.MODEL_TYPE -> NgramLinear.of(config);
      default ->
          throw new NunchiException(
              Reason.UNSUPPORTED_MODEL,
              "config.json: model_type is '%s'; supported are bert, electra and ngram_linear"
                  .formatted(modelType));
    };
  }
}
