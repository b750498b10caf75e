package dev.nunchi.faults;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// One thing that can be wrong with a file; where in the file, a random generator says.
public sealed interface Fault
    permits BytesFault,
        GraphFault,
        JsonFault,
        RecipeFault,
        RowsFault,
        TokenizerFault,
        WeightsFault {
  /// Damages the file in place.
  ///
  /// @return what was done, for whoever has to find the cause
  String damage(Path file, Random random) throws IOException;

  /// The kinds of faults that a file of this name can have, the special ones as often as the
  /// general ones.
  static Fault drawn(Path file, Random random) {
    String name = file.getFileName().toString();
    List<List<? extends Fault>> kinds = new ArrayList<>();
    kinds.add(List.of(BytesFault.values()));
    if (name.endsWith(".json")) {
      kinds.add(List.of(JsonFault.values()));
      kinds.add(List.of(JsonFault.values()));
    }
    if (name.equals("tokenizer.json")) {
      kinds.add(List.of(TokenizerFault.values()));
    }
    if (name.endsWith(".safetensors")) {
      kinds.add(List.of(WeightsFault.values()));
    }
    if (name.endsWith(".onnx")) {
      kinds.add(List.of(GraphFault.values()));
    }
    if (name.endsWith(".yaml")) {
      kinds.add(List.of(RecipeFault.values()));
      kinds.add(List.of(RecipeFault.values()));
    }
    if (name.endsWith(".tsv") || name.endsWith(".csv") || name.endsWith(".jsonl")) {
      kinds.add(List.of(RowsFault.values()));
      kinds.add(List.of(RowsFault.values()));
    }
    return of(of(kinds, random), random);
  }

  /// One of them.
  static <T> T of(List<? extends T> values, Random random) {
    return values.get(random.nextInt(values.size()));
  }
}
