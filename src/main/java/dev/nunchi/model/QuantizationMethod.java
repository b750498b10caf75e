package dev.nunchi.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// How the weights of a checkpoint were quantised, by `quantization_config` of its `config.json`
/// and by the names of its tensors. Only NF4 of bitsandbytes is read; see [Nf4Tensors].
final class QuantizationMethod {
  private static final String BITSANDBYTES = "bitsandbytes";
  private static final String INT8 = "the 8 bits of bitsandbytes (LLM.int8)";

  /// What a tensor belongs to, by the end of its name.
  private static final Map<String, String> TENSORS =
      Map.of(
          ".quant_state.bitsandbytes__fp4", "the FP4 of bitsandbytes",
          ".SCB", INT8,
          ".qweight", "GPTQ or AWQ",
          ".weight_packed", "compressed-tensors",
          ".weight_scale", "FP8 or compressed-tensors",
          ".weight_scale_inv", "FP8",
          "_blocks", "MXFP4");

  private QuantizationMethod() {}

  /// @param config the `quantization_config`
  /// @param file that it stands in
  /// @throws NunchiException `UNSUPPORTED_MODEL` naming the method, unless it is one that is read
  static void requireReadable(JsonNode config, Path file) {
    String method = config.path("quant_method").asText("");
    boolean ofBitsandbytes =
        method.equals(BITSANDBYTES)
            || method.isEmpty() && (config.has("load_in_4bit") || config.has("load_in_8bit"));
    if (!ofBitsandbytes) {
      throw refused(
          "%s: quantization_config".formatted(file), method.isEmpty() ? "some method" : method);
    }
    // The default of transformers, where the type is not named.
    String type = config.path("bnb_4bit_quant_type").asText("fp4").toLowerCase(Locale.ROOT);
    if (!config.path("load_in_4bit").asBoolean()) {
      throw refused("%s: quantization_config".formatted(file), INT8);
    }
    if (!type.equals("nf4")) {
      throw refused(
          "%s: bnb_4bit_quant_type %s".formatted(file, type), "a 4-bit type of bitsandbytes");
    }
  }

  /// @param names of all tensors
  /// @throws NunchiException `UNSUPPORTED_MODEL` naming the first that is of a method that is not
  ///   read
  static void requireReadable(Set<String> names, Path directory) {
    for (String name : names) {
      TENSORS.forEach((end, method) -> {
        if (name.endsWith(end)) {
          throw refused("%s: tensor %s".formatted(directory, name), method);
        }
      });
    }
  }

  private static NunchiException refused(String what, String method) {
    return new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "%s says that the weights are quantised (%s), of which only nf4 of bitsandbytes is read; load the model with transformers, call its dequantize() and save_pretrained it, or take the checkpoint that it was made from"
            .formatted(what, method));
  }
}
