package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// What a training run needs, beside the weights, to go on from a checkpoint:
/// `optimizer.safetensors` and `trainer_state.json`, which has the name that Hugging Face's Trainer
/// gives it.
///
/// @param tensors of the optimiser, by name
/// @param state numbers: where the run stood
public record TrainerState(Map<String, Weight> tensors, ObjectNode state) {
  private static final String TENSORS = "optimizer.safetensors";

  /// The file of the numbers.
  public static final String FILE_NAME = "trainer_state.json";

  /// The numbers alone.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where the file is missing or damaged
  public static ObjectNode readNumbers(Path directory) {
    return Json.read(directory.resolve(FILE_NAME));
  }

  /// @param arena owns the mapped tensors
  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where a file is missing or damaged
  public static TrainerState read(Path directory, Arena arena) {
    return new TrainerState(
        SafetensorsFile.map(directory.resolve(TENSORS), arena), readNumbers(directory));
  }

  /// The tensors as a network's weights are read.
  public Weights weights() {
    return Weights.of(tensors, TENSORS);
  }

  /// @return the digests of the files, by name
  Map<String, String> write(Path directory) throws IOException {
    String written = SafetensorsWriter.write(directory.resolve(TENSORS), tensors);
    Path numbers = Files.writeString(directory.resolve(FILE_NAME), Json.pretty(state));
    return Map.of(TENSORS, written, FILE_NAME, Digests.sha256(numbers));
  }
}
