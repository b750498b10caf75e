package dev.nunchi.model;

import dev.nunchi.model.PickleValue.Dictionary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The table of tensors in what `torch.save` was given: that itself, or what a training program put
/// it into, as Lightning does under `state_dict`.
final class StateDictionary {
  private static final List<String> WRAPPERS =
      List.of("state_dict", "model_state_dict", "model_state", "model", "module", "net");

  private static final int MOST_WRAPPERS = 4;
  private static final int SHOWN = 8;

  private StateDictionary() {}

  /// @param in the file, for errors
  static SequencedMap<String, TorchTensor> of(Object root, PickleBytes in) {
    Object value = root;
    for (int depth = 0; depth < MOST_WRAPPERS; depth++) {
      if (!(value instanceof Dictionary dictionary)) {
        throw in.invalid("it holds no dictionary; torch.save(model.state_dict(), …) writes one");
      }
      @Nullable Dictionary inner = inner(dictionary);
      if (inner == null) {
        return tensors(dictionary, in);
      }
      value = inner;
    }
    throw in.invalid("its dictionaries are nested too deep");
  }

  private static @Nullable Dictionary inner(Dictionary dictionary) {
    for (String wrapper : WRAPPERS) {
      if (dictionary.entries().get(wrapper) instanceof Dictionary inner) {
        return inner;
      }
    }
    return null;
  }

  private static SequencedMap<String, TorchTensor> tensors(Dictionary dictionary, PickleBytes in) {
    SequencedMap<String, TorchTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<Object, Object> entry : dictionary.entries().entrySet()) {
      if (entry.getKey() instanceof String name && entry.getValue() instanceof TorchTensor tensor) {
        tensors.put(name, tensor);
      }
    }
    if (tensors.isEmpty()) {
      throw in.invalid(
          "it holds no tensor by name, but a dictionary of "
              + dictionary.entries().keySet().stream()
                  .limit(SHOWN)
                  .map(key -> PickleBytes.shown(key.toString()))
                  .collect(Collectors.joining(", ", "[", "]")));
    }
    return tensors;
  }
}
