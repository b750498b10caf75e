package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The models that are served, by name; the first is the default model. They come and go while the
/// server runs. Safe for several threads.
///
/// A model that went, or whose place another took, is not found any more, and closed a while later:
/// whoever found it before has queued its text by then, and what is queued is answered.
final class ModelRegistry implements AutoCloseable {
  private volatile Map<String, ServedModel> models = new LinkedHashMap<>();
  private final List<Observer> observers = new ArrayList<>();

  /// What went since the last [#closeGone], and between that and the one before.
  private List<ServedModel> gone = new ArrayList<>();

  private List<ServedModel> goneBefore = List.of();

  /// Is told which models there are.
  interface Observer {
    /// A model of a name that was not there.
    void came(ServedModel model);

    /// No model has that name any more.
    void went(ServedModel model);
  }

  /// @param models each with a name of its own
  ModelRegistry(List<ServedModel> models) {
    models.forEach(this::put);
  }

  /// The default model first.
  List<ServedModel> all() {
    return List.copyOf(models.values());
  }

  boolean isDefault(ServedModel model) {
    return all().indexOf(model) == 0;
  }

  /// @param field the request's field that names the model
  /// @param name empty for the default model
  /// @throws NunchiException `MODEL_NOT_FOUND`
  ServedModel find(String field, String name) {
    Map<String, ServedModel> now = models;
    if (now.isEmpty()) {
      throw NunchiException.ofField(Reason.MODEL_NOT_FOUND, field, "No model is served now");
    }
    ServedModel model =
        name.isEmpty() ? now.values().iterator().next() : now.get(ModelName.normalized(name));
    if (model == null) {
      throw NunchiException.ofField(
          Reason.MODEL_NOT_FOUND,
          field,
          "No model of that name is served; there are: " + String.join(", ", now.keySet()));
    }
    return model;
  }

  /// Whether a model has that name, in the form in which names are compared.
  boolean has(String name) {
    return models.containsKey(name);
  }

  /// The model of that name, in the form in which names are compared.
  Optional<ServedModel> named(String name) {
    return Optional.ofNullable(models.get(name));
  }

  /// Tells the observer of every model that is there, and from now on of each that comes or goes.
  synchronized void observe(Observer observer) {
    observers.add(observer);
    models.values().forEach(observer::came);
  }

  /// Serves a model from now on, in place of one of its name.
  synchronized void put(ServedModel model) {
    Map<String, ServedModel> now = new LinkedHashMap<>(models);
    @Nullable ServedModel other = now.put(model.name(), model);
    models = now;
    if (other == null) {
      observers.forEach(observer -> observer.came(model));
    } else {
      gone.add(other);
    }
  }

  /// Serves the model of that name no more.
  synchronized void remove(String name) {
    Map<String, ServedModel> now = new LinkedHashMap<>(models);
    @Nullable ServedModel model = now.remove(name);
    models = now;
    if (model != null) {
      gone.add(model);
      observers.forEach(observer -> observer.went(model));
    }
  }

  /// Answers all that models accepted which had gone at the call before, and gives their memory
  /// back. To be called once in a while: that is how long whoever found one has to queue its text.
  void closeGone() {
    List<ServedModel> closing;
    synchronized (this) {
      closing = goneBefore;
      goneBefore = gone;
      gone = new ArrayList<>();
    }
    closing.forEach(model -> model.loaded().close());
  }

  /// Answers all that the models accepted, then gives their memory back.
  @Override
  public void close() {
    closeGone();
    closeGone();
    models.values().forEach(model -> model.loaded().close());
  }
}
