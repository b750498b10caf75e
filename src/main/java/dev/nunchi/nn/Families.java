package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;

/// The implemented families, by the `model_type` of a `config.json`.
final class Families {
  private Families() {}

  static Network network(JsonNode json, String origin) {
    Configuration config = new Configuration(json, origin);
    String modelType = config.text("model_type");
    return switch (modelType) {
      case "bert" -> Bert.of(config);
      case "electra" -> Electra.of(config);
      case NgramLinear.MODEL_TYPE -> NgramLinear.of(config);
      default -> throw config.unsupportedFamily(modelType);
    };
  }
}
