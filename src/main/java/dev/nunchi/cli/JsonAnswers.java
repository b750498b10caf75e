package dev.nunchi.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.Label;
import dev.nunchi.ProblemType;
import dev.nunchi.infer.Prediction;
import java.io.PrintWriter;
import java.util.List;

/// Answers as JSON, one object a line: `text`, `label`, `confidence`, `polarity` (null where the
/// labels have none), `scores` by label, `logits` in the order of the labels, `token_count`,
/// `truncated`. A regression has `value` in place of `confidence`, and the name of the value for a
/// `label`.
///
/// Where a text has any number of labels, `labels` has them all and `label` the one with the
/// highest score, or null where it has none. A text that was refused has `text` (null where it
/// could not be read) and `error` with `line`, `reason` and `message`.
final class JsonAnswers implements AnswerWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrintWriter out;
  private final ProblemType problemType;

  JsonAnswers(PrintWriter out, ProblemType problemType) {
    this.out = out;
    this.problemType = problemType;
  }

  @Override
  public void answer(String text, Prediction prediction) {
    List<Label> labels = prediction.predicted(problemType);
    ObjectNode json = JSON.createObjectNode();
    json.put("text", text);
    json.put("label", labels.isEmpty() ? null : prediction.best().name());
    if (problemType == ProblemType.MULTI_LABEL_CLASSIFICATION) {
      ArrayNode names = json.putArray("labels");
      labels.forEach(label -> names.add(label.name()));
    }
    prediction
        .value()
        .ifPresentOrElse(
            value -> json.put("value", value),
            () -> json.put("confidence", prediction.confidence()));
    json.put(
        "polarity", prediction.polarity().isPresent() ? prediction.polarity().getAsDouble() : null);
    ObjectNode scores = json.putObject("scores");
    for (int i = 0; i < prediction.labels().size(); i++) {
      scores.put(prediction.labels().get(i).name(), prediction.scores().get(i));
    }
    prediction.logits().forEach(json.putArray("logits")::add);
    json.put("token_count", prediction.tokenCount());
    json.put("truncated", prediction.truncated());
    write(json);
  }

  @Override
  public void refusal(Refusal refusal) {
    ObjectNode json = JSON.createObjectNode();
    json.put("text", refusal.text());
    json.putObject("error")
        .put("line", refusal.line())
        .put("reason", refusal.why().reason().name())
        .put("message", refusal.why().getMessage());
    write(json);
  }

  private void write(ObjectNode json) {
    try {
      out.println(JSON.writeValueAsString(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("JSON cannot be written", e);
    }
  }
}
