package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.KeptIds;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/// The tensors of a checkpoint, of which some have a row for each token: the table of embeddings,
/// and of a head that says tokens its matrix and bias, tied to the table or not.
///
/// @param stored all, by the names in the files
/// @param tableName the name there of the table of embeddings
/// @param table that table
record CountedTensors(Map<String, Weight> stored, String tableName, Weight table) {
  /// What the heads of the families are called that are trained to say tokens.
  private static final Pattern TOKEN_HEAD =
      Pattern.compile(
          "(.*\\.)?(lm_head|lm_head\\.decoder|generator_lm_head|vocab_projector|decoder|cls\\.predictions|"
              + "predictions|predictions\\.decoder)\\.(weight|bias)");

  /// @param arena how long the files are mapped
  /// @throws NunchiException `INVALID_MODEL` where the table is missing or has not the shape that
  ///   the configuration says
  static CountedTensors map(Path directory, Network network, Arena arena) {
    Map<String, Weight> stored = WeightFiles.mapAll(directory, arena);
    Map<String, String> names = TensorNames.understood(directory, network, stored.keySet());
    Parameter table = network.parameters().getFirst();
    String tableName =
        stored.keySet().stream()
            .filter(name -> names.getOrDefault(name, name).equals(table.name()))
            .findFirst()
            .orElseThrow(() -> invalid(directory, "there is no tensor " + table.name()));
    Weight rows = Objects.requireNonNull(stored.get(tableName));
    if (!rows.shape().equals(table.shape())) {
      throw invalid(
          directory,
          "%s should be %s, but is %s".formatted(tableName, table.shape(), rows.shape()));
    }
    return new CountedTensors(stored, tableName, rows);
  }

  /// All tensors with the rows of the tokens that are kept; those without such rows as they are.
  ///
  /// @param arena of the memory of those that are cut
  Map<String, Weight> cut(KeptIds kept, Arena arena) {
    Map<String, Weight> cut = new LinkedHashMap<>();
    stored.forEach(
        (name, weight) -> cut.put(name, counts(name, weight) ? rows(weight, kept, arena) : weight));
    return cut;
  }

  private boolean counts(String name, Weight weight) {
    return name.equals(tableName)
        || (TOKEN_HEAD.matcher(name).matches()
            && !weight.shape().isEmpty()
            && weight.shape().getFirst().equals(table.shape().getFirst()));
  }

  private static Weight rows(Weight weight, KeptIds kept, Arena arena) {
    List<Integer> shape = new ArrayList<>(weight.shape());
    long bytes = weight.data().byteSize() / shape.getFirst();
    shape.set(0, kept.size());
    MemorySegment data = arena.allocate(bytes * kept.size(), 64);
    for (int id = 0; id < kept.size(); id++) {
      MemorySegment.copy(weight.data(), bytes * kept.oldId(id), data, bytes * id, bytes);
    }
    return new Weight(weight.type(), shape, data);
  }

  private static NunchiException invalid(Path directory, String what) {
    return new NunchiException(
        Reason.INVALID_MODEL,
        "%s: the table of the tokens' embeddings cannot be trimmed: %s".formatted(directory, what));
  }
}
