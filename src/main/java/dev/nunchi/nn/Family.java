package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// The implemented families, by the `model_type` of a `config.json`.
final class Family {
  /// As errors name them.
  private static final List<String> MODEL_TYPES =
      List.of(
          Bert.MODEL_TYPE,
          Electra.MODEL_TYPE,
          "roberta",
          "xlm-roberta",
          "camembert",
          DistilBert.MODEL_TYPE,
          ModernBert.MODEL_TYPE,
          Deberta.MODEL_TYPE,
          Llama.MODEL_TYPE,
          Mistral.MODEL_TYPE,
          Qwen2.MODEL_TYPE,
          Qwen3.MODEL_TYPE,
          Gemma2.MODEL_TYPE,
          Gemma3.MODEL_TYPE,
          Exaone4.MODEL_TYPE,
          NgramLinear.MODEL_TYPE,
          TextCnn.MODEL_TYPE);

  private Family() {}

  static Network network(Configuration config) {
    String modelType = config.text("model_type");
    return switch (modelType) {
      case Bert.MODEL_TYPE -> Bert.of(config);
      case Electra.MODEL_TYPE -> Electra.of(config);
      case "roberta", "xlm-roberta", "camembert" -> Roberta.of(config, modelType);
      case DistilBert.MODEL_TYPE -> DistilBert.of(config);
      case ModernBert.MODEL_TYPE -> ModernBert.of(config);
      case Deberta.MODEL_TYPE -> Deberta.of(config);
      case Llama.MODEL_TYPE -> Llama.of(config);
      case Mistral.MODEL_TYPE -> Mistral.of(config);
      case Qwen2.MODEL_TYPE -> Qwen2.of(config);
      case Qwen3.MODEL_TYPE -> Qwen3.of(config);
      case Gemma2.MODEL_TYPE -> Gemma2.of(config);
      case Gemma3.MODEL_TYPE -> Gemma3.of(config);
      case Exaone4.MODEL_TYPE -> Exaone4.of(config);
      case NgramLinear.MODEL_TYPE -> NgramLinear.of(config);
      case TextCnn.MODEL_TYPE -> TextCnn.of(config);
      default -> throw config.unsupportedFamily(modelType, MODEL_TYPES);
    };
  }

  /// The layers that low-rank adapters go to where nothing is said of them, as PEFT has them.
  static Modules usualTargets(String modelType) {
    return new Modules.Named(
        switch (modelType) {
          case Bert.MODEL_TYPE, Electra.MODEL_TYPE, "roberta", "xlm-roberta", "camembert" ->
              List.of("query", "value");
          case DistilBert.MODEL_TYPE -> List.of("q_lin", "v_lin");
          case ModernBert.MODEL_TYPE -> List.of("Wqkv");
          case Deberta.MODEL_TYPE -> List.of("query_proj", "value_proj");
          case TextCnn.MODEL_TYPE -> List.of("convolution");
          default -> List.of("q_proj", "v_proj");
        });
  }

  /// `max_position_embeddings` of a configuration that does not say it, as transformers has it.
  static int positions(String modelType) {
    return switch (modelType) {
      case Llama.MODEL_TYPE, Exaone4.MODEL_TYPE -> 2048;
      case ModernBert.MODEL_TYPE, Gemma2.MODEL_TYPE -> 8192;
      case Qwen2.MODEL_TYPE, Qwen3.MODEL_TYPE -> 32_768;
      case Mistral.MODEL_TYPE, Gemma3.MODEL_TYPE -> 131_072;
      default -> 512;
    };
  }

  /// @see Network#longestInput
  static int longestInput(JsonNode config) {
    int positions =
        config.path("max_position_embeddings").asInt(positions(config.path("model_type").asText()));
    return Roberta.ARCHITECTURES.containsKey(config.path("model_type").asText())
        ? positions - config.path("pad_token_id").asInt(1) - 1
        : positions;
  }
}
