package dev.nunchi.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.infer.Prediction;
import java.io.PrintWriter;

/// Answers as JSON, one object a line: `text`, `label`, `confidence`, `polarity` (null where the
/// labels have none), `scores` by label, `logits` in the order of the labels, `token_count`,
/// `truncated`.
final class JsonAnswers implements AnswerWriter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrintWriter out;

  JsonAnswers(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void write(String text, Prediction prediction) {
    ObjectNode json = JSON.createObjectNode();
    json.put("text", text);
    json.put("label", prediction.best().name());
    json.put("confidence", prediction.confidence());
    json.put(
        "polarity", prediction.polarity().isPresent() ? prediction.polarity().getAsDouble() : null);
    ObjectNode scores = json.putObject("scores");
    for (int i = 0; i < prediction.labels().size(); i++) {
      scores.put(prediction.labels().get(i).name(), prediction.scores().get(i));
    }
    prediction.logits().forEach(json.putArray("logits")::add);
    json.put("token_count", prediction.tokenCount());
    json.put("truncated", prediction.truncated());
    try {
      out.println(JSON.writeValueAsString(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("JSON cannot be written", e);
    }
  }
}
