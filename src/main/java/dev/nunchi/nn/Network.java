package dev.nunchi.nn;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;

/// A network: a trunk that turns the tokens of a text into hidden states, and a head that reads
/// these.
///
/// Immutable and free of weights; the same object describes the network to every interpreter.
///
/// @param modelType the family as `model_type` names it, for example `bert`
/// @param architecture the transformers class that opens this network's directories, for example
///   `BertForSequenceClassification`
/// @param adapters of its linear layers, [Adapters#NONE] for a network that is trained in full
public record Network(
    String modelType, String architecture, Trunk trunk, Head head, Adapters adapters) {
  /// A network without adapters.
  public Network(String modelType, String architecture, Trunk trunk, Head head) {
    this(modelType, architecture, trunk, head, Adapters.NONE);
  }

  /// The classifier that a Hugging Face `config.json` describes.
  ///
  /// @throws dev.nunchi.NunchiException `UNSUPPORTED_MODEL` where the family or a value that
  ///   changes the mathematics is not implemented, naming the key and the value
  public static Network of(JsonNode config) {
    return of(config, "config.json");
  }

  /// The classifier that a configuration of the same keys describes.
  ///
  /// @param origin where it stands, as errors name it
  /// @throws dev.nunchi.NunchiException as [#of(JsonNode)]
  public static Network of(JsonNode config, String origin) {
    return Family.network(new Configuration(config, origin));
  }

  /// The longest input in tokens of a model with this configuration, also of a family that is not
  /// implemented, whose graph may come from elsewhere: `max_position_embeddings`, or what the
  /// family takes of it.
  public static int longestInput(JsonNode config) {
    return Family.longestInput(config);
  }

  /// This network with low-rank adapters.
  ///
  /// @throws dev.nunchi.NunchiException `INVALID_RECIPE` where a setting matches no layer
  public Network adapted(Lora lora) {
    return new Network(modelType, architecture, trunk, head, Adapters.of(lora, this));
  }

  /// The layers that are adapted where nothing is said of them.
  public Modules usualTargets() {
    return Family.usualTargets(modelType);
  }

  /// Whether training changes a parameter.
  public boolean trains(Parameter parameter) {
    return adapters.train(parameter);
  }

  /// Logits `[batch, labels]` before softmax or sigmoid.
  public <T> T logits(Ops<T> plain, Inputs<T> inputs) {
    Ops<T> ops = adapters.exist() ? new LoraOps<>(plain, adapters) : plain;
    return head.logits(ops, trunk, inputs);
  }

  public int labels() {
    return head.labels();
  }

  public int vocabularySize() {
    return trunk.vocabularySize();
  }

  /// The longest input in tokens, special tokens included.
  public int maxPositions() {
    return trunk.maxPositions();
  }

  /// The id that pads the shorter texts of a batch.
  public int padTokenId() {
    return trunk.padTokenId();
  }

  /// Whether a parameter is replaced when the labels change.
  public boolean belongsToLabels(Parameter parameter) {
    return startsWithAny(parameter, head.labelPrefixes());
  }

  /// Whether a checkpoint that was only pre-trained may lack a parameter: the head, and what
  /// published checkpoints leave out.
  public boolean mayBeFresh(Parameter parameter) {
    return startsWithAny(parameter, head.prefixes());
  }

  /// The table that gives the logits.
  public String outputWeight() {
    return head.outputWeight();
  }

  /// The parameter `[labels]` that is added last to give the logits; empty where a family has none.
  public Optional<String> outputBias() {
    return head.outputBias();
  }

  /// The axis of [#outputWeight] that counts the labels.
  public int labelAxis() {
    return head.labelAxis();
  }

  /// Every parameter in the order in which the forward pass first uses it.
  public List<Parameter> parameters() {
    return ShapeOps.parametersOf(this);
  }

  /// Every linear layer in the order in which the forward pass first uses it.
  public List<Linear> linears() {
    return ShapeOps.linearsOf(this);
  }

  private static boolean startsWithAny(Parameter parameter, List<String> prefixes) {
    return prefixes.stream().anyMatch(parameter.name()::startsWith);
  }
}
