package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// A sequence classifier: from token ids to a logit for each label.
///
/// Immutable and free of weights; the same object describes the network to every interpreter.
public sealed interface Network permits Bert, Electra, NgramLinear {
  /// The classifier that a Hugging Face `config.json` describes.
  ///
  /// @throws dev.nunchi.NunchiException `UNSUPPORTED_MODEL` where the family or a value that
  ///   changes the mathematics is not implemented, naming the key and the value
  static Network of(JsonNode config) {
    return of(config, "config.json");
  }

  /// The classifier that a configuration of the same keys describes.
  ///
  /// @param origin where it stands, as errors name it
  /// @throws dev.nunchi.NunchiException as [#of(JsonNode)]
  static Network of(JsonNode config, String origin) {
    return Families.network(config, origin);
  }

  /// Logits `[batch, labels]` before softmax or sigmoid.
  <T> T logits(Ops<T> ops, Inputs<T> inputs);

  /// The family as `model_type` names it, for example `bert`.
  String modelType();

  /// The transformers class that opens this network's directories, for example
  /// `BertForSequenceClassification`.
  String architecture();

  int labels();

  int vocabularySize();

  /// The longest input in tokens, special tokens included.
  int maxPositions();

  /// The id that pads the shorter texts of a batch.
  int padTokenId();

  /// Names of the parameters' prefixes that form the head: replaced when the labels change.
  List<String> headPrefixes();

  /// Names of the prefixes of parameters that a checkpoint which was only pre-trained may lack: the
  /// head, and what published checkpoints leave out.
  default List<String> freshPrefixes() {
    return headPrefixes();
  }

  /// The parameter `[labels]` that is added last to give the logits.
  String outputBias();

  /// The table before the bias.
  default String outputWeight() {
    return outputBias().replaceFirst("bias$", "weight");
  }

  /// The axis of [#outputWeight] that counts the labels.
  default int labelAxis() {
    return 0;
  }

  /// Every parameter in the order in which the forward pass first uses it.
  default List<Parameter> parameters() {
    return ShapeOps.parametersOf(this);
  }
}
