package dev.nunchi.nn;

import java.util.List;
import java.util.Optional;

/// What reads a trunk's hidden states: the part of a network that depends on the task.
public sealed interface Head permits Classifier, NgramTable {
  /// Logits `[batch, labels]` before softmax or sigmoid.
  ///
  /// @param trunk that it reads
  <T> T logits(Ops<T> ops, Trunk trunk, Inputs<T> inputs);

  int labels();

  /// The table that gives the logits.
  String outputWeight();

  /// The axis of [#outputWeight] that counts the labels.
  int labelAxis();

  /// The parameter `[labels]` that is added last; empty where there is none.
  Optional<String> outputBias();

  /// How the names begin of the parameters that are replaced when the labels change.
  List<String> labelPrefixes();

  /// How the names of all its parameters begin; a checkpoint that was only pre-trained may lack
  /// them.
  List<String> prefixes();
}
