package dev.nunchi.train;

import dev.nunchi.Label;
import dev.nunchi.ProblemType;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.Provenance;
import java.util.Locale;
import java.util.StringJoiner;

/// The README.md of a trained model, with the metadata block that Hugging Face reads.
record ModelCard(Recipe recipe, Manifest manifest) {
  String markdown() {
    StringBuilder card = new StringBuilder();
    card.append("---\nlanguage: ko\npipeline_tag: text-classification\n");
    if (recipe.card().license() != null) {
      card.append("license: ")
          .append(recipe.card().license().toLowerCase(Locale.ROOT))
          .append('\n');
    }
    if (isAdapter()) {
      card.append("library_name: peft\n");
    }
    String baseModel = manifest.origin().provenance().getOrDefault("base_model", "");
    if (manifest.origin().provenance().containsKey("base_model_revision")) {
      card.append("base_model: ").append(baseModel).append('\n');
    }
    card.append("---\n\n# ").append(manifest.name()).append("\n\n");
    if (isAdapter()) {
      card.append(
          """
          A LoRA adapter and its head, to be opened with the model that it started from. In Python, with peft:

          ```python
          config = AutoConfig.from_pretrained("DIR/classifier_config.json")
          model = AutoModelForSequenceClassification.from_pretrained("DIR", config=config)
          ```

          """);
      if (manifest.origin().provenance().containsKey(Provenance.BASE_QUANTIZATION)) {
        card.append(
            """
            It was trained on its base in NF4 (QLoRA) and answers so where this program opens it. With peft, give
            `quantization_config=BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True, llm_int8_skip_modules=["classifier", "score"])` too.

            """);
      }
    }
    if (recipe.card().description() != null) {
      card.append(recipe.card().description()).append("\n\n");
    }
    card.append("| | |\n| --- | --- |\n");
    row(card, "labels (polarity)", labels());
    row(card, "longest text", manifest.text().maxLength() + " tokens");
    if (recipe.card().dataSource() != null) {
      row(card, "data", recipe.card().dataSource());
    }
    String base = Provenance.shown(manifest.origin().provenance());
    if (!base.isEmpty()) {
      row(card, "started from", base);
    }
    if (manifest.origin().provenance().containsKey("teacher")) {
      row(card, "taught by", Teaching.described(manifest.origin().provenance()));
      row(card, "taught how", Teaching.manner(manifest.origin().provenance()));
    }
    manifest.origin().shown().forEach((name, value) -> row(card, name, value));
    boolean measured = !manifest.origin().quality().isEmpty();
    if (measured) {
      row(
          card,
          manifest.task().problemType() == ProblemType.REGRESSION
              ? "temperature (fitted on validation; the value is the logit over it)"
              : "temperature (fitted on validation)",
          format("%.3f", manifest.task().temperature()));
    }
    card.append("\nEvery setting of the run stands in `recipe.yaml`. ");
    card.append(
        measured
            ? "The validation figures chose this checkpoint; they are not a test result.\n"
            : "There were no validation texts: nothing was measured, and the scores are not"
                + " calibrated.\n");
    if (!manifest.origin().notes().isEmpty()) {
      card.append("\nBefore you trust the figures:\n\n");
      manifest.origin().notes().forEach(note -> card.append("- ").append(note).append('\n'));
    }
    return card.toString();
  }

  private boolean isAdapter() {
    return manifest.origin().provenance().containsKey(Provenance.BASE_DIGEST);
  }

  private String labels() {
    StringJoiner joined = new StringJoiner(", ");
    for (Label label : manifest.task().labels().labels()) {
      joined.add(
          label.polarity().isPresent()
              ? format("%s (%+.0f)", label.name(), label.polarity().getAsDouble())
              : label.name());
    }
    return joined.toString();
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static void row(StringBuilder card, String name, String value) {
    card.append("| ").append(name).append(" | ").append(value).append(" |\n");
  }
}
