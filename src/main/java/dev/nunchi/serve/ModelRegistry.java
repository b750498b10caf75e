package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The models that are served, by name; the first is the default model.
final class ModelRegistry implements AutoCloseable {
  private final Map<String, ServedModel> models = new LinkedHashMap<>();

  /// @param models at least one, each with a name of its own
  ModelRegistry(List<ServedModel> models) {
    if (models.isEmpty()) {
      throw new IllegalArgumentException("No model to serve");
    }
    models.forEach(model -> this.models.put(model.name(), model));
  }

  /// The default model first.
  List<ServedModel> all() {
    return List.copyOf(models.values());
  }

  ServedModel defaultModel() {
    return models.values().iterator().next();
  }

  /// @param field the request's field that names the model
  /// @param name empty for the default model
  /// @throws NunchiException `MODEL_NOT_FOUND`
  ServedModel find(String field, String name) {
    if (name.isEmpty()) {
      return defaultModel();
    }
    ServedModel model = models.get(ModelName.normalized(name));
    if (model == null) {
      throw NunchiException.ofField(
          Reason.MODEL_NOT_FOUND,
          field,
          "No model of that name is served; there are: " + String.join(", ", models.keySet()));
    }
    return model;
  }

  /// Answers all that the models accepted, then gives their memory back.
  @Override
  public void close() {
    models.values().forEach(model -> model.loaded().close());
  }
}
