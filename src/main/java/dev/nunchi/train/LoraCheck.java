package dev.nunchi.train;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Modules;
import java.util.Collection;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// The ranges of the keys of a recipe's section `lora`; whether its names are those of layers is
/// known when the network is.
final class LoraCheck {
  private LoraCheck() {}

  /// @throws NunchiException `INVALID_RECIPE` naming the first key that is wrong
  static void check(Recipe.LowRank lora, Recipe.Start start) {
    if (start.modelConfig() != null) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "lora adapts the weights of a checkpoint, and those of model_config are all new; give"
              + " model_name_or_path instead, or leave lora out");
    }
    if (start.configOverrides() != null) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "config_overrides is for training all weights, as the adapter that lora trains has no"
              + " config.json to keep them in; leave it out, and see lora_dropout");
    }
    require(lora.r() >= 1, "r", "at least 1", lora.r());
    require(
        lora.loraAlpha() > 0 && Double.isFinite(lora.loraAlpha()),
        "lora_alpha",
        "over 0",
        lora.loraAlpha());
    require(
        lora.loraDropout() >= 0 && lora.loraDropout() < 1,
        "lora_dropout",
        "in [0, 1)",
        lora.loraDropout());
    require(lora.bias().equals("none"), "bias", "none, as no other is implemented", lora.bias());
    modules("target_modules", lora.targetModules(), true);
    modules("exclude_modules", lora.excludeModules(), false);
    lora.rankPattern()
        .forEach((pattern, rank) -> {
          regex("rank_pattern", pattern);
          require(
              rank != null && rank >= 1,
              "rank_pattern",
              "a map to ranks of at least 1, as {query: 16}",
              lora.rankPattern());
        });
    lora.alphaPattern()
        .forEach((pattern, alpha) -> {
          regex("alpha_pattern", pattern);
          require(
              alpha != null && alpha > 0,
              "alpha_pattern",
              "a map to numbers over 0, as {query: 32}",
              lora.alphaPattern());
        });
    names("modules_to_save", lora.modulesToSave());
  }

  private static void modules(String key, @Nullable JsonNode given, boolean takesAll) {
    if (given == null || given.isNull()) {
      return;
    }
    if (given.isArray()) {
      for (JsonNode name : given) {
        require(name.isTextual() && !name.asText().isBlank(), key, "a list of names", given);
      }
      require(!given.isEmpty(), key, "a list of at least one name, or left out", given);
      return;
    }
    require(
        given.isTextual() && !given.asText().isBlank(),
        key,
        "a list of names or a regular expression" + (takesAll ? ", or all-linear" : ""),
        given);
    require(
        takesAll || !given.asText().equalsIgnoreCase("all-linear"),
        key,
        "some layers and not all",
        given);
    regex(key, given.asText());
  }

  private static void names(String key, Collection<String> names) {
    for (@Nullable String name : names) {
      require(name != null && !name.isBlank(), key, "a list of names", names);
    }
  }

  private static void regex(String key, String regex) {
    try {
      Pattern unused = new Modules.Matching(regex).pattern();
    } catch (PatternSyntaxException e) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "lora.%s: '%s' is no regular expression: %s".formatted(key, regex, e.getDescription()),
          e);
    }
  }

  private static void require(boolean holds, String key, String expected, @Nullable Object value) {
    RecipeCheck.require(holds, "lora." + key, expected, value);
  }
}
