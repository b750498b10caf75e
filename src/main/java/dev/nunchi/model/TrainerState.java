package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a training run needs, beside the weights, to go on from a checkpoint:
/// `optimizer.safetensors` and `trainer_state.json`, which has the name that Hugging Face's Trainer
/// gives it.
///
/// @param tensors of the optimiser, by name
/// @param state numbers: where the run stood
public record TrainerState(Map<String, Weight> tensors, ObjectNode state) {
  private static final String TENSORS = "optimizer.safetensors";
  private static final String STATE = "trainer_state.json";

  /// Whether a directory holds such a state.
  public static boolean isIn(Path directory) {
    return Files.exists(directory.resolve(STATE));
  }

  /// @param arena owns the mapped tensors
  /// @throws NunchiException `INVALID_MODEL` where a file is missing or damaged
  public static TrainerState read(Path directory, Arena arena) {
    return new TrainerState(
        SafetensorsFile.map(directory.resolve(TENSORS), arena),
        Json.read(directory.resolve(STATE)));
  }

  /// The tensors as a network's weights are read.
  public Weights weights() {
    return new Weights() {
      @Override
      public Set<String> names() {
        return tensors.keySet();
      }

      @Override
      public Weight get(String name) {
        Weight weight = tensors.get(name);
        if (weight == null) {
          throw new NunchiException(Reason.INVALID_MODEL, TENSORS + " holds no tensor " + name);
        }
        return weight;
      }
    };
  }

  /// @return the names of the files
  List<String> write(Path directory) throws IOException {
    SafetensorsWriter.write(directory.resolve(TENSORS), tensors);
    Files.writeString(directory.resolve(STATE), Json.pretty(state));
    return List.of(TENSORS, STATE);
  }
}
