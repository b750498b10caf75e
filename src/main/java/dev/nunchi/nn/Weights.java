package dev.nunchi.nn;

import java.util.Set;

/// Weights by the checkpoint's own names; whoever implements it owns the memory.
public interface Weights {
  Set<String> names();

  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where there is none of that name
  Weight get(String name);
}
