package dev.nunchi.model;

import java.util.List;

/// Texts with the ids and logits that the trained network gave them; export and start-up replay
/// them to prove that what was trained is what is served.
///
/// @param cases at least one
public record Probe(List<Case> cases) {
  public Probe {
    cases = List.copyOf(cases);
    if (cases.isEmpty()) {
      throw new IllegalArgumentException("A probe has at least one case");
    }
  }

  /// One text and what the network answered.
  ///
  /// @param inputIds the encoding of `text`, special tokens included
  /// @param logits one for each label, from fp32 arithmetic
  public record Case(String text, List<Integer> inputIds, List<Float> logits) {}
}
