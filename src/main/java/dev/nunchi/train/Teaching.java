package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.Reason;
import dev.nunchi.text.PlainName;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;

/// How a run is taught: by whom, how warm, and over which texts; what output, report, manifest and
/// card say of it.
///
/// @param labels of the student, in the order of its logits
/// @param texts that are learnt from
/// @param unlabelled how many of them have no label
public record Teaching(
    Teacher.Description teacher,
    Recipe.Distillation recipe,
    LabelSet labels,
    int texts,
    int unlabelled) {

  /// @throws NunchiException `INVALID_ARGUMENT` where the teacher's labels are not those of the
  ///   texts, or it is of another problem type
  static Teaching of(Teacher.Description teacher, Recipe recipe, TrainingTexts texts) {
    ProblemType problemType = recipe.data().problemType();
    if (teacher.problemType() != problemType) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The teacher %s is of problem_type %s and the recipe of %s; a teacher needs the recipe's"
              .formatted(
                  teacher.place(), teacher.problemType().configName(), problemType.configName()));
    }
    if (!isSame(plainNames(teacher.labels()), plainNames(texts.labels()), problemType)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The labels of the teacher %s are %s and those of the texts %s; a teacher needs the same, in any order"
              .formatted(
                  teacher.place(),
                  String.join(", ", teacher.labels().names()),
                  String.join(", ", texts.labels().names())));
    }
    return new Teaching(
        teacher,
        recipe.distillation(),
        texts.labels(),
        texts.train().size() + texts.unlabelled().size(),
        texts.unlabelled().size());
  }

  /// The value of a regression may have the name that transformers gives one that has none.
  private static boolean isSame(List<String> had, List<String> wanted, ProblemType problemType) {
    return (had.size() == wanted.size() && new HashSet<>(had).equals(new HashSet<>(wanted)))
        || (problemType == ProblemType.REGRESSION
            && had.size() == 1
            && had.getFirst().matches("LABEL_\\d+"));
  }

  private static List<String> plainNames(LabelSet labels) {
    return labels.names().stream().map(PlainName::of).toList();
  }

  /// What the student should answer: the teacher's logits in the order of the student's labels; of
  /// a regression the value that the teacher answers.
  ///
  /// @param logits `[texts, labels]` as the teacher gives them
  float[][] wanted(float[][] logits) {
    float[][] wanted = new float[logits.length][labels.size()];
    if (teacher.problemType() == ProblemType.REGRESSION) {
      for (int text = 0; text < logits.length; text++) {
        wanted[text][0] = (float) (logits[text][0] / teacher.temperature());
      }
      return wanted;
    }
    List<String> had = plainNames(teacher.labels());
    for (int label = 0; label < labels.size(); label++) {
      int place = had.indexOf(PlainName.of(labels.get(label).name()));
      for (int text = 0; text < logits.length; text++) {
        wanted[text][label] = logits[text][place];
      }
    }
    return wanted;
  }

  /// For the manifest.
  SequencedMap<String, String> provenance() {
    SequencedMap<String, String> provenance = new LinkedHashMap<>();
    provenance.put("teacher", teacher.name());
    provenance.put("teacher_revision", teacher.revision());
    teacher.license().ifPresent(license -> provenance.put("teacher_license", license));
    if (hasTemperature()) {
      provenance.put("distillation_temperature", Double.toString(recipe.distillationTemperature()));
    }
    provenance.put("distillation_alpha", Double.toString(recipe.distillationAlpha()));
    provenance.put("distillation_texts", Integer.toString(texts));
    provenance.put("distillation_unlabelled_texts", Integer.toString(unlabelled));
    return provenance;
  }

  /// For `data_report.json`.
  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", teacher.name()).put("revision", teacher.revision());
    teacher.license().ifPresent(license -> json.put("license", license));
    if (hasTemperature()) {
      json.put("distillation_temperature", recipe.distillationTemperature());
    }
    json.put("distillation_alpha", recipe.distillationAlpha());
    return json.put("texts", texts).put("unlabelled_texts", unlabelled);
  }

  private boolean hasTemperature() {
    return teacher.problemType() != ProblemType.REGRESSION;
  }

  /// Who teaches, for example `nsmc-small (sha256:740c…, licence MIT)`.
  public String described() {
    return described(provenance());
  }

  /// The same of what a manifest says.
  static String described(Map<String, String> provenance) {
    String license = provenance.getOrDefault("teacher_license", "");
    return "%s (%s%s)"
        .formatted(
            provenance.get("teacher"),
            provenance.get("teacher_revision"),
            license.isEmpty() ? "" : ", licence " + license);
  }

  /// How, for example `temperature 2.0, weight 0.5 beside the labels, 607,262 texts, 457,266 of
  /// them without a label`.
  public String manner() {
    return manner(provenance());
  }

  /// The same of what a manifest says.
  static String manner(Map<String, String> provenance) {
    String temperature = provenance.getOrDefault("distillation_temperature", "");
    return String.format(
        Locale.ROOT,
        "%sweight %s beside the labels, %,d texts, %,d of them without a label",
        temperature.isEmpty() ? "" : "temperature " + temperature + ", ",
        provenance.get("distillation_alpha"),
        Integer.parseInt(provenance.getOrDefault("distillation_texts", "0")),
        Integer.parseInt(provenance.getOrDefault("distillation_unlabelled_texts", "0")));
  }
}
